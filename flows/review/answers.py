"""Keep what a person answered about a sheet, as a layout of the workspace: asked once for all sheets like it."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile, OnRows, count_nothing
from flows.readers.read import read_file
from flows.runtime.errors import FileRejected, SettingsError, WrongUsage
from flows.runtime.progress import Say, say_nothing
from flows.settings.answers import answers_path, changed_answers
from flows.settings.layouts import NO_HEADINGS, layout_as_written, layouts_of
from flows.settings.sections import Settings
from transforms.sheets.by_hand import layout_entries
from transforms.sheets.own_headings import ask_own_heading
from transforms.sheets.questions import DATE_ORDER, STAFF_COLUMN, TIME_OF_DAY, TIMES, Question
from transforms.vocabulary import Code, Target

_LONGEST_NAME = 120
# What a layout says that no choice of columns says anew.
_STAYS = frozenset(NO_HEADINGS) - {TIME_OF_DAY, STAFF_COLUMN}

Ask: TypeAlias = Callable[[Question], str]  # gives one of the question's `choices`


def check_answered(
    settings: Settings,
    path: Path,
    site_id: str | None,
    ask: Ask,
    *,
    tell: Say = say_nothing,
    asks_headings: bool = False,
    keeps_events: bool = True,
    on_rows: OnRows = count_nothing,
) -> CheckedFile:
    """Check a file until it leaves nothing open: each answer is kept, and the file is then read by it.

    Raises `FileRejected` where the file is wrong as a whole, and whatever `ask` raises where nobody answers; the
    answers that were given before are kept. With `asks_headings` a sheet whose headings are the site's own words is
    no wrong one: it is asked which of them is which.
    """
    asked: set[str] = set()
    while True:
        questions: Sequence[Question]
        try:
            file = check_file(settings, path, site_id, keeps_events=keeps_events, on_rows=on_rows)
            questions = file.questions
        except FileRejected as error:
            questions = _own_headings(settings, path, error) if asks_headings else ()
            if not questions:
                raise
        if not questions:
            return file
        # Sheets with equal headings share a layout, and one answer is good for all of them.
        waiting = {_what(question): question for question in questions}
        _refuse_asked(waiting, asked)
        for what, question in waiting.items():
            kept = keep_answer(settings, question, ask(question))
            tell(f"Kept in {kept}: it is not asked again {_of_what(question)}.")
            asked.add(what)


def _own_headings(settings: Settings, path: Path, error: FileRejected) -> tuple[Question, ...]:
    if error.cause.code not in (Code.HEADING_NOT_FOUND, Code.COLUMN_MISSING):
        return ()
    question = ask_own_heading(read_file(path), layouts_of(settings))
    return () if question is None else (question,)


def _refuse_asked(waiting: Mapping[str, Question], asked: set[str]) -> None:
    """Ask nothing twice: where an answer does not close its question, the settings say otherwise."""
    again = [question for what, question in waiting.items() if what in asked]
    if again:
        raise SettingsError(
            f"The answer was kept and does not hold, since tieout.toml says otherwise: look at its parts [columns…]. "
            f"The question was: {again[0].message}"
        )


def _what(question: Question) -> str:
    """Return what a question is about, so that none is asked twice."""
    whose = question.about.headings if question.site_id is None else question.site_id
    entries = {answer: dict(kept) for answer, kept in question.entries.items()}
    return json.dumps([whose, entries])


def _of_what(question: Question) -> str:
    return "of sheets with these headings" if question.site_id is None else f"about site {question.site_id}"


def keep_answer(settings: Settings, question: Question, answer: str) -> Path:
    """Add an answer, one of the question's `choices`, to the layout of its headings or to its site; return where."""
    about = question.about
    with changed_answers(settings) as answers:
        if question.site_id is not None:
            answers.sites[question.site_id] = dict(question.entries[answer])
            return answers_path(settings)
        name = about.layout or ", ".join(about.headings)[:_LONGEST_NAME]
        # The headings that are read stand in the layout too, so that the answer holds for sheets like this one alone.
        # A layout that reads the sheet already is left as wide as it is.
        headings = {} if about.layout else about.fields
        answers.layouts[name] = {**headings, **answers.layouts.get(name, {}), **question.entries[answer]}
    return answers_path(settings)


def keep_columns(
    settings: Settings,
    layout: str | None,
    chosen: Mapping[str, str],
    target: Target,
    *,
    date_order: str = "",
    times: str = "",
) -> Path:
    """Keep what a person said each column of a table is, for all sheets with these headings; return where.

    ``chosen`` gives a field by heading (`transforms.sheets.by_hand`), ``layout`` the name of the one by which the table
    is read now: what else it says, such as a zone, stays. Raises `Unclear`, and `WrongUsage` where the settings
    themselves say how such sheets are read.
    """
    entries = layout_entries(chosen, target)
    reserved = [heading for heading in chosen if heading in NO_HEADINGS]
    if reserved:
        raise WrongUsage(f"A column that is called {reserved[0]} cannot be chosen: give it another name in the sheet.")
    if layout in settings.columns:
        raise WrongUsage("How such sheets are read stands in the settings: whoever looks after them changes it there.")
    options = _options(settings, layout, date_order=date_order, times=times)
    with changed_answers(settings) as answers:
        name = layout if layout in answers.layouts else ", ".join(chosen)[:_LONGEST_NAME]
        answers.layouts[str(name)] = {**entries, **options}
    return answers_path(settings)


def _options(settings: Settings, layout: str | None, *, date_order: str, times: str) -> dict[str, Any]:
    """Return what a layout says beside its columns: what it said before, and what was said of dates and clocks now."""
    before = layout_as_written(settings, layout)
    options = {key: value for key, value in before.items() if key in _STAYS}
    if date_order:
        options[DATE_ORDER] = date_order
    if times:
        options[TIMES] = times
        # Whose clock it is was said anew: a zone of before would contradict it.
        options.pop("timezone", None)
    return options
