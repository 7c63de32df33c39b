"""Judge every row of a file by the documented rules: all its errors at once, each with its cell.

    sheets -> tables (headings found) -> rows (text) -> kind of each row -> the rules of each service -> events, errors

Every row that is read ends either in `events` or, with at least one line, in `errors`; what is no row is named in
`skipped`. A wrong file is one `FileError` before any row.
"""

from collections.abc import Mapping, Sequence
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
from transforms.check.recognized import Recognized, recognize
from transforms.check.referral_rock import CLAIM_COLUMNS, check_rewards, prepare_rewards
from transforms.check.row_sums import SumsBySite, sum_bad_rows
from transforms.check.table_clocks import TableClocks
from transforms.identity.raw_rows import digest_cells
from transforms.sheets.encodings import Doubtful
from transforms.sheets.fields import FIELDS, MINDBODY_FIELDS, REFERRAL_ROCK_FIELDS, normalize_heading
from transforms.sheets.headings import Table
from transforms.sheets.notes import Note, Observation, sum_up
from transforms.sheets.rows import NOT_SHIFTED, Shifted, collect_rows, refuse_shifted
from transforms.sheets.sheet import CELL_ERRORS, Sheet
from transforms.sheets.times import has_time_of_day
from transforms.sheets.unzoned import Unzoned, find_unzoned, unzoned_notes
from transforms.vocabulary import Code, Target


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


def check_sheets(sheets: Sequence[Sheet], rules: Rules) -> Checked:
    """Check all rows of one file; raise `FileError` where the file as a whole is wrong."""
    recognized = recognize(sheets, rules)
    checked = check_part(recognized, rules)
    refuse_shifted(checked.shifted)
    notes = (
        *checked.notes,
        *sum_up(checked.observations),
        *column_notes(checked.columns, rules.now),
        *unzoned_notes(checked.unzoned),
    )
    return replace(checked, notes=notes)


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
    # How days and decimals are written is told by all cells of a column, those of bad rows too; so it comes before any
    # of them is read.
    columns = columns_of(rows, tables)
    habits = tell_habits(others if knows_all else join_columns(others, columns), rules.now)
    clocks = TableClocks(tables, rules, habits)
    clients = check_mindbody(rows[target == Target.MINDBODY], rules, clocks)
    crossed = cross_check(clients.events, rules.reference, rules.now)
    rewards = prepare_rewards(rows[target == Target.REFERRAL_ROCK], clocks)
    of_reward, reward_failures = check_rewards(rewards, contradicted_elsewhere)
    failed = pd.concat([kind_failures, clients.failures, crossed.failures, reward_failures], ignore_index=True)
    is_bad = rows.index.isin(failed["index"])
    bad_sums = sum_bad_rows(_with_site(rows[is_bad], rules), target[is_bad], rewards["parsed_amount"])
    placed = rows.assign(cells=raw_cells(rows, target, tables)) if with_fingerprints else rows
    with_clock = rows.assign(clock=clients.clock)
    advice = Advice(tables, clocks, rules.currency)
    dates = rows.loc[of_reward.index, "eligibility_date"]
    sets_something = rewards["reward"].notna()
    return Checked(
        events=assemble_events(placed, [crossed.good, of_reward]),
        errors=describe(failed, with_clock, tables, advice),
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
        timed_days=int(has_time_of_day(dates).sum()),
        claims=rewards.loc[sets_something, CLAIM_COLUMNS],
        bad_sums=bad_sums,
    )


def _with_site(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return the rows with the site that holds where none stands beside them."""
    fallback = rules.fallback_site_id()
    if fallback is None:
        return rows
    site_ids = rows["site_id"].fillna(fallback)
    return rows.assign(site_id=site_ids)


def tell_kinds(rows: pd.DataFrame, tables: Sequence[Table]) -> tuple[pd.Series, pd.DataFrame]:
    """Return the target of every row, NA where it has none or two, and the failures of those.

    Where the headings of a sheet serve only one service, a row that fills neither side is of that one.
    """
    is_update = rows["reward_id"].notna()
    is_client = rows["client_id"].notna() | rows["action"].notna()
    target_of_table = {place: _only_target(table) for place, table in enumerate(tables)}
    target = rows["table"].map(target_of_table).astype("str")
    target = target.mask(target.isna() & is_update, Target.REFERRAL_ROCK.value)
    target = target.mask(target.isna() & is_client, Target.MINDBODY.value)
    code = pd.Series(None, index=rows.index, dtype="str")
    code[target.isna()] = Code.ROW_KIND_UNKNOWN.value
    # A row that fills both sides is refused, not read as two events: who wrote it meant one, and points that went out
    # by mistake are hard to take back.
    code[is_update & is_client] = Code.ROW_KIND_AMBIGUOUS.value
    is_refused = code.notna()
    of_whole_rows = _as_failures(code.dropna(), None)
    # No rule of a service will look at these rows, so what their cells hold is told here.
    of_cells = _cell_errors(rows[is_refused])
    failed = pd.concat([of_whole_rows, *of_cells], ignore_index=True)
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
        is_of_table = rows["table"].eq(place)
        for service, fields in _READ_FIELDS.items():
            of_service = rows[is_of_table & target.eq(service)]
            headings = {field: normalize_heading(table.heading(field) or "") for field in fields}
            found.append(digest_cells(of_service, headings))
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
    columns = {"index": codes.index, "field": field, "code": codes.to_numpy()}
    found = pd.DataFrame(columns)[FAILURE_COLUMNS]
    return found.astype({"index": "int64", "field": "str", "code": "str"})


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
