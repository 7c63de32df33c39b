"""Errors that end a command, sorted by what the person should do; each is one line and carries the exit code.

TieoutError
├── SettingsError         exit 2  mend the settings
├── WrongUsage            exit 2  mend what was asked for
├── Unanswered            exit 1  a question about a file waits for a person
└── CouldNotRun           exit 3  nothing was lost, run again when the cause is gone
    ├── FileRejected              a file that cannot be read stays where it is
    ├── ServiceUnreachable        no connection, or no sensible answer, after all tries
    │   ├── NoAnswer              nothing answered at its address
    │   └── AnswerUnreadable      it answered, and what it said of one client cannot be read
    ├── CredentialsRefused        the service said 401 twice
    ├── LedgerUnavailable         the database is out of reach, or not migrated
    │   └── WrongLedger           it is not the one that the workspace knows
    ├── NotCounted                how far the ledger has come cannot be written down, so nothing more may be sent
    ├── CouldNotTell              what was done stands in the ledger, and nobody could be told
    ├── LedgerRefused             the database does not take these values; it takes others
    ├── OtherService              another address than the ledger was used against
    ├── InUse                     another process of this workspace is at it already
    ├── NightWaitsAlready         a night is at work, and another waits for it
    └── Interrupted               stopped by a person or the system; claims were released
"""

from enum import IntEnum
from typing import TYPE_CHECKING

from flows.runtime.secrets import line_of

if TYPE_CHECKING:
    from transforms.sheets.sheet import FileError


class ExitCode(IntEnum):
    """What a command's exit status tells the caller."""

    TIES_OUT = 0
    NEEDS_A_PERSON = 1
    WRONG_USAGE = 2
    COULD_NOT_RUN = 3


class TieoutError(Exception):
    """A thing that a person can mend, told in one line, which nothing that it quotes can break or give away."""

    exit_code = ExitCode.COULD_NOT_RUN

    def __init__(self, message: object = "") -> None:
        # Here and not only where it is shown: Prefect keeps the text of every error that leaves a step.
        super().__init__(line_of(message))


class SettingsError(TieoutError):
    """The settings are wrong."""

    exit_code = ExitCode.WRONG_USAGE


class WrongUsage(TieoutError):  # noqa: N818 - named after its exit code
    """What a person asked for cannot be meant: an argument, an id, a decision that does not fit."""

    exit_code = ExitCode.WRONG_USAGE


class Unanswered(TieoutError):  # noqa: N818 - it waits, and is no error
    """A sheet leaves something open that only a person can say; nothing was kept or sent."""

    exit_code = ExitCode.NEEDS_A_PERSON


class CouldNotRun(TieoutError):  # noqa: N818 - named after its exit code
    """Something outside was missing; running again is safe."""


class FileRejected(CouldNotRun):
    """A file that cannot be read as a whole; it stays where it was."""

    def __init__(self, name: str, sha256: str | None, cause: "FileError") -> None:
        super().__init__(f"{name}: {cause.message}")
        self.sha256 = sha256
        self.cause = cause


class ServiceUnreachable(CouldNotRun):
    """A service did not answer."""


class NoAnswer(ServiceUnreachable):
    """Nothing answers at the service's address, so no other site of it will be found there either."""


class AnswerUnreadable(ServiceUnreachable):
    """A service answered, and what it said of one client or reward cannot be relied on; of others it may be."""


class CredentialsRefused(CouldNotRun):
    """A service does not accept the configured credentials."""


class BudgetSpent(CouldNotRun):
    """The day's calls are used up; what is left stays pending."""


class LedgerUnavailable(CouldNotRun):
    """The ledger cannot be opened, or is not at this version's migration."""


class WrongLedger(LedgerUnavailable):
    """The ledger is behind what was seen of it, another one, or new beside a workspace that is not."""


class NotCounted(CouldNotRun):
    """The workspace cannot remember how far the ledger has come: nothing may be sent that it would not know of."""


class LedgerRefused(CouldNotRun):
    """The ledger is there, and refuses what it was given: a text, a number or a date that it cannot hold."""


class CouldNotTell(CouldNotRun):
    """The output leads nowhere: a full disk, or a stream that was closed."""


class OtherService(CouldNotRun):
    """A service is configured at another address than the one that the ledger's events were sent to."""


class InUse(CouldNotRun):
    """Another process of this workspace is at it already."""


class NightWaitsAlready(CouldNotRun):
    """One night is at work and another waits for it, which will take all that a third one would."""


class Interrupted(CouldNotRun):
    """The run was stopped from outside."""


def said_of(error: OSError) -> str:
    """Say what the system refused, and of which file.

    >>> said_of(OSError(28, "No space left on device", "/srv/tieout/reports"))
    '/srv/tieout/reports: No space left on device.'
    """
    where = "" if error.filename is None else f"{error.filename}: "
    return f"{where}{error.strerror or error}.".replace("..", ".")


def as_one_of_ours(error: Exception) -> TieoutError:
    """Return an error of ours as it is, and one that nobody foresaw as a line that asks for a report."""
    if isinstance(error, TieoutError):
        return error
    if isinstance(error, OSError):
        return CouldNotRun(f"{said_of(error)} Nothing was lost: mend that and run again.")
    return AnswerUnreadable(
        f"an unforeseen error, {type(error).__name__}: {error}. Nothing was lost; please report this as a defect."
    )


def of_one_place(error: Exception) -> TieoutError:
    """Return what is wrong with one site or service as one of ours; what concerns the whole run is raised.

    A ledger that is gone, or that nobody can keep count of, another service than before and a stop that was asked for
    are nobody's trouble alone.
    """
    if isinstance(error, Interrupted | LedgerUnavailable | NotCounted | OtherService):
        raise error
    return as_one_of_ours(error)
