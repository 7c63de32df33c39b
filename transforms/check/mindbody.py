"""Earned and redeemed points: the rules of Mindbody's "Update Client Rewards Request", and the typed rows.

Left to others: whether SourceId exists and belongs to the client, which needs reference data
(`transforms.check.cross_check`).
"""

from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

from transforms.check.failures import cell_check, failures, row_check, text
from transforms.check.lengths import not_too_long
from transforms.check.parameters import Rules
from transforms.check.table_clocks import NO_CLOCK, TableClocks
from transforms.sheets.cells import is_whole, parse_choice, parse_whole
from transforms.sheets.fields import MINDBODY_FIELDS
from transforms.sheets.ids import is_id
from transforms.sheets.times import ReadTimes, parse_fractions, parse_times
from transforms.vocabulary import Action, Code, Source

POSTED_ACTIONS = (Action.EARNED, Action.REDEEMED)  # the other three come back on reads, and cannot be posted
_TIME_CODES = (
    Code.ACTION_TIME_UNREADABLE,
    Code.ACTION_TIME_IN_FUTURE,
    Code.ACTION_TIME_AMBIGUOUS,
    Code.ACTION_TIME_NONEXISTENT,
)


@dataclass(frozen=True)
class CheckedClients:
    """What became of rows that earn or redeem.

    events: the good rows with their index and the columns of `transforms.check.events`. failures: see `failures`.
    unzoned: rows, good or bad, whose time names no zone: `table`, `site_id`, `row`, `text`, `local`, and `clock`, the
    place of what holds for it in `TableClocks.saids`. clock: that place for every row.
    """

    events: pd.DataFrame
    failures: pd.DataFrame
    unzoned: pd.DataFrame
    clock: pd.Series


def check_mindbody(rows: pd.DataFrame, rules: Rules, clocks: TableClocks) -> CheckedClients:
    """Judge the rows that earn or redeem; `rows` has `table` and `row` beside the fields."""
    prepared = _prepare(rows[["table", *MINDBODY_FIELDS]], rules, clocks)
    failed = failures(row_schema(rules), prepared)
    is_bad = prepared.index.isin(failed["index"])
    return CheckedClients(
        events=_typed(prepared[~is_bad]),
        failures=failed,
        unzoned=_unzoned(prepared.assign(row=rows["row"])),
        clock=prepared["clock"],
    )


def row_schema(rules: Rules) -> pa.DataFrameSchema:
    """Describe a prepared row: its cells as text, the action as documented, and what is wrong with its time."""
    whole = cell_check(Code.POINTS_NOT_POSITIVE_INTEGER, is_whole)
    known_action = cell_check(Code.ACTION_UNKNOWN, lambda texts: parse_choice(texts, POSTED_ACTIONS).notna())
    row_checks = [
        row_check(Code.SOURCE_UNKNOWN, _has_known_source),
        # By the documents a redemption has no source. Here that is told with its cell; sent, it would cost a call and
        # come back as a refusal, which waits for a person.
        row_check(Code.SOURCE_WITH_REDEEMED, lambda row: ~_is_redeemed(row) | row["source"].isna()),
        row_check(Code.SOURCE_ID_WITHOUT_SOURCE, _has_source_for_its_id),
    ]
    if rules.require_source:
        row_checks.append(row_check(Code.SOURCE_MISSING, lambda row: ~_is_earned(row) | row["source"].notna()))
    return pa.DataFrameSchema(
        {
            "client_id": text(
                not_too_long("client_id"),
                cell_check(Code.CLIENT_ID_UNREADABLE, is_id),
                missing=Code.CLIENT_ID_MISSING,
            ),
            "points": text(whole, missing=Code.POINTS_MISSING),
            "action": text(known_action, missing=Code.ACTION_MISSING),
            "source": text(),
            "source_id": text(cell_check(Code.SOURCE_ID_NOT_POSITIVE_INTEGER, is_whole)),
            "action_date_time": text(),
            "time_problem": pa.Column(str, [_is_not(code) for code in _TIME_CODES], nullable=True),
            "site_id": text(not_too_long("site_id"), *_known_site(rules), missing=Code.SITE_UNKNOWN),
        },
        checks=row_checks,
    )


def _prepare(rows: pd.DataFrame, rules: Rules, clocks: TableClocks) -> pd.DataFrame:
    fallback = rules.fallback_site_id()
    # A row that names no site is of the site whose inbox it lay in. What stands in the cell goes before that: one sheet
    # may be for several studios.
    site_id = rows["site_id"] if fallback is None else rows["site_id"].fillna(fallback)
    clock = clocks.places(rows["table"], site_id)
    read = _read_times(rows["action_date_time"], clock, rules, clocks)
    return rows.assign(
        known_action=parse_choice(rows["action"], POSTED_ACTIONS),
        known_source=parse_choice(rows["source"], Source),
        action_at=read.at,
        time_problem=read.problem,
        local=read.local,
        clock=clock,
        site_id=site_id,
    )


def _read_times(texts: pd.Series, clock: pd.Series, rules: Rules, clocks: TableClocks) -> ReadTimes:
    """Read the times of every table and site by their own clock."""
    parts: list[ReadTimes] = []
    for place, times in texts.groupby(clock):
        own_clock = clocks.clock(int(str(place)))
        parts.append(parse_times(times, own_clock, rules.now))
    if not parts:
        return parse_times(texts, NO_CLOCK, rules.now)
    # Nearly all files are of one site, and need no copy.
    if len(parts) == 1:
        return parts[0]
    return ReadTimes(
        at=pd.concat([read.at for read in parts]),
        problem=pd.concat([read.problem for read in parts]),
        local=pd.concat([read.local for read in parts]),
    )


def _unzoned(prepared: pd.DataFrame) -> pd.DataFrame:
    # Rows of no known site are rejected, and nobody needs to be asked about them.
    names_none = prepared["local"].notna() & prepared["site_id"].notna()
    return prepared.loc[names_none, ["table", "site_id", "row", "local", "clock"]].assign(
        text=prepared["action_date_time"]
    )


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": rows["known_action"].str.lower(),
            "site_id": rows["site_id"],
            "client_id": rows["client_id"],
            "action": rows["known_action"],
            "points": parse_whole(rows["points"]),
            "source": rows["known_source"],
            "source_id": parse_whole(rows["source_id"]),
            "action_at": rows["action_at"],
            "action_fraction": parse_fractions(rows["action_date_time"]),
        }
    )


def _is_earned(row: pd.DataFrame) -> pd.Series:
    return row["known_action"] == Action.EARNED


def _is_redeemed(row: pd.DataFrame) -> pd.Series:
    return row["known_action"] == Action.REDEEMED


def _has_known_source(row: pd.DataFrame) -> pd.Series:
    """Judge the source of a row whose action cannot be read as well: it would be wrong in either case."""
    return _is_redeemed(row) | row["source"].isna() | row["known_source"].notna()


def _has_source_for_its_id(row: pd.DataFrame) -> pd.Series:
    return ~_is_earned(row) | row["source_id"].isna() | row["source"].notna()


def _is_not(code: Code) -> pa.Check:
    return cell_check(code, lambda problems: problems != code.value)


def _known_site(rules: Rules) -> list[pa.Check]:
    return [cell_check(Code.SITE_UNKNOWN, lambda ids: ids.isin(rules.site_ids))] if rules.site_ids else []
