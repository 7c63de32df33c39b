"""One step of a line as one Prefect task: it shows when it ran and how it ended, and nothing else.

A task takes no arguments and keeps no result, so neither settings, secrets nor rows reach Prefect's database. It is
never cached and never retried: the ledger knows what was sent, and decides alone what is sent again.
"""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.orchestration.gone import ServerGone, Work, go_on_alone, is_alone
from flows.orchestration.masked_errors import without_secrets
from flows.runtime.secrets import line_of

P = ParamSpec("P")
R = TypeVar("R")


def run_as_task(name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run the function as a task run of this name, inside a flow; what it raises is raised as it was.

    `name` is a verb and what it works on ("read visits.xlsx"): the task is named by the verb, its run by all of it.
    """
    # What a file is called is nobody's to give orders with, in the log of a run either.
    shown = line_of(name)

    # Once, and never again for the sake of showing it: a step that posts must not run twice because Prefect did not
    # hear that it had ended.
    work = Work(partial(function, *args, **kwargs))
    if is_alone():
        return work()

    # The name comes from a function, since Prefect would fill in the braces that a file's name may hold.
    @task(
        name=shown.partition(" ")[0],
        task_run_name=lambda: shown,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0,
    )
    def run() -> R:
        with without_secrets():
            return work()

    try:
        return run()
    except ServerGone as error:
        # An error of the work itself, which asks remote inboxes by the same library.
        if work.raised(error):
            raise
        go_on_alone()
        return work.result()
