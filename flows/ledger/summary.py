"""What a command says in the end: the documented JSON, and the exit code that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

from flows.ledger.not_read import KINDS, kinds_json, not_read_json
from flows.runtime.errors import CouldNotRun, ExitCode
from transforms.destinations import NotRead

Artifact: TypeAlias = tuple[str, Literal["markdown", "table", "link"], object]

# By the totals; the words are those of a person's list.
_WAITS_FOR_A_PERSON = {
    "rejected": "rejected",
    "held": "held",
    "refused": "refused",
    "unknown": "unknown",
    "breaks_open": "open breaks",
}
_DISAGREE = "The services do NOT agree, or were not all read."


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
    # The same for a message, without what quotes the cells of a file; None where nothing does.
    message_lines: tuple[str, ...] | None = None
    failures: tuple[str, ...] = ()
    waiting_count: int = 0
    artifacts: tuple[Artifact, ...] = ()  # what a Prefect flow run shows
    not_read: tuple[NotRead, ...] = ()  # files, clients, rewards and destinations that nobody could look at
    notes: tuple[str, ...] = ()  # what a person should know, without its being a failure
    why_left: tuple[str, ...] = ()  # those of the notes that say why something was not sent yet
    unusual: tuple[tuple[str, str], ...] = ()  # what is not as before: what stays the same of it, and in words
    set_aside: tuple[str, ...] = ()  # files that were wrong as a whole, and are in the inbox no more
    breaks_opened: int = 0  # by this run
    is_budget_spent: bool = False  # the day's calls of a service, with events left
    calls_made: int | None = None  # metered ones, reads included; None: not counted
    calls_per_event: float | None = None  # of those that were posted at the metered service; None: none was
    proved: tuple[dict[str, str], ...] = ()  # by client: how what was posted is proved, and since when
    differences_open: int | None = None  # open breaks but of refused and unknown events, which are counted so

    def to_json(self) -> dict[str, Any]:
        """Return the documented object, its keys in the documented order."""
        return self._ended() | {"proved": list(self.proved)}

    def to_keep(self) -> dict[str, Any]:
        """Return what the ledger keeps of it: not a line for each client, which would add up night after night."""
        return self._ended() | {KINDS: kinds_json(self.not_read)}

    def _ended(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            **self.totals,
            "report": str(self.report),
            "notes": list(self.notes),
            "not_read": not_read_json(self.not_read),
            "calls_made": self.calls_made,
            "calls_per_event": self.calls_per_event,
        }

    @property
    def sentence(self) -> str:
        """How it ended, in counts alone: no client, no reward, no cell."""
        counts = {words: self.totals.get(key, 0) for key, words in _WAITS_FOR_A_PERSON.items()}
        if self.differences_open is not None:
            counts["open breaks"] = self.differences_open
        # Of those some may be this run's own, which are counted already.
        if not any(counts.values()):
            counts["events of earlier runs"] = self.waiting_count
        waits = counts | {"not read": len(self.not_read)}
        return _sentence(waits, ties_out=self.totals["ties_out"], agrees=self.totals.get("agrees"))

    @property
    def counts(self) -> dict[str, Any]:
        """The figures for whoever watches from outside."""
        return {**self.totals, "not_read": len(self.not_read), "breaks_opened": self.breaks_opened}

    @property
    def exit_code(self) -> ExitCode:
        """Return what the run's end means for the caller."""
        if self.failures:
            return ExitCode.COULD_NOT_RUN
        waits = any(self.totals.get(key) for key in _WAITS_FOR_A_PERSON) or self.waiting_count or self.not_read
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
    run_id: str = ""
    agrees: bool | None = None  # whether the services show what was posted; None: nobody asked

    is_budget_spent: ClassVar[bool] = False  # it posts nothing

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
            "agrees": self.agrees,
            "report": str(self.report),
            "not_read": not_read_json(self.not_read),
        }

    @property
    def sentence(self) -> str:
        """How it ended, in counts alone: no client, no reward, no cell."""
        waits = {"open breaks": self.open, "not read": len(self.not_read)}
        return _sentence(waits, ties_out=self.ties_out, agrees=self.agrees)

    @property
    def counts(self) -> dict[str, Any]:
        """The figures for whoever watches from outside."""
        return {
            "matched": self.matched,
            "breaks_open": self.open,
            "breaks_opened": self.opened,
            "not_read": len(self.not_read),
            "ties_out": self.ties_out,
        }

    @property
    def breaks_opened(self) -> int:
        """How many breaks this reconciliation opened, or opened again."""
        return self.opened

    @property
    def exit_code(self) -> ExitCode:
        """Return what the reconciliation's end means for the caller."""
        if self.failures:
            return ExitCode.COULD_NOT_RUN
        if self.open or self.not_read or not self.ties_out:
            return ExitCode.NEEDS_A_PERSON
        return ExitCode.TIES_OUT


def _sentence(counts: Mapping[str, int], *, ties_out: bool, agrees: bool | None) -> str:
    """Word an end; ``agrees`` is None of a run of before, of which nobody asked."""
    verdict = "Ties out." if ties_out else "DOES NOT TIE OUT."
    waiting = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    waits = f"Waits for a person: {waiting}." if waiting else "Nothing waits for a person."
    sentence = f"{verdict} {waits}"
    if agrees is None:
        return sentence
    return f"{sentence} The services agree." if agrees else f"{sentence} {_DISAGREE}"


class RunIncomplete(CouldNotRun):
    """A run that reported what it did, and could not do all; a scheduler sees it as failed."""

    def __init__(self, summary: Summary | ReconcileSummary) -> None:
        super().__init__(" ".join(summary.failures))
        self.summary = summary
