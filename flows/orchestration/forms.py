"""The bounds of a flow's parameters, which Prefect's form keeps, and what a run is called there.

What a parameter means stands in the docstring of its flow, under Args: Prefect reads it there.
"""

from typing import Annotated, TypeAlias

import flows.runtime.prefect_quiet  # noqa: F401 - before Prefect, which reads its settings as it is imported

# isort: split
from prefect.runtime import flow_run
from pydantic import Field

TAGS = ("tieout",)

# Something, where anything is given at all: an empty field of a form is no file.
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Sha256: TypeAlias = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def run_name() -> str:
    """Return what Prefect's lists call this run: what it does, and when it was due, in UTC."""
    return f"{flow_run.flow_name} {flow_run.scheduled_start_time:%Y-%m-%d %H:%M}"
