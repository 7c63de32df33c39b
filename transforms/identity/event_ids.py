"""Give every event its identity, so that the same event of another file is known again.

Key = target, site, client id, action, points, source, source id, time (UTC, to the second) and the occurrence
number among equal rows of the file; for a reward update, the reward and the values that it sets. A row without a
time, and a reward update, cannot be told apart by content alone, so the file's hash is part of their event id and
the ledger decides whether they are new (``sql.register``).
"""

from decimal import Decimal

import pandas as pd

from transforms.destinations import LANES_OF_CLIENTS, LANES_OF_REWARDS
from transforms.identity.digests import SEPARATOR, digests
from transforms.identity.equal_rows import number_equal_rows
from transforms.identity.reward_ids import all_without_case
from transforms.vocabulary import Kind

_REWARD_CONTENT = ["reward_id", "payout_id", "amount", "eligibility_on", "description"]
_CLIENT_CONTENT = ["target", "site_id", "client_id", "action", "points", "source", "source_id"]


def identify(events: pd.DataFrame, file_sha256: str, default_site_id: str = "") -> pd.DataFrame:
    """Add ``lane``, ``content_key``, ``is_dated``, ``occurrence``, ``ordinal`` and ``event_id``.

    Grain: one row per event of one file, order kept. ``event_id`` is unique in the frame, and equal for the same
    dated event of any other file.
    """
    keyed = add_content_keys(events)
    in_file = pd.DataFrame(
        {"key": keyed["content_key"], "has_receipt": keyed["receipt"].notna(), "ordinal": range(len(keyed))}
    )
    return add_event_ids(keyed, number_equal_rows(in_file, ["key"]), file_sha256, default_site_id)


def add_content_keys(events: pd.DataFrame) -> pd.DataFrame:
    """Add what an event says of itself: ``lane``, ``content_key``, ``is_dated``."""
    is_update = events["kind"].eq(Kind.REWARD_UPDATE)
    content_key = _client_keys(events[~is_update])
    if is_update.any():
        content_key = pd.concat([content_key, _reward_keys(events[is_update])]).reindex(events.index)
    return events.assign(
        lane=_lanes(events, is_update),
        content_key=content_key,
        is_dated=events["action_at"].notna() & ~is_update,
    )


def add_event_ids(
    keyed: pd.DataFrame, numbers: pd.Series, file_sha256: str, default_site_id: str = "", first_ordinal: int = 0
) -> pd.DataFrame:
    """Add ``occurrence``, ``ordinal`` and ``event_id`` to events that have their content keys.

    `numbers` has the occurrence of rows that have an equal one in the file, by the index of `keyed`; the others are
    the first and only ones. `first_ordinal` is how many events of the file come before.
    """
    occurrence = pd.Series(1, index=keyed.index)
    occurrence[numbers.index] = numbers
    # An event with a time is the same in every file that names it, so that a sheet sent twice posts it once. Without a
    # time last week's visit and this week's look alike: there the file is part of the id, and the ledger decides. To
    # the ledger a file is its bytes and the site of its inbox, so both are named.
    file_and_site = f"{file_sha256}{SEPARATOR}{default_site_id}"
    of_file = pd.Series(file_and_site, index=keyed.index, dtype="str").where(~keyed["is_dated"], "")
    return keyed.assign(
        occurrence=occurrence,
        ordinal=range(first_ordinal, first_ordinal + len(keyed)),
        event_id=digests([keyed["content_key"], occurrence, of_file]),
    )


def dated_event_id(content_key: str, occurrence: int) -> str:
    """Return the id of the nth event with this content, as `add_event_ids` gives it to rows with a time."""
    no_file = ""
    parts = [pd.Series([value]) for value in (content_key, occurrence, no_file)]
    return str(digests(parts).iloc[0])


def _client_keys(events: pd.DataFrame) -> pd.Series:
    at = events["action_at"]
    # As a number of seconds, so that no way of writing a time can change a key.
    seconds = at.dt.as_unit("s").astype("int64").astype("str").where(at.notna())
    # The word in front keeps the keys of both services apart, whatever their columns hold.
    service = pd.Series("client", index=events.index)
    content = [events[name] for name in _CLIENT_CONTENT]
    return digests([service, *content, seconds])


def _reward_keys(events: pd.DataFrame) -> pd.Series:
    values = events[_REWARD_CONTENT].assign(
        amount=events["amount"].map(_plain_amount, na_action="ignore"),
        reward_id=all_without_case(events["reward_id"]),
        payout_id=all_without_case(events["payout_id"]),
    )
    service = pd.Series("reward", index=events.index)
    content = [values[name] for name in _REWARD_CONTENT]
    return digests([service, *content])


def _plain_amount(amount: Decimal) -> str:
    """Write equal amounts alike, whatever zeros they came with; every digit stays.

    >>> [_plain_amount(Decimal(text)) for text in ("25", "25.00", "2.5E1", "-0.0", "0.10", "100")]
    ['25', '25', '25', '0', '0.1', '100']
    """
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _lanes(events: pd.DataFrame, is_update: pd.Series) -> pd.Series:
    """Return the lane of each event, as `transforms.destinations` writes it, column by column."""
    site_ids = events["site_id"].fillna("")
    client_ids = events["client_id"].fillna("")
    reward_ids = all_without_case(events["reward_id"]).fillna("")
    of_client = LANES_OF_CLIENTS + site_ids + ":" + client_ids
    of_reward = LANES_OF_REWARDS + reward_ids
    return of_client.where(~is_update, of_reward)
