"""Reward updates: the rules of Referral Rock's "POST api/rewards/update", and the typed rows."""

import pandas as pd
import pandera.pandas as pa

from transforms.check.failures import cell_check, failures, no_failures, row_check, text
from transforms.check.lengths import not_too_long
from transforms.check.table_clocks import TableClocks
from transforms.identity.digests import digests
from transforms.identity.equal_rows import find_contradicted
from transforms.identity.reward_ids import all_without_case
from transforms.sheets.amount_signs import without_doubt
from transforms.sheets.cells import parse_amounts
from transforms.sheets.fields import REFERRAL_ROCK_FIELDS
from transforms.sheets.ids import is_id
from transforms.sheets.times import parse_dates
from transforms.vocabulary import Code, Kind

CLAIM_COLUMNS = ["reward", "values"]


def prepare_rewards(rows: pd.DataFrame, clocks: TableClocks) -> pd.DataFrame:
    """Read the cells of the rows that update a reward.

    Adds `eligibility_on`, `parsed_amount`, and `reward` and `values`, by which rows contradict each other.
    """
    # Never none of them, so that there is something to put together of a file without rewards.
    dates = [rows["eligibility_date"].iloc[:0]]
    amounts = [rows["amount"].iloc[:0]]
    # How days and decimals are written is told table by table: 1.500 may be one and a half in the one, and fifteen
    # hundred in the other.
    for place, of_table in rows.groupby("table"):
        table = int(str(place))
        of_dates = clocks.of_dates(table, "eligibility_date")
        dates.append(parse_dates(of_table["eligibility_date"], of_dates))
        amounts.append(without_doubt(of_table["amount"], clocks.of_amounts(table)))
    sure_amounts = pd.concat(amounts).reindex(rows.index)
    prepared = rows[list(REFERRAL_ROCK_FIELDS)].assign(
        eligibility_on=pd.concat(dates),
        parsed_amount=parse_amounts(sure_amounts),
    )
    return prepared.assign(**_claims(prepared))


def check_rewards(
    prepared: pd.DataFrame, contradicted_elsewhere: pd.Index | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (events, failures) of prepared rows that update a reward.

    events: the good rows with their index and the columns of `transforms.check.events`. failures: see `failures`.
    Where these are not all rows of the file, `contradicted_elsewhere` are those whose reward other parts set to other
    values.
    """
    if prepared.empty:  # most files are for one service, and to compare nothing takes its time, too
        return _typed(prepared), no_failures()
    claims = prepared.loc[prepared["reward"].notna(), CLAIM_COLUMNS]
    is_conflicting = prepared.index.isin(find_contradicted(claims, ["reward"], ["values"]))
    if contradicted_elsewhere is not None:
        is_conflicting |= prepared.index.isin(contradicted_elsewhere)
    prepared = prepared.assign(is_conflicting=is_conflicting)
    failed = failures(row_schema(), prepared)
    return _typed(prepared[~prepared.index.isin(failed["index"])]), failed


def row_schema() -> pa.DataFrameSchema:
    """Describe a prepared row: its cells as text, the date that was read, and whether another row contradicts it."""
    is_date = row_check(
        Code.ELIGIBILITY_DATE_UNREADABLE, lambda row: row["eligibility_date"].isna() | row["eligibility_on"].notna()
    )
    is_number = row_check(Code.AMOUNT_UNREADABLE, lambda row: row["amount"].isna() | row["parsed_amount"].notna())
    return pa.DataFrameSchema(
        {
            "reward_id": text(
                not_too_long("reward_id"),
                cell_check(Code.REWARD_ID_UNREADABLE, is_id),
                missing=Code.REWARD_ID_MISSING,
            ),
            "payout_id": text(
                not_too_long("payout_id"),
                cell_check(Code.PAYOUT_ID_UNREADABLE, is_id),
                missing=Code.PAYOUT_ID_MISSING,
            ),
            "amount": text(),
            "eligibility_date": text(),
            "description": text(not_too_long("description")),
            "is_conflicting": pa.Column(bool),
        },
        checks=[is_date, is_number, row_check(Code.REWARD_ID_CONFLICT, lambda row: ~row["is_conflicting"])],
    )


def _claims(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return `reward` and `values`: rows that are equal in the first and not in the second contradict each other.

    Values are compared as read (5 and 5.00 are equal); what cannot be read is compared as text, so that a row with
    a bad cell still contradicts its twin, of which nobody can say that it is the right one. `reward` is NA where there
    is none.
    """
    reward_id = all_without_case(rows["reward_id"])
    amount = rows["parsed_amount"].map(str, na_action="ignore").astype("str").fillna(rows["amount"])
    date = rows["eligibility_on"].fillna(rows["eligibility_date"])
    return {
        "reward": digests([reward_id]).where(reward_id.notna()),
        "values": digests([all_without_case(rows["payout_id"]), amount, date, rows["description"]]),
    }


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
