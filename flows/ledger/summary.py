"""What a command says in the end: the documented JSON, and the exit code that follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeAlias

from flows.runtime.errors import CouldNotRun, ExitCode
from transforms.vocabulary import NotRead

Artifact: TypeAlias = tuple[str, Literal["markdown", "table", "link"], object]

_WAITS_FOR_A_PERSON = ("rejected", "held", "refused", "unknown", "breaks_open")


@dataclass(frozen=True)
class Summary:
    """How a run or an upload ended.

    ``totals`` holds the counts of `sql.runs.run_totals`, ``breaks_open`` and ``ties_out``; ``failures`` are the lines
    of what could not be done, and ``waiting_count`` counts events of any run that wait for a person.
    """

    run_id: str
    totals: dict[str, Any]
    report: Path
    lines: tuple[str, ...] = ()  # the summary as a person reads it
    failures: tuple[str, ...] = ()
    waiting_count: int = 0
    artifacts: tuple[Artifact, ...] = ()  # what a Prefect flow run shows
    not_read: tuple[NotRead, ...] = ()  # files, clients, rewards and destinations that nobody could look at
    notes: tuple[str, ...] = ()  # what a person should know, without its being a failure

    def to_json(self) -> dict[str, Any]:
        """Return the documented object, its keys in the documented order."""
        told = {"run_id": self.run_id, **self.totals, "report": str(self.report)}
        return told | {"notes": list(self.notes), "not_read": not_read_json(self.not_read)}

    @property
    def exit_code(self) -> ExitCode:
        """Return what the run's end means for the caller."""
        if self.failures:
            return ExitCode.COULD_NOT_RUN
        waits = any(self.totals[key] for key in _WAITS_FOR_A_PERSON) or self.waiting_count or self.not_read
        if waits or not self.totals["ties_out"]:
            return ExitCode.NEEDS_A_PERSON
        return ExitCode.TIES_OUT


@dataclass(frozen=True)
class ReconcileSummary:
    """How a reconciliation ended; counts of breaks by class are of those open now."""

    since: date
    until: date
    matched: int
    breaks: dict[str, int]
    opening: int
    opened: int
    closed: int
    open: int
    ties_out: bool
    report: Path
    lines: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    not_read: tuple[NotRead, ...] = ()  # what nothing is concluded about
    artifacts: tuple[Artifact, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the documented object, its keys in the documented order."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "matched": self.matched,
            "breaks": self.breaks,
            "opening": self.opening,
            "opened": self.opened,
            "closed": self.closed,
            "open": self.open,
            "ties_out": self.ties_out,
            "report": str(self.report),
            "not_read": not_read_json(self.not_read),
        }

    @property
    def exit_code(self) -> ExitCode:
        """Return what the reconciliation's end means for the caller."""
        if self.failures:
            return ExitCode.COULD_NOT_RUN
        if self.open or self.not_read or not self.ties_out:
            return ExitCode.NEEDS_A_PERSON
        return ExitCode.TIES_OUT


def not_read_json(not_read: Iterable[NotRead]) -> list[dict[str, str]]:
    """Return what could not be read with the keys of the documented JSON."""
    return [{"what": one.what, "why": one.why} for one in not_read]


class RunIncomplete(CouldNotRun):
    """A run that reported what it did, and could not do all; a scheduler sees it as failed."""

    def __init__(self, summary: Summary | ReconcileSummary) -> None:
        super().__init__(" ".join(summary.failures))
        self.summary = summary
