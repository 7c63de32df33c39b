"""One step of a run, whoever runs it, and what a run knows of itself on its way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, Protocol, TypeVar

from flows.ledger.connection import Ledger
from flows.runtime.progress import Progress
from flows.services.connect import Place
from flows.settings.sections import Settings

P = ParamSpec("P")
R = TypeVar("R")


class Step(Protocol):
    """Runs one named step and returns its result."""

    def __call__(self, name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function`."""


def run_plain(_name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run the step here and now."""
    return function(*args, **kwargs)


@dataclass
class Line:
    """One run's way through the steps, and what failed on it."""

    settings: Settings
    ledger: Ledger
    run_id: str
    kind: str
    step: Step
    progress: Progress
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what a person should know, without its being a failure
    registered: set[str] = field(default_factory=set)  # by their hash: the files that were new
    failed_places: set[Place] = field(default_factory=set)  # not tried again in this run
    undecided: set[str] = field(default_factory=set)  # events that reading back could not decide in this run
