"""What is known of a break, in one sentence with the figures of both sides."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from transforms.match.reconciled import Client
from transforms.vocabulary import Outcome

_HOUR = timedelta(hours=1)
# How a detail begins where a side could not be read: of such a one nobody may say that it is not there.
NOBODY_LOOKED = "Nobody could look, so nothing is known of what the service shows"


def describe_transactions(
    matched: pd.DataFrame, zones: Mapping[str, ZoneInfo], unread: Mapping[Client, str]
) -> pd.DataFrame:
    """Add ``detail`` to the outcomes of `transforms.match.transactions.match_transactions`, null for what matched.

    ``unread``: why a client could not be read. Of such a client nothing is said about what the service shows: whoever
    reads "no such entry" of an event in doubt rules that it was not posted, and it would be paid twice.
    """
    return _described(matched, lambda row: _about_client(row, zones, unread))


def describe_rewards(matched: pd.DataFrame, unread: Mapping[str, str]) -> pd.DataFrame:
    """Add ``detail`` to the outcomes of `transforms.match.rewards.match_rewards`, null for what matched.

    ``unread``: why a reward's values could not be read, by its id in lower case.
    """
    return _described(matched, lambda row: _about_readable_reward(row, unread))


def _about_readable_reward(row: Any, unread: Mapping[str, str]) -> str | None:
    why = unread.get(row.reward_id.lower())
    if why is not None:
        return f"{NOBODY_LOOKED}: {why}."
    return _about_reward(row)


def _described(matched: pd.DataFrame, about: Any) -> pd.DataFrame:
    # Only the breaks are gone through row by row: a million matched rows need no words.
    is_break = matched["outcome"].ne(Outcome.MATCHED)
    broken = matched[is_break]
    told = [about(row) for row in broken.itertuples()]
    details = pd.Series(told, index=broken.index, dtype="str")
    return matched.assign(detail=details.reindex(matched.index))


def _about_client(row: Any, zones: Mapping[str, ZoneInfo], unread: Mapping[Client, str]) -> str | None:
    why = unread.get((row.site_id, row.client_id))
    if why is not None:
        return f"{NOBODY_LOOKED}: {why}"
    return _about_transaction(row, zones.get(row.site_id))


def _about_transaction(row: Any, zone: ZoneInfo | None) -> str | None:
    match row.outcome:
        case Outcome.TIME_MISMATCH:
            times = _both("at", ours=_utc(row.action_at), theirs=_utc(row.remote_at))
            apart = zone_slip(row.action_at, row.remote_at, zone)
            return f"{times}: {apart}."
        case Outcome.AMOUNT_MISMATCH:
            points = _both("points", ours=f"{row.points:,}", theirs=f"{row.remote_points:,}")
            return f"{row.action}: {points}."
        case Outcome.STATUS_MISMATCH:
            return f"Refused by its own account, and the service shows {_entry(row)}."
        case Outcome.UNEXPECTED_REMOTE | Outcome.DUPLICATE_REMOTE | Outcome.REVERSED_REMOTE:
            return f"The service shows {_entry(row)}."
        case Outcome.UNKNOWN:
            shown = "no such entry" if pd.isna(row.remote_id) else _entry(row)
            return f"The service shows {shown}."
        case _:
            return f"The ledger has {row.action} {row.points:,} points at {_utc(row.action_at)}."


def _entry(row: Any) -> str:
    return f"{row.action} {row.remote_points:,} points at {_utc(row.remote_at)}"


def zone_slip(ours: datetime, theirs: datetime, zone: ZoneInfo | None) -> str:
    """Say how far apart two times are, and whether it is just what a zone makes.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    >>> zone_slip(noon, noon + timedelta(hours=7), ZoneInfo("America/Los_Angeles"))
    "7:00:00 later, exactly the zone's offset from UTC: a local time was taken for UTC"
    """
    apart = theirs - ours
    direction = "later" if apart > timedelta(0) else "earlier"
    # As a plain timedelta, since pandas would write "0 days 07:00:00".
    told = f"{timedelta(seconds=abs(apart).total_seconds())} {direction}"
    # The offset is that of either time: a slip across the change of the clocks moves by the one of the other season.
    offsets = set() if zone is None else {_offset(ours, zone), _offset(theirs, zone)}
    # A zone that is on UTC explains nothing.
    offsets -= {timedelta(0)}
    if -apart in offsets:
        return f"{told}, exactly the zone's offset from UTC: a local time was taken for UTC"
    if apart in offsets:
        return f"{told}, exactly the zone's offset from UTC: a UTC time was taken for local"
    return f"{told}, as a clock change makes" if abs(apart) == _HOUR else told


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _about_reward(row: Any) -> str | None:
    match row.outcome:
        case Outcome.AMOUNT_MISMATCH:
            shown = "none" if pd.isna(row.remote_amount) else row.remote_amount
            return f"{_both('amount', ours=row.amount, theirs=shown)}."
        case Outcome.TIME_MISMATCH | Outcome.STATUS_MISMATCH:
            shown = "nothing" if pd.isna(row.theirs) else _told(row.theirs)
            return f"{_both(row.field, ours=_told(row.ours), theirs=shown)}."
        case Outcome.LATE | Outcome.MISSING_REMOTE:
            return "The service does not list the reward."
        case _:
            return None


def _told(value: object) -> object:
    """Return a text in quotes, its line breaks as they are written: two texts may differ in nothing that is seen."""
    return repr(value) if isinstance(value, str) and value != " ".join(value.split()) else value


def _both(name: str, *, ours: object, theirs: object) -> str:
    return f"{name}: ledger {ours}, service {theirs}"


def _utc(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
