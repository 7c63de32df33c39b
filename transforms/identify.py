"""Give every event its identity, so that the same event of another file is known again.

Key = target, site, client id, action, points, source, source id, time (UTC, to the second) and the occurrence
number among equal rows of the file; for a reward update, the reward and the values that it sets. A row without a
time, and a reward update, cannot be told apart by content alone, so the file's hash is part of their event id and
the ledger decides whether they are new (``sql.register``).
"""

from hashlib import blake2b

import pandas as pd

from transforms.vocabulary import Kind

_SEPARATOR = "\x1f"  # no cell holds it: control characters are errors of the cell
_REWARD_CONTENT = ["reward_id", "payout_id", "amount", "eligibility_on", "description"]
_CLIENT_CONTENT = ["target", "site_id", "client_id", "action", "points", "source", "source_id", "action_at"]


def identify(events: pd.DataFrame, file_sha256: str, default_site_id: str = "") -> pd.DataFrame:
    """Add ``lane``, ``content_key``, ``occurrence``, ``is_dated``, ``ordinal`` and ``event_id``.

    Grain: one row per event of one file, order kept. ``event_id`` is unique in the frame, and equal for the same
    dated event of any other file.
    """
    is_update = events["kind"].eq(Kind.REWARD_UPDATE)
    is_dated = events["action_at"].notna() & ~is_update
    content_key = pd.Series(_content_keys(events, is_update), index=events.index, dtype="str")
    occurrence = content_key.groupby(content_key).cumcount() + 1
    scope = pd.Series(f"{file_sha256}{_SEPARATOR}{default_site_id}", index=events.index).where(~is_dated, "")
    identity = zip(content_key, occurrence, scope, strict=True)
    return events.assign(
        lane=_lanes(events, is_update),
        content_key=content_key,
        occurrence=occurrence,
        is_dated=is_dated,
        ordinal=range(len(events)),
        event_id=pd.Series([_digest(*map(str, parts)) for parts in identity], index=events.index, dtype="str"),
    )


def _content_keys(events: pd.DataFrame, is_update: pd.Series) -> list[str]:
    texts = events.assign(action_at=events["action_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).astype("str").fillna("")
    by_client = texts[_CLIENT_CONTENT].itertuples(index=False, name=None)
    by_reward = texts[_REWARD_CONTENT].itertuples(index=False, name=None)
    return [
        _digest("reward", *reward) if update else _digest("client", *client)
        for update, client, reward in zip(is_update, by_client, by_reward, strict=True)
    ]


def _lanes(events: pd.DataFrame, is_update: pd.Series) -> pd.Series:
    of_client = (
        "mindbody:" + events["site_id"].astype("str").fillna("") + ":" + events["client_id"].astype("str").fillna("")
    )
    return of_client.where(~is_update, "referral_rock:" + events["reward_id"].astype("str").fillna(""))


def _digest(*parts: str) -> str:
    """Return 24 hexadecimal digits: 96 bits, so a chance collision among 10^9 events has odds of 10^-11."""
    return blake2b(_SEPARATOR.join(parts).encode(), digest_size=12).hexdigest()
