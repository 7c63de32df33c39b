"""One step of a run, whoever runs it, and what a run knows of itself on its way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar

from flows.ledger.connection import Ledger
from flows.ledger.figures import Timings
from flows.ledger.run_id import new_run_id
from flows.runtime.errors import FileRejected
from flows.runtime.log import begin_log
from flows.runtime.progress import Progress
from flows.runtime.visible import storable
from flows.settings.sections import Settings
from transforms.destinations import Destination, NotRead
from transforms.sheets.notes import Note, note_text
from transforms.vocabulary import RunKind, Unread

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
class Run:
    """One run on its way through the steps, and what it met."""

    settings: Settings
    ledger: Ledger
    run_id: str
    kind: RunKind
    step: Step
    progress: Progress
    failures: list[str] = field(default_factory=list)  # what could not be done
    notes: list[str] = field(default_factory=list)  # what a person should know, without its being a failure
    why_left: list[str] = field(default_factory=list)  # those of the notes that say why something was not sent yet
    file_notes: list[tuple[str, Note]] = field(default_factory=list)  # what was noticed in a file that was taken in
    registered: set[str] = field(default_factory=set)  # by their hash: the files that were new
    failed_destinations: set[Destination] = field(default_factory=set)  # not tried again in this run
    not_read: dict[tuple[Unread, str], NotRead] = field(default_factory=dict)  # what nobody could look at, by its key
    told: list[str] = field(default_factory=list)  # of what was noticed in files, what quotes no cell
    quoting: set[str] = field(default_factory=set)  # notes that quote rows, and so may name clients
    # What is not as it was before, in words, by what stays the same of it from night to night.
    unusual: dict[str, str] = field(default_factory=dict)
    wrong_files: list[tuple[Any, FileRejected]] = field(default_factory=list)  # of the inbox, as a whole, each with why
    set_aside: set[str] = field(default_factory=set)  # by name: those that left the inbox for it
    calls_made: int | None = None  # metered ones of this run; None: not counted
    calls_kept: int = 0  # of the day's, that posting leaves to reading back
    is_budget_spent: bool = False  # a service's calls of the day, with events left
    only_bad: bool = False  # give files back with the rows that are to be mended alone
    undecided: set[str] = field(default_factory=set)  # events that reading back could not decide in this run
    timings: Timings = field(default_factory=Timings)

    def notice(self, file: str, noticed: Iterable[Note]) -> None:
        """Keep what was noticed while a file was read, for everybody who looks at the run."""
        self.file_notes += [(file, note) for note in noticed]

    def leave(self, *whys: str) -> None:
        """Note why something was not sent yet, without its being a failure."""
        self.notes += whys
        self.why_left += whys

    @property
    def noticed(self) -> tuple[str, ...]:
        """What was noticed in files, each with the name of its file."""
        return tuple(note_text(file, note) for file, note in self.file_notes)

    def could_not_read(self, *unread: NotRead) -> None:
        """Note what could not be read; of several reasons for one thing the first is kept."""
        for one in unread:
            # The name of a file may hold bytes that are no characters, which neither database nor report takes.
            kept = one._replace(what=storable(one.what), why=storable(one.why))
            self.not_read.setdefault(kept.key, kept)


def new_run(settings: Settings, ledger: Ledger, kind: RunKind, step: Step, progress: Progress) -> Run:
    """Name a run of this kind, and begin its log; nothing is kept in the ledger yet."""
    run_id = new_run_id(kind)
    begin_log(settings.logs.format, run_id)
    timings = Timings()
    return Run(settings, ledger, run_id, kind, _timed(step, timings), progress, timings=timings)


def _timed(step: Step, timings: Timings) -> Step:
    def run_timed(name: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = timings.measure(name, partial(step, name, function, *args, **kwargs))
        return result

    return run_timed
