"""What a sheet leaves open and only a person can say: a heading that is nearly a field's, a hidden sheet with rows.

A column that may be a documented field is never passed over: without its dates a row would be dated now, without its
amounts a reward would be set to nothing. The answer is kept as a layout (`transforms.sheets.layout`), so that each is
asked once for every sheet with the same headings.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from transforms.sheets.fields import FIELDS
from transforms.sheets.headings import Table
from transforms.sheets.layout import NO_HEADING
from transforms.sheets.spellings import as_iso
from transforms.sheets.tables import Tables
from transforms.sheets.times import DAY_MONTH_YEAR, ISO
from transforms.vocabulary import Target

NEITHER = NO_HEADING  # the answer, and the entry of a layout, of a column that is something else
HIDDEN_SHEETS = "hidden_sheets"  # the entry of a layout that says what becomes of hidden sheets
DATE_ORDER = "date_order"  # the entry of a layout that says which comes first, day or month
TIME_OF_DAY = "time_of_day"  # the entry of a layout that names the column of times of day
STAFF_COLUMN = "staff_column"  # the entry of a layout that names the column of who gave the points; "-" for none
DECIMALS = "decimals"  # the entry of a layout that says which sign stands before decimals
TIMES = "times"  # the entry of a layout or site that says what times without an offset are
SIDE_SHEETS = "side_sheets"  # and what becomes of sheets without headings whose rows may be events
READ, SKIP = "read", "skip"
_SAMPLE_ROWS = 200
_DATES_AT_LEAST = 0.8  # of the filled cells of a column, for it to be one of dates

# Words of a heading that may mean the field; what each field is for is in FIELDS.
_MAY_MEAN: Mapping[Target, Mapping[str, re.Pattern[str]]] = {
    Target.MINDBODY: {
        "action_date_time": re.compile(r"\b(?:date|time|datetime|timestamp|when|created|day)\b"),
        "source_id": re.compile(r"\bsource\b.+"),
        "source": re.compile(r"\bsource\b"),
        "site_id": re.compile(r"\bsite\b"),
    },
    Target.REFERRAL_ROCK: {
        "amount": re.compile(r"\bamount\b|[$€£]"),
        "eligibility_date": re.compile(r"\beligib|\bdate\b"),
        "description": re.compile(r"\bdesc"),
    },
}
_OF_DATES = ("action_date_time", "eligibility_date")
_CLOCK = re.compile(r"[0-9]:[0-9]{2}|[0-9]\s?[ap]\.?m\b", re.IGNORECASE)
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:[.,]0+)?)?$")
_TIME_ALONE = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s?[ap]\.?m\.?)?", re.IGNORECASE)
_DATE = re.compile(rf"(?:{ISO})|(?:{DAY_MONTH_YEAR})")


@dataclass(frozen=True)
class About:
    """The table that a question is about."""

    headings: tuple[str, ...]  # all of them, as the sheet spells them
    fields: Mapping[str, str]  # heading -> documented heading, of those that are read
    layout: str | None  # that it is read by
    sheet: str | None
    row: int | None
    column: str | None


@dataclass(frozen=True)
class Question:
    """One thing that is open, its answers, and what to keep of each.

    `choices` gives what each answer means; `entries` what a layout with these headings says for it.
    """

    message: str
    choices: Mapping[str, str]
    entries: Mapping[str, Mapping[str, str]]
    about: About
    site_id: str | None = None  # the site that the answer is kept for, in place of a layout


def question_text(question: Question) -> str:
    """Write a question with its answers, for somebody who cannot be asked now."""
    answers = [f'"{answer}": {meaning}' for answer, meaning in question.choices.items()]
    return f"{question.message} Answers: {'; '.join(answers)}. `tieout layout FILE` asks for them."


def find_questions(tables: Sequence[Table]) -> Iterator[Question]:
    """Give what the tables leave open, each once for equal headings."""
    asked: set[tuple[str, ...]] = set()
    for table in tables:
        for question in (*_hidden(table), *_unread(table), *_unjoined(table)):
            key = (question.message.partition(":")[2], *question.about.headings)
            if key not in asked:
                asked.add(key)
                yield question


def side_sheet_questions(found: Tables) -> Iterator[Question]:
    """Ask about a sheet beside the tables that has no headings, and rows that may be events; once for all of them."""
    if not found.tables:
        return
    table = found.tables[0]
    if table.layout is not None and table.layout.side_sheets is not None:
        return
    doubtful = [side for side in found.side_sheets if side.like_rows]
    if doubtful:
        first = doubtful[0]
        count = sum(len(side.like_rows) for side in doubtful)
        yield Question(
            message=(
                f'Sheet "{first.sheet.name}": it has no headings, and rows that look like those of '
                f'"{table.sheet.name}": {count:,}, the first is row {first.like_rows[0]}. If they are to be sent, copy '
                "the headings into the sheet and send the file again. If not, is the sheet to be left out?"
            ),
            choices={SKIP: "sheets without headings beside these are left out, and named"},
            entries={SKIP: {SIDE_SHEETS: SKIP}},
            about=replace(about_table(table), sheet=first.sheet.name, row=first.like_rows[0]),
        )


def _hidden(table: Table) -> Iterator[Question]:
    is_answered = table.layout is not None and table.layout.hidden_sheets is not None
    rows = int((table.sheet.cells.index > table.heading_row).sum())
    # Hidden rows were meant to be hidden, or forgotten: paid without a question, last year's sheet would be paid again.
    if not table.sheet.is_hidden or is_answered or not rows:
        return
    yield Question(
        message=f'Sheet "{table.sheet.name}": it is hidden and holds {rows:,} rows. Are they to be sent?',
        choices={READ: "its rows are sent like the others", SKIP: "hidden sheets with these headings are left out"},
        entries={READ: {HIDDEN_SHEETS: READ}, SKIP: {HIDDEN_SHEETS: SKIP}},
        about=about_table(table),
    )


def _unread(table: Table) -> Iterator[Question]:
    if table.sheet.heading_row is not None:  # keys of JSON or XML are written by programs, by the documents
        return
    ignored = table.layout.ignored if table.layout is not None else frozenset()
    open_headings = [heading for heading in table.unused if heading not in ignored]
    for target in sorted(table.targets):
        for name, words in _MAY_MEAN[target].items():
            if name in table.columns:
                continue
            meant = [heading for heading in open_headings if _may_mean(table, heading, name, words)]
            if meant:
                yield _which(table, name, meant)
                open_headings = [heading for heading in open_headings if heading not in meant]


def _may_mean(table: Table, heading: str, name: str, words: re.Pattern[str]) -> bool:
    # "ActionDate" and "action_date" are two words each.
    split = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s_]+", " ", heading).casefold()
    if words.search(split):
        return True
    return name in _OF_DATES and _holds_dates(table, heading)


def _holds_dates(table: Table, heading: str) -> bool:
    return _are_mostly(_is_date, _sample(table, table.headings.index(heading)))


def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None or as_iso(text) is not None


def _are_mostly(judge: Callable[[str], bool], texts: Sequence[str]) -> bool:
    """Tell whether enough of the texts are such: of four fifths, a slip or a remark in a cell leaves a column one."""
    if not texts:
        return False
    count = sum(judge(text) for text in texts)
    return count / len(texts) >= _DATES_AT_LEAST


def _sample(table: Table, column: int) -> list[str]:
    """Return the first cells of a column that are filled."""
    cells = table.sheet.cells
    is_below = cells.index > table.heading_row
    filled = cells.loc[is_below, column].dropna()
    sample: list[str] = filled.head(_SAMPLE_ROWS).str.strip().tolist()
    return sample


def _unjoined(table: Table) -> Iterator[Question]:
    """Ask about times of day in a column of their own, beside days without one."""
    is_said = table.layout is not None and table.layout.time_of_day is not None
    if table.sheet.heading_row is not None or is_said or "action_date_time" not in table.columns:
        return
    days = _sample(table, table.columns["action_date_time"])
    if not days or any(_CLOCK.search(_MIDNIGHT.sub("", day)) for day in days):
        return
    meant = [heading for heading in table.unused if _holds_times(table, heading)]
    if not meant:
        return
    documented = str(table.heading("action_date_time"))
    listed = " or ".join(f'"{heading}"' for heading in meant)
    yield Question(
        message=f"{of_sheet(table.sheet.name)}{documented} holds days alone, and {listed} holds times of day: do they "
        "belong together?",
        choices={heading: f"{documented} and {heading} are one time" for heading in meant}
        | {NEITHER: "they do not, and every row is dated at the beginning of its day"},
        entries={answer: {TIME_OF_DAY: answer} for answer in (*meant, NEITHER)},
        about=about_table(table, meant[0]),
    )


def _holds_times(table: Table, heading: str) -> bool:
    return _are_mostly(_is_time_alone, _sample(table, table.headings.index(heading)))


def _is_time_alone(text: str) -> bool:
    return _TIME_ALONE.fullmatch(text) is not None


def _which(table: Table, name: str, meant: Sequence[str]) -> Question:
    documented = FIELDS[name]
    listed = " or ".join(f'"{heading}"' for heading in meant)
    what_for = _WHAT_FOR[name]
    nothing = dict.fromkeys(meant, NEITHER)
    return Question(
        message=f"{of_sheet(table.sheet.name)}no column {documented} ({what_for}) was found: is it {listed}? "
        "Until this is answered the file is not sent.",
        choices=dict.fromkeys(meant, f"it is {documented}") | {NEITHER: f"none is; {_WITHOUT[name]}"},
        entries={heading: {**nothing, heading: documented} for heading in meant} | {NEITHER: nothing},
        about=about_table(table, meant[0]),
    )


def of_sheet(name: str | None) -> str:
    """Begin a sentence about a sheet, where the format has sheets."""
    return "" if name is None else f'Sheet "{name}": '


def about_table(table: Table, column: str | None = None) -> About:
    """Say which table a question is about, and which column of it."""
    return About(
        headings=tuple(heading for heading in table.headings if heading is not None),
        fields={str(table.heading(field)): FIELDS[field] for field in table.columns},
        layout=None if table.layout is None else table.layout.name,
        sheet=table.sheet.name,
        row=table.heading_row or None,
        column=column,
    )


_WHAT_FOR: Mapping[str, str] = {
    "action_date_time": "when the points were earned or redeemed",
    "source_id": "the booking, sale or client that they were earned for",
    "source": "what they were earned for",
    "site_id": "which site a row is for",
    "amount": "what the reward is set to",
    "eligibility_date": "from when the reward may be paid",
    "description": "what stands beside the reward",
}
_WITHOUT: Mapping[str, str] = {
    "action_date_time": "every row is dated now",
    "source_id": "rows name no booking or sale",
    "source": "rows say nothing of what points were earned for",
    "site_id": "all rows are for one site",
    "amount": "no amount is changed",
    "eligibility_date": "no date is changed",
    "description": "no text is changed",
}
