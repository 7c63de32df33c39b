"""One thing that was examined, and what its state means for the exit code."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flows.runtime.errors import ExitCode


class Health(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARN = "warn"  # it works, and a person should look
    FAIL = "fail"  # a run would stop there, or go wrong


@dataclass(frozen=True)
class Diagnosis:
    """What was examined, how it is, in a sentence, and how to mend it ("" where nothing is to mend)."""

    name: str
    health: Health
    message: str
    mend: str = ""
    exit_code: ExitCode = ExitCode.TIES_OUT

    @property
    def line(self) -> str:
        """The diagnosis in one line for a person."""
        # Messages of other programs may hold line breaks, and nothing may be left to mend.
        said = " ".join(f"{self.message} {self.mend}".split())
        return f"{self.health:<5} {self.name}: {said}"

    def to_json(self) -> dict[str, str]:
        """Return the diagnosis with the keys of the documented JSON."""
        return {"name": self.name, "status": str(self.health), "message": self.message, "mend": self.mend}


def good(name: str, message: str) -> Diagnosis:
    """Return a diagnosis that needs nobody."""
    return Diagnosis(name, Health.OK, message)


def doubtful(name: str, message: str, mend: str) -> Diagnosis:
    """Return a diagnosis that a person should look at."""
    return Diagnosis(name, Health.WARN, message, mend, ExitCode.NEEDS_A_PERSON)


def bad(name: str, message: str, mend: str, exit_code: ExitCode = ExitCode.NEEDS_A_PERSON) -> Diagnosis:
    """Return a diagnosis that stops a run; the code says whether settings, reach, or a person is what is missing."""
    return Diagnosis(name, Health.FAIL, message, mend, exit_code)


# Settings come first: what is out of reach may be so by a wrong address.
_GRAVEST_FIRST = (ExitCode.WRONG_USAGE, ExitCode.COULD_NOT_RUN, ExitCode.NEEDS_A_PERSON)


def worst_exit_code(diagnoses: Iterable[Diagnosis]) -> ExitCode:
    """Return 2 where settings are wrong, else 3 where something is out of reach, else 1 where a person is needed."""
    codes = {diagnosis.exit_code for diagnosis in diagnoses}
    return next((code for code in _GRAVEST_FIRST if code in codes), ExitCode.TIES_OUT)
