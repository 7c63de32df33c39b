"""Give every event its identity, so that the same event of another file is known again.

Key = target, site, client id, action, points, source, source id, time (UTC, to the second) and the occurrence
number among equal rows of the file; for a reward update, the reward and the values that it sets. A row without a
time, and a reward update, cannot be told apart by content alone, so the file's hash is part of their event id and
the ledger decides whether they are new (``sql.register``).
"""

from decimal import Decimal
from hashlib import blake2b

import pandas as pd

from transforms.vocabulary import Kind

_SEPARATOR = "\x1f"  # no cell holds it: control characters are dropped when cells are read
_REWARD_CONTENT = ["reward_id", "payout_id", "amount", "eligibility_on", "description"]
_CLIENT_CONTENT = ["target", "site_id", "client_id", "action", "points", "source", "source_id"]


def identify(events: pd.DataFrame, file_sha256: str, default_site_id: str = "") -> pd.DataFrame:
    """Add ``lane``, ``content_key``, ``occurrence``, ``is_dated``, ``ordinal`` and ``event_id``.

    Grain: one row per event of one file, order kept. ``event_id`` is unique in the frame, and equal for the same
    dated event of any other file.
    """
    is_update = events["kind"].eq(Kind.REWARD_UPDATE)
    is_dated = events["action_at"].notna() & ~is_update
    content_key = pd.concat([_client_keys(events[~is_update]), _reward_keys(events[is_update])]).reindex(events.index)
    occurrence = _occurrence(content_key, events["receipt"])
    in_file = f"{file_sha256}{_SEPARATOR}{default_site_id}"
    return events.assign(
        lane=_lanes(events, is_update),
        content_key=content_key,
        occurrence=occurrence,
        is_dated=is_dated,
        ordinal=range(len(events)),
        event_id=_digests([content_key, occurrence, pd.Series(in_file, index=events.index).where(~is_dated, "")]),
    )


def _client_keys(events: pd.DataFrame) -> pd.Series:
    at = events["action_at"]
    seconds = at.dt.as_unit("s").astype("int64").astype("str").where(at.notna())
    return _digests([pd.Series("client", index=events.index), *(events[name] for name in _CLIENT_CONTENT), seconds])


def _reward_keys(events: pd.DataFrame) -> pd.Series:
    # Ids of rewards and payouts are GUIDs, and the service minds no case; what is sent keeps the person's spelling.
    values = events[_REWARD_CONTENT].assign(
        amount=events["amount"].map(_plain_amount, na_action="ignore"),
        reward_id=events["reward_id"].str.lower(),
        payout_id=events["payout_id"].str.lower(),
    )
    return _digests([pd.Series("reward", index=events.index), *(values[name] for name in _REWARD_CONTENT)])


def _plain_amount(amount: Decimal) -> str:
    """Write equal amounts alike, whatever zeros they came with; every digit stays.

    >>> [_plain_amount(Decimal(text)) for text in ("25", "25.00", "2.5E1", "-0.0", "0.10", "100")]
    ['25', '25', '25', '0', '0.1', '100']
    """
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _occurrence(content_key: pd.Series, receipt: pd.Series) -> pd.Series:
    """Count equal rows from 1, those with a receipt first: what was added beside them is what is new."""
    equal = content_key[content_key.duplicated(keep=False)]
    receipts_first = equal.loc[receipt[equal.index].isna().sort_values(kind="stable").index]
    places = receipts_first.groupby(receipts_first).cumcount() + 1
    return places.reindex(content_key.index, fill_value=1)


def _lanes(events: pd.DataFrame, is_update: pd.Series) -> pd.Series:
    of_client = "mindbody:" + events["site_id"].fillna("") + ":" + events["client_id"].fillna("")
    return of_client.where(~is_update, "referral_rock:" + events["reward_id"].str.lower().fillna(""))


def _digests(columns: list[pd.Series]) -> pd.Series:
    """Return 24 hexadecimal digits per row: 96 bits, so a chance collision among 10^9 events has odds of 10^-11."""
    texts = (column.astype("str").to_numpy(dtype=object, na_value="").tolist() for column in columns)
    digests = [blake2b(_SEPARATOR.join(row).encode(), digest_size=12).hexdigest() for row in zip(*texts, strict=True)]
    return pd.Series(digests, index=columns[0].index, dtype="str")
