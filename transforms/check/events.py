"""The typed frame of good rows: what everything after the check may rely on."""

from decimal import Decimal

import pandas as pd
import pandera.pandas as pa

from transforms.identity.raw_rows import fingerprints
from transforms.sheets.distinct import say_of_each
from transforms.vocabulary import Kind, Target

_EXACT = pa.Check(lambda amounts: amounts.map(lambda a: isinstance(a, Decimal)), name="amount is a Decimal")

# One row per good row, in the order of the file. Empty is NA; in `amount` None.
EVENTS = pa.DataFrameSchema(
    {
        "sheet": pa.Column(str, nullable=True),
        "row": pa.Column("int64", pa.Check.ge(1)),
        "kind": pa.Column(str, pa.Check.isin([kind.value for kind in Kind])),
        "target": pa.Column(str, pa.Check.isin([target.value for target in Target])),
        "site_id": pa.Column(str, nullable=True),
        "client_id": pa.Column(str, nullable=True),
        "action": pa.Column(str, nullable=True),
        "points": pa.Column("Int64", pa.Check.ge(1), nullable=True),
        "source": pa.Column(str, nullable=True),
        "source_id": pa.Column("Int64", pa.Check.ge(1), nullable=True),
        "action_at": pa.Column("datetime64[us, UTC]", nullable=True),  # to the second
        "action_fraction": pa.Column(str, nullable=True),  # digits after the second, as shown
        "reward_id": pa.Column(str, nullable=True),
        "payout_id": pa.Column(str, nullable=True),
        "amount": pa.Column(object, _EXACT, nullable=True),
        "eligibility_on": pa.Column(str, nullable=True),  # ISO date
        "description": pa.Column(str, nullable=True),
        "receipt": pa.Column(str, nullable=True),
        "staff": pa.Column(str, nullable=True),  # who is named beside it; for totals alone
        "fingerprint": pa.Column("Int64", nullable=True),  # of the raw cells (`transforms.identity.raw_rows`)
    },
    index=pa.Index("int64", unique=True),
    ordered=True,
    strict=True,
)
_TARGET_OF = {kind.value: kind.target.value for kind in Kind}


def assemble_events(rows: pd.DataFrame, typed: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the typed rows of both services into one frame in file order; raise pandera's SchemaError where it is wrong.

    `rows` gives sheet, row, receipt, staff and, where fingerprints are wanted, cells (`transforms.identity.raw_rows`);
    the index is renewed.
    """
    values = _in_file_order(typed)
    place = rows.loc[values.index, ["sheet", "row", "receipt", "staff"]]
    known = place.join(values, validate="one_to_one")
    known["target"] = say_of_each(known["kind"], _TARGET_OF.get)
    if "cells" in rows:
        site_ids = known["site_id"] if "site_id" in known else pd.Series(None, index=known.index, dtype="str")
        known["fingerprint"] = fingerprints(rows.loc[known.index, "cells"], site_ids)
    known = known.reset_index(drop=True)
    events = pd.DataFrame({name: _column(known, name) for name in EVENTS.columns})
    return EVENTS.validate(events, inplace=True)


def _in_file_order(typed: list[pd.DataFrame]) -> pd.DataFrame:
    # Most files are for one service, whose rows are in order already: a million of them need no sorting.
    filled = [part for part in typed if len(part)]
    if len(filled) == 1:
        return filled[0]
    return pd.concat(typed).sort_index()


def _column(known: pd.DataFrame, name: str) -> pd.Series:
    """Return a column with its dtype, empty where neither service has it."""
    # pandera spells pandas' str as "string[python]", which is another dtype with another NA when it is asked for.
    dtype = str(EVENTS.columns[name].dtype).replace("string[python]", "str")
    if name not in known:
        return pd.Series(None, index=known.index, dtype=dtype)
    column: pd.Series = known[name].astype(dtype)  # type: ignore[call-overload]  # a dtype by its name
    if name != "amount":
        return column
    # Among Decimals nothing is None: a NaN would be a number to the database.
    return column.where(column.notna(), None)
