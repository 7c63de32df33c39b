"""Ids of rewards and payouts are GUIDs, which have no case: two spellings of one are the same reward.

Everything that compares them (keys, lanes, what an update replaces, settling, matching) compares what is given here;
what is sent, and what a person reads, keeps the spelling of the sheet. A client's id is another matter: the document
calls it text that the owner chose, so it is compared to the letter everywhere.
"""

import pandas as pd


def without_case(id_: object) -> str:
    """Return an id as it is compared.

    >>> without_case("3344D59A-7c5d-4215-B9E7-64decfd64324")
    '3344d59a-7c5d-4215-b9e7-64decfd64324'
    """
    return str(id_).lower()


def all_without_case(ids: pd.Series) -> pd.Series:
    """Return a column of ids as they are compared; NA where there is none."""
    # Text by text and not by the column's own lower(), which folds a few rare letters otherwise than Python does: the
    # lanes of a ledger and an answer of the service must never come to two spellings of one id.
    spelled = {id_: without_case(id_) for id_ in ids.dropna().unique()}
    return ids.map(spelled).astype("str")
