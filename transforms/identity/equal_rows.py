"""What rows of one file say about each other: which are equal, and which contradict each other.

Nothing else about a row depends on the others. The keys may be columns of any type; rows are compared within the frame
only, so whoever reads a file in parts gathers the keys of all parts, or deals them out so that equal ones meet.
"""

from collections.abc import Sequence

import pandas as pd


def number_equal_rows(rows: pd.DataFrame, key: Sequence[str]) -> pd.Series:
    """Give equal rows their numbers, those with a receipt first: what was added beside them is what is new.

    `rows` has the key, `has_receipt` and `ordinal` (place in the file). Returned are only rows that have an equal, with
    their index.
    """
    has_equal = rows.duplicated(key, keep=False)
    # A row with a receipt was sent, whatever stands above it. What somebody added there must be the second one, which
    # nobody has met: as the first it would pass for the one that was sent, and never be paid.
    ordered = rows[has_equal].sort_values(["has_receipt", "ordinal"], ascending=[False, True])
    return ordered.groupby(list(key)).cumcount() + 1


def find_contradicted(rows: pd.DataFrame, key: Sequence[str], values: Sequence[str]) -> pd.Index:
    """Return the index of all rows whose key is there with other values too."""
    repeated = rows[rows.duplicated(key, keep=False)]
    # With equal values dropped, a key that is still there twice has two different ones.
    distinct = repeated.drop_duplicates([*key, *values])
    contradicted = distinct.loc[distinct.duplicated(key), list(key)].drop_duplicates()
    # All rows of such a key are told, the first one as well: nobody can say which of them is right.
    found = repeated.reset_index(names="row_label").merge(contradicted, on=list(key), validate="many_to_one")
    labels: pd.Index = pd.Index(found["row_label"])
    return labels
