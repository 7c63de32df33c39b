"""Ask a person: to confirm what was shown, and what a sheet leaves open."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows.runtime.errors import Unanswered, WrongUsage
from flows.runtime.terminal import write_line

if TYPE_CHECKING:
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


def ask_and_keep(settings: "Settings", questions: "Sequence[Question]") -> None:
    """Ask each question and keep its answer; `Unanswered` where nobody does."""
    from flows.review.answers import keep_answer

    for question in questions:
        answer = _ask(question)
        path = keep_answer(settings, question, answer)
        write_line(f"Kept in {path}: it is not asked again of sheets with these headings.", error=True)


def _ask(question: "Question") -> str:
    write_line(question.message, error=True)
    answers = list(question.choices)
    for number, answer in enumerate(answers, 1):
        write_line(f"  {number}: {answer}: {question.choices[answer]}", error=True)
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
