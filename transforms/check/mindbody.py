"""Earned and redeemed points: the rules of Mindbody's "Update Client Rewards Request", and the typed rows.

Left to others: whether SourceId exists and belongs to the client, which needs reference data
(`transforms.check.cross_check`).
"""

from collections.abc import Sequence

import pandas as pd
import pandera.pandas as pa

from transforms.check.failures import cell_check, failures, row_check, text
from transforms.check.lengths import not_too_long
from transforms.check.parameters import Rules
from transforms.sheets.cells import is_whole, parse_choice, parse_whole
from transforms.sheets.fields import MINDBODY_FIELDS
from transforms.sheets.ids import is_id
from transforms.sheets.times import Clock, parse_fractions, parse_times
from transforms.vocabulary import Action, Code, Source

POSTED_ACTIONS = (Action.EARNED, Action.REDEEMED)  # the other three come back on reads, and cannot be posted
_TIME_CODES = (
    Code.ACTION_TIME_UNREADABLE,
    Code.ACTION_TIME_IN_FUTURE,
    Code.ACTION_TIME_AMBIGUOUS,
    Code.ACTION_TIME_NONEXISTENT,
)


def check_mindbody(rows: pd.DataFrame, rules: Rules, clocks: Sequence[Clock]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (events, failures) of the rows that earn or redeem; `clocks` has one entry per table.

    events: the good rows with their index and the columns of `transforms.check.events`. failures: see `failures`.
    """
    prepared = _prepare(rows[["table", *MINDBODY_FIELDS]], rules, clocks)
    failed = failures(row_schema(rules), prepared)
    return _typed(prepared[~prepared.index.isin(failed["index"])]), failed


def row_schema(rules: Rules) -> pa.DataFrameSchema:
    """Describe a prepared row: its cells as text, the action as documented, and what is wrong with its time."""
    whole = cell_check(Code.POINTS_NOT_POSITIVE_INTEGER, is_whole)
    known_action = cell_check(Code.ACTION_UNKNOWN, lambda texts: parse_choice(texts, POSTED_ACTIONS).notna())
    row_checks = [
        row_check(Code.SOURCE_UNKNOWN, _has_known_source),
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


def _prepare(rows: pd.DataFrame, rules: Rules, clocks: Sequence[Clock]) -> pd.DataFrame:
    at, problem = _read_times(rows, rules, clocks)
    fallback = rules.fallback_site_id()
    return rows.assign(
        known_action=parse_choice(rows["action"], POSTED_ACTIONS),
        known_source=parse_choice(rows["source"], Source),
        action_at=at,
        time_problem=problem,
        site_id=rows["site_id"] if fallback is None else rows["site_id"].fillna(fallback),
    )


def _read_times(rows: pd.DataFrame, rules: Rules, clocks: Sequence[Clock]) -> tuple[pd.Series, pd.Series]:
    """Read the times of every table by its own clock."""
    # By the clock and not by the table: a workbook of a sheet for every day has one clock.
    clock_of = {table: clocks.index(clock) for table, clock in enumerate(clocks)}
    times = rows["action_date_time"].groupby(rows["table"].map(clock_of))
    parts = [parse_times(texts, clocks[int(str(first))], rules.now) for first, texts in times]
    if not parts:
        return parse_times(rows["action_date_time"], Clock(), rules.now)
    at = pd.concat([at for at, _ in parts])
    problem = pd.concat([problem for _, problem in parts])
    return at, problem


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
