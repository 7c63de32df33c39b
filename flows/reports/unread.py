"""What nobody could look at, as frames hold it: one row per thing."""

from collections.abc import Iterable

import pandas as pd

from flows.ledger.not_read import not_read_of_before
from transforms.destinations import NotRead
from transforms.vocabulary import Unread


def unread_frame(not_read: Iterable[NotRead]) -> pd.DataFrame:
    """Return a row per thing: what, why, kind (`Unread`) and site_id ("" where it has none), all texts."""
    return pd.DataFrame(list(not_read), columns=list(NotRead._fields), dtype="str")


def unread_in(frame: pd.DataFrame) -> list[NotRead]:
    """Return the things of a frame; of one that was kept before it told their kinds, as their names tell."""
    rows = frame.to_dict("records")
    if "kind" not in frame:
        return [not_read_of_before(row["what"], row["why"]) for row in rows]
    return [NotRead(row["what"], row["why"], Unread(row["kind"]), row["site_id"]) for row in rows]
