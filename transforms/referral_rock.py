"""Reward updates: the rules of Referral Rock's "POST api/rewards/update", and the typed rows."""

from collections.abc import Sequence

import pandas as pd
import pandera.pandas as pa

from transforms.cells import is_amount, parse_amounts
from transforms.failures import cell_check, failures, row_check, text
from transforms.headings import REFERRAL_ROCK_FIELDS
from transforms.times import Clock, parse_dates
from transforms.vocabulary import Code, Kind

_VALUES = ["payout_id", "amount", "eligibility_date", "description"]


def check_referral_rock(rows: pd.DataFrame, clocks: Sequence[Clock]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (events, failures) of the rows that update a reward.

    events: the good rows with their index and the columns of `transforms.events`. failures: see `failures`.
    All rows of a file must come in one call, since one reward may stand in several sheets.
    """
    dates = rows.groupby("table")["eligibility_date"]
    parsed = [parse_dates(texts, clocks[int(str(table))].date_order) for table, texts in dates]
    prepared = rows[list(REFERRAL_ROCK_FIELDS)].assign(
        eligibility_on=pd.concat(parsed) if parsed else rows["eligibility_date"],
        parsed_amount=parse_amounts(rows["amount"]),
    )
    prepared["is_conflicting"] = _is_conflicting(prepared)
    failed = failures(row_schema(), prepared)
    return _typed(prepared[~prepared.index.isin(failed["index"])]), failed


def row_schema() -> pa.DataFrameSchema:
    """Describe a prepared row: its cells as text, the date that was read, and whether another row contradicts it."""
    is_date = row_check(
        Code.ELIGIBILITY_DATE_UNREADABLE, lambda row: row["eligibility_date"].isna() | row["eligibility_on"].notna()
    )
    return pa.DataFrameSchema(
        {
            "reward_id": text(missing=Code.REWARD_ID_MISSING),
            "payout_id": text(missing=Code.PAYOUT_ID_MISSING),
            "amount": text(cell_check(Code.AMOUNT_UNREADABLE, is_amount)),
            "eligibility_date": text(),
            "description": text(),
            "is_conflicting": pa.Column(bool),
        },
        checks=[is_date, row_check(Code.REWARD_ID_CONFLICT, lambda row: ~row["is_conflicting"])],
    )


def _is_conflicting(rows: pd.DataFrame) -> pd.Series:
    """Tell rows whose reward is set to other values elsewhere in the file.

    Values are compared as read (5 and 5.00 are equal); what cannot be read is compared as text, so that a row with
    a bad cell still contradicts its twin, of which nobody can say that it is the right one.
    """
    values = rows[_VALUES].copy()
    values["amount"] = rows["parsed_amount"].where(rows["parsed_amount"].notna(), rows["amount"])
    values["eligibility_date"] = rows["eligibility_on"].fillna(rows["eligibility_date"])
    values["payout_id"] = rows["payout_id"].str.lower()
    reward_id = rows["reward_id"].str.lower()  # GUIDs: the service minds no case
    is_repeated = reward_id.notna() & reward_id.duplicated(keep=False)
    distinct = values[is_repeated].assign(reward_id=reward_id).drop_duplicates()
    contradicted = distinct.loc[distinct["reward_id"].duplicated(), "reward_id"]
    return is_repeated & reward_id.isin(contradicted)


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": pd.Series(Kind.REWARD_UPDATE.value, index=rows.index, dtype="str"),
            "reward_id": rows["reward_id"],
            "payout_id": rows["payout_id"],
            "amount": rows["parsed_amount"],
            "eligibility_on": rows["eligibility_on"],
            "description": rows["description"],
        }
    )
