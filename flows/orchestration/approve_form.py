"""A person's answer to a plan by Prefect's form, as a Prefect flow: it shows what waits, pauses, and does what is said.

It decides nothing by itself: the answer goes the way of `tieout approve` (`flows.review`), bound to what was shown.
"""

from pathlib import Path
from typing import Annotated, Literal, cast

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect import flow, pause_flow_run
from prefect.exceptions import FlowPauseTimeout
from prefect.input import RunInput
from prefect.states import Completed
from pydantic import Field

from flows.ledger.connection import open_ledger
from flows.orchestration.flow_log import log_line
from flows.orchestration.forms import Text, run_name
from flows.orchestration.masked_errors import without_secrets
from flows.review.decide import approve as approve_shown
from flows.review.decide import discard
from flows.review.shown import Shown, show_plan, shown_lines
from flows.runtime.errors import CouldNotRun, WrongUsage
from flows.settings.load import load_settings
from flows.settings.sections import Settings

_LOOK_EVERY_SECONDS = 2
Minutes = Annotated[int, Field(ge=1, le=10_080)]


class Answer(RunInput):
    """What a person says of what is shown."""

    decision: Literal["leave it", "approve", "discard"] = Field(
        default="leave it", description="Approve lets the next run post all of it; discard drops it."
    )
    by: str = Field(default="", description="Your name: a decision needs one.")
    reason: str = Field(default="", description="Why, for whoever asks later.")


@flow(name="approve", flow_run_name=run_name, persist_result=False)
def approve(plan_id: Text, config: Text | None = None, wait_minutes: Minutes = 60) -> str:
    """Show what a plan or a run holds, wait for a person's answer, and do what it says; nothing is sent from here.

    Raises a `TieoutError` where nobody answers in time, or where what was shown has changed meanwhile; the flow run
    then ends as failed, with its line, and nothing is approved.

    Args:
        plan_id: What waits, by the id that `tieout plan`, a report or a notice tells.
        config: The settings file on the machine that runs; empty for TIEOUT_CONFIG, else tieout.toml in its folder.
        wait_minutes: How long to wait for an answer.
    """
    with without_secrets():
        told = _ask(plan_id, Path(config) if config else None, wait_minutes)
    log_line(told)
    # What a flow returns as a state becomes its own: its message says what was decided.
    return cast(str, Completed(message=told, data=told))


def _ask(plan_id: str, config: Path | None, wait_minutes: int) -> str:
    settings = load_settings(config)
    with open_ledger(settings) as ledger:
        shown = show_plan(settings, ledger, plan_id, to="")
    answer = _wait_for_answer(settings, shown, wait_minutes)
    # A person may take hours, and somebody may have changed them meanwhile.
    return _decide(load_settings(config), shown, answer)


def _wait_for_answer(settings: Settings, shown: Shown, wait_minutes: int) -> Answer:
    told = "\n".join(f"    {line}" for line in shown_lines(shown, with_rows=settings.prefect.show_rows))
    form = Answer.with_initial_data(description=f"What waits:\n\n{told}")
    try:
        return pause_flow_run(
            wait_for_input=form, timeout=wait_minutes * 60, poll_interval=_LOOK_EVERY_SECONDS, key=shown.code
        )
    except FlowPauseTimeout:
        raise CouldNotRun(
            f"Nobody answered within {wait_minutes:,} minutes: {shown.plan_id} still waits, and nothing was approved."
        ) from None


def _decide(settings: Settings, shown: Shown, answer: Answer) -> str:
    plan_id = shown.plan_id
    if answer.decision == "leave it":
        return f"{plan_id} still waits."
    # Whoever runs the flow is not who answers the form.
    if not answer.by.strip():
        raise WrongUsage(f"A decision needs a name: nothing was decided, and {plan_id} still waits.")
    with open_ledger(settings) as ledger:
        if answer.decision == "approve":
            decided = approve_shown(settings, ledger, plan_id, answer.by, answer.reason, shown.code)
            return f"Approved by {answer.by}: the next run posts {decided.plan_events_count:,} events of {plan_id}."
        decided = discard(settings, ledger, plan_id, answer.by, answer.reason)
        return f"Discarded by {answer.by}: {decided.plan_events_count:,} events of {plan_id} are not posted."
