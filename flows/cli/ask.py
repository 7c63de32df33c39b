"""Ask a person: to confirm what was shown, and what a sheet leaves open."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flows.runtime.errors import CouldNotRun, Unanswered, WrongUsage
from flows.runtime.terminal import write_line

if TYPE_CHECKING:
    from flows.intake.checked_file import CheckedFile
    from flows.settings.sections import Settings
    from transforms.sheets.questions import Question


def is_confirmed(question: str, nobody: str) -> bool:
    """Ask on stderr and return whether a person agrees; `WrongUsage` with the words of ``nobody`` where none answers.

    Not on stdout, where only the result belongs: typer's own question would leave a blank there.
    """
    sys.stderr.write(f"{question} [y/N]: ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise WrongUsage(nobody)
    return answer.strip().lower() in {"y", "yes"}


def check_asking(
    settings: "Settings", file: Path, site_id: str | None, *, asks_headings: bool = False, keeps_events: bool = True
) -> "CheckedFile":
    """Check a file that a person named, and ask on the terminal what it leaves open; `Unanswered` where nobody does.

    The one way in for every command that a person waits for: what is returned has no open question.
    """
    from flows.review.answers import check_answered
    from flows.runtime.progress import Stderr, count_rows

    if not file.is_file():
        raise CouldNotRun(f"{file}: there is no such file.")
    return check_answered(
        settings,
        file,
        site_id,
        _ask,
        tell=_say,
        asks_headings=asks_headings,
        keeps_events=keeps_events,
        on_rows=count_rows(Stderr()),
    )


def _say(line: str) -> None:
    write_line(line, error=True)


def _ask(question: "Question") -> str:
    _say(question.message)
    answers = list(question.choices)
    for number, answer in enumerate(answers, 1):
        _say(f"  {number}: {answer}: {question.choices[answer]}")
    while True:
        sys.stderr.write(f"Your answer [1 to {len(answers)}]: ")
        sys.stderr.flush()
        typed = sys.stdin.readline()
        if not typed:
            raise Unanswered("Nobody answered, so nothing was kept or posted. `tieout layout FILE` asks again.")
        if typed.strip() in {str(number) for number in range(1, len(answers) + 1)}:
            return answers[int(typed) - 1]
        if typed.strip() in answers:
            return typed.strip()
