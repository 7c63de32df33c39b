"""Judge every row of a file by the documented rules: all its errors at once, each with its cell.

    sheets -> tables (headings found) -> rows (text) -> kind of each row -> the rules of each service -> events, errors

Every row that is read ends either in `events` or, with at least one line, in `errors`; what is no row is named in
`skipped`. A wrong file is one `FileError` before any row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from transforms.check.advice import Advice
from transforms.check.cross_check import cross_check
from transforms.check.describe import describe
from transforms.check.events import assemble_events
from transforms.check.failures import FAILURE_COLUMNS
from transforms.check.habits import NO_COLUMNS, Columns, Habits, columns_of, join_columns, tell_habits
from transforms.check.mindbody import check_mindbody
from transforms.check.open_columns import column_notes
from transforms.check.parameters import Rules
from transforms.check.referral_rock import CLAIM_COLUMNS, check_rewards, prepare_rewards
from transforms.check.row_sums import SumsBySite, sum_bad_rows
from transforms.check.table_clocks import TableClocks
from transforms.identity.raw_rows import digest_cells
from transforms.sheets.encodings import Doubtful
from transforms.sheets.fields import FIELDS, MINDBODY_FIELDS, REFERRAL_ROCK_FIELDS, normalize_heading
from transforms.sheets.headings import Table
from transforms.sheets.layout import Layout
from transforms.sheets.notes import Note, Observation, sum_up
from transforms.sheets.questions import SKIP, Question, find_questions, side_sheet_questions
from transforms.sheets.rows import NOT_SHIFTED, Shifted, collect_rows, refuse_shifted
from transforms.sheets.sheet import CELL_ERRORS, FileError, Sheet
from transforms.sheets.side_sheets import SideSheet
from transforms.sheets.staff import staff_of
from transforms.sheets.tables import Tables, continue_table, find_tables
from transforms.sheets.times import has_time_of_day
from transforms.sheets.unzoned import Unzoned, find_unzoned, unzoned_notes
from transforms.vocabulary import Code, Target

_SHOWN_HEADINGS, _SHOWN_SIGNS = 30, 80


@dataclass(frozen=True)
class Checked:
    """What became of every row of one file.

    events: one row per good row (`transforms.check.events`). errors: one row per bad cell and code
    (`transforms.check.describe`); column, cell and value are NA where the row as a whole is wrong. skipped: sheet, row
    (NA: the whole sheet), reason.
    """

    events: pd.DataFrame
    errors: pd.DataFrame
    skipped: pd.DataFrame
    rows_read: int  # good and bad ones, not the skipped
    # rows with a SourceId by subject and finding (`transforms.check.cross_check`), the rejected ones included
    source_ids: Mapping[tuple[str, str], int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()  # what was decided on the way, for the person
    # sheet -> heading and letters (None: no cell addresses) of the column of receipts, where there is one
    receipt_columns: Mapping[str | None, tuple[str, str | None]] = field(default_factory=dict)
    timed_days: int = 0  # dates of good rows whose time of day is not sent
    shifted: Shifted = NOT_SHIFTED  # more values than headings: the file as a whole is wrong
    observations: tuple[Observation, ...] = ()
    doubtful: tuple[Doubtful, ...] = ()  # texts whose letters are only guessed
    unzoned: tuple[Unzoned, ...] = ()  # times that name no zone
    # What the cells of each column say of how it is written, and what was made of that and of other parts.
    columns: Columns = field(default_factory=dict)
    habits: Habits = field(default_factory=dict)
    bad_sums: SumsBySite = field(default_factory=dict)  # what the bad rows come to, as far as they can be read
    # Of the rows that update a reward, by their place among the rows read: by what they contradict each other.
    claims: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=CLAIM_COLUMNS))

    @property
    def rejected(self) -> int:
        """Count the bad rows."""
        return self.rows_read - len(self.events)


@dataclass(frozen=True)
class Recognized:
    """What the first rows of a file say about all of it: the headings, and what they leave open."""

    tables: tuple[Table, ...]
    side_sheets: tuple[SideSheet, ...]
    notes: tuple[Note, ...]
    questions: tuple[Question, ...] = ()  # what only a person can say; until then it is read by the document

    @property
    def receipt_columns(self) -> Mapping[str | None, tuple[str, str | None]]:
        """Heading and letters (None: no cell addresses) of the column of receipts, by sheet."""
        return {
            table.sheet.name: (str(table.heading("receipt")), table.letters("receipt"))
            for table in self.tables
            if "receipt" in table.columns
        }

    def following(self, sheet: Sheet, rules: Rules) -> "Recognized":
        """Return the same for the next rows of a file that is read in parts, which has one sheet."""
        tables = continue_table(self.tables[-1], sheet, rules.layouts)
        going_on, *begun = tables
        return Recognized(tables, (), tuple(_table_notes(begun, going_on)))


def check_sheets(sheets: Sequence[Sheet], rules: Rules) -> Checked:
    """Check all rows of one file; raise `FileError` where the file as a whole is wrong."""
    recognized = recognize(sheets, rules)
    checked = check_part(recognized, rules)
    refuse_shifted(checked.shifted)
    told = (*sum_up(checked.observations), *column_notes(checked.columns, rules.now), *unzoned_notes(checked.unzoned))
    return replace(checked, notes=(*checked.notes, *told))


def recognize(sheets: Sequence[Sheet], rules: Rules) -> Recognized:
    """Find the headings; raise `FileError` where there are none, or wrong ones.

    Where the file is read in parts the first `SEARCHED_ROWS` rows of it are enough.
    """
    found = _without_hidden(find_tables(sheets, rules.layouts))
    if not found.tables:
        raise FileError(
            Code.HEADING_NOT_FOUND,
            "every sheet with rows is hidden, and hidden sheets with these headings are left out, as was answered. "
            "Show the sheet, or take hidden_sheets out of layouts.toml, and send the file again.",
        )
    notes_of_reader = [Note(text, sheet.name) for sheet in sheets for text in sheet.notes]
    return Recognized(
        tables=found.tables,
        side_sheets=found.side_sheets,
        notes=(*notes_of_reader, *_table_notes(found.tables)),
        questions=(*find_questions(found.tables), *side_sheet_questions(found)),
    )


def _without_hidden(found: Tables) -> Tables:
    """Leave out the hidden sheets that a person said are not to be sent."""
    is_left_out = [
        table.sheet.is_hidden and table.layout is not None and table.layout.hidden_sheets == SKIP
        for table in found.tables
    ]
    left_out = [table for table, is_out in zip(found.tables, is_left_out, strict=True) if is_out]
    kept = [table for table, is_out in zip(found.tables, is_left_out, strict=True) if not is_out]
    sides = [SideSheet(table.sheet, "hidden sheet, left out as a person said") for table in left_out]
    return Tables(tuple(kept), (*found.side_sheets, *sides))


def check_part(
    recognized: Recognized,
    rules: Rules,
    contradicted_elsewhere: pd.Index | None = None,
    others: Columns = NO_COLUMNS,
    *,
    knows_all: bool = False,
    with_fingerprints: bool = True,
) -> Checked:
    """Check all rows of a file whose headings are known, or some of its rows.

    Any split of a file into parts gives the same as the whole, but for three things that the caller brings together:
    rows that are `shifted`, and rewards that are set to different values in different parts (`claims`). The places of
    the latter's rows among those read here go into `contradicted_elsewhere`. `others` is what the cells of other parts
    say of how columns are written, as far as it is known, or with `knows_all` what those of the whole file do, of these
    rows too; `Checked.habits` says what was made of it. Fingerprints of
    rows are for the ledger: where nothing is registered they cost a seventh of the time for nobody.
    """
    tables = recognized.tables
    collected = collect_rows(tables, recognized.side_sheets)
    rows = collected.rows
    target, kind_failures = tell_kinds(rows, tables)
    columns = columns_of(rows, tables)
    habits = tell_habits(others if knows_all else join_columns(others, columns), rules.now)
    clocks = TableClocks(tables, rules, habits)
    clients = check_mindbody(rows[target == Target.MINDBODY], rules, clocks)
    crossed = cross_check(clients.events, rules.reference, rules.now)
    rewards = prepare_rewards(rows[target == Target.REFERRAL_ROCK], clocks)
    of_reward, reward_failures = check_rewards(rewards, contradicted_elsewhere)
    failed = pd.concat([kind_failures, clients.failures, crossed.failures, reward_failures], ignore_index=True)
    bad = rows.index.isin(failed["index"])
    bad_sums = sum_bad_rows(_with_site(rows[bad], rules), target[bad], rewards["parsed_amount"])
    placed = rows.assign(cells=raw_cells(rows, target, tables)) if with_fingerprints else rows
    return Checked(
        events=assemble_events(placed, [crossed.good, of_reward]),
        errors=describe(failed, rows.assign(clock=clients.clock), tables, Advice(tables, clocks, rules.currency)),
        skipped=collected.skipped,
        rows_read=len(rows),
        source_ids=crossed.counts,
        notes=recognized.notes,
        receipt_columns=recognized.receipt_columns,
        shifted=collected.shifted,
        observations=collected.observations,
        columns=columns,
        habits=habits,
        doubtful=collected.doubtful,
        unzoned=tuple(find_unzoned(clients.unzoned, tables, clocks.saids)),
        timed_days=int(has_time_of_day(rows.loc[of_reward.index, "eligibility_date"]).sum()),
        claims=rewards.loc[rewards["reward"].notna(), CLAIM_COLUMNS],
        bad_sums=bad_sums,
    )


def _with_site(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the rows with the site that holds where none stands beside them."""
    fallback = rules.fallback_site_id()
    return rows if fallback is None else rows.assign(site_id=rows["site_id"].fillna(fallback))


def tell_kinds(rows: pd.DataFrame, tables: Sequence[Table]) -> tuple[pd.Series, pd.DataFrame]:
    """Return the target of every row, NA where it has none or two, and the failures of those.

    Where the headings of a sheet serve only one service, a row that fills neither side is of that one.
    """
    is_update = rows["reward_id"].notna()
    is_client = rows["client_id"].notna() | rows["action"].notna()
    only = {place: _only_target(table) for place, table in enumerate(tables)}
    target = rows["table"].map(only).astype("str")
    target = target.mask(target.isna() & is_update, Target.REFERRAL_ROCK.value)
    target = target.mask(target.isna() & is_client, Target.MINDBODY.value)
    # A row that fills both sides is refused, not read as two events: who wrote it meant one, and points that went out
    # by mistake are hard to take back.
    code = pd.Series(None, index=rows.index, dtype="str")
    code[target.isna()] = Code.ROW_KIND_UNKNOWN.value
    code[is_update & is_client] = Code.ROW_KIND_AMBIGUOUS.value
    is_refused = code.notna()
    whole_rows = _as_failures(code.dropna(), None)
    failed = pd.concat([whole_rows, *_cell_errors(rows[is_refused])], ignore_index=True)
    return target.mask(is_refused), failed


# What a rule reads of the rows of each service. The site is known by more than its cell, and comes in after.
_READ_FIELDS: Mapping[Target, Sequence[str]] = {
    Target.MINDBODY: [field for field in MINDBODY_FIELDS if field != "site_id"],
    Target.REFERRAL_ROCK: list(REFERRAL_ROCK_FIELDS),
}


def raw_cells(rows: pd.DataFrame, target: pd.Series, tables: Sequence[Table]) -> pd.Series:
    """Return the numbers of the raw cells (`transforms.identity.raw_rows`) of rows with a target; NA of the others."""
    found: list[pd.Series] = []
    for place, table in enumerate(tables):
        for service, fields in _READ_FIELDS.items():
            group = rows[rows["table"].eq(place) & target.eq(service)]
            headings = {field: normalize_heading(table.heading(field) or "") for field in fields}
            found.append(digest_cells(group, headings))
    # Nullable before there are nulls: a float would drop the last digits.
    cells: pd.Series = pd.concat(found).astype("Int64").reindex(rows.index)
    return cells


def _only_target(table: Table) -> str | None:
    """Return the one service that the headings can serve, None where they can serve both."""
    if len(table.targets) > 1:
        return None
    (target,) = table.targets
    return target.value


def _as_failures(codes: pd.Series, field: str | None) -> pd.DataFrame:
    found = pd.DataFrame({"index": codes.index, "field": field, "code": codes.to_numpy()})
    return found.astype({"index": "int64", "field": "str", "code": "str"})[FAILURE_COLUMNS]


def _cell_errors(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Name the cells that hold an error of the spreadsheet in rows that no schema will see."""
    if rows.empty:
        return []
    found = []
    for name in FIELDS:
        broken = rows.index[rows[name].isin(CELL_ERRORS)]
        codes = pd.Series(Code.CELL_ERROR.value, index=broken)
        found.append(_as_failures(codes, name))
    return found


def _table_notes(tables: Iterable[Table], above: Table | None = None) -> Iterator[Note]:
    """Say how each table is read; `above` is the one before the first."""
    for table in tables:
        name = table.sheet.name
        sheet = "" if name is None else f'Sheet "{name}": '
        row = table.heading_row or None
        if above is not None and above.sheet.name == name:
            yield Note(f"{sheet}row {row} holds headings again: the rows below are read by these.", name, row)
        if table.layout is not None:
            yield from _layout_notes(table, table.layout, sheet)
        staff = staff_of(table)
        not_read = [text for text in table.unused if staff is None or text != table.headings[staff]]
        if not_read:
            yield Note(f"{sheet}columns not read: {_listed(not_read)}", name, row)
        above = table


def _layout_notes(table: Table, layout: Layout, sheet: str) -> Iterator[Note]:
    row = table.heading_row or None
    heading = table.heading("action_date_time")
    if layout.priced_heading is not None:
        amount = table.heading("amount")
        told = f'{sheet}"{amount}" is read as Amount, in the currency of rewards that the settings say.'
        yield Note(told, table.sheet.name, row, amount)
    elif layout.zoned_heading is None:
        told = f'{sheet}read by the layout "{layout.name}", as was said of sheets with these headings.'
        yield Note(told, table.sheet.name, row)
    # In the spelling of a blank sheet of ours it says all by itself.
    elif heading != layout.zoned_heading:
        told = f'{sheet}"{heading}" is read as ActionDateTime, by the clock that the heading names.'
        yield Note(told, table.sheet.name, row, heading)


def _listed(headings: Sequence[str]) -> str:
    """Name headings, the first ones where there are many, each as far as it is read at a glance."""
    shown = [heading if len(heading) <= _SHOWN_SIGNS else f"{heading[:_SHOWN_SIGNS]}…" for heading in headings]
    more = len(shown) - _SHOWN_HEADINGS
    return ", ".join(shown[:_SHOWN_HEADINGS]) + (f" and {more:,} more" if more > 0 else "")
