"""Tell a person, and scripts, what may be removed, what stays, and why."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from flows.keeping.find import House, limits_of
from flows.keeping.thing import Thing
from flows.ledger.removed import removed_path
from flows.settings.sections import Settings
from transforms.keeping import Leaving

_SHOWN = 5  # of each kind, the oldest; all of them stand in --json, and where they are written down
_KEYS = {
    "archive": "keep.archive_days",
    "snapshots": "keep.snapshots_days",
    "reports": "keep.reports_days",
    "rejected": "keep.rejected_days",
    "not-sent": "keep.not_sent_days",
    "desk": "keep.desk_days",
}


def house_lines(settings: Settings, house: House) -> Iterator[str]:
    """Yield what may be removed and what stays though it is old."""
    limits = limits_of(settings)
    for kind, days in limits.days.items():
        things = [thing for thing in house.removable if thing.kind is kind]
        yield f"{kind}: {_kept_for(kind, days)}; to be removed: {_counted(things)}"
        yield from _names(settings, things)
    staying = Counter((thing.kind, reason) for thing, reason in house.staying)
    for (kind, reason), count in sorted(staying.items()):
        yield f"{count:,} of {kind} stay though they are older: {reason}"


def _kept_for(kind: Leaving, days: int | None) -> str:
    if kind is Leaving.HALF:
        return "what a process that was killed was writing, kept for a day"
    how_long = "for ever" if days is None else f"for {days:,} days"
    return f"kept {how_long} ({_KEYS[kind]})"


def removal_lines(settings: Settings, house: House) -> Iterator[str]:
    """Yield what a night is about to remove; nothing where there is nothing."""
    if house.removable:
        yield f"keeping house: removing {_counted(house.removable)}; each is named in {removed_path(settings)}"
        yield from _names(settings, house.removable)


def house_json(settings: Settings, house: House, removed: Sequence[Thing], failures: Sequence[str]) -> dict[str, Any]:
    """Return the documented object."""
    return {
        "removable": [_record(settings, thing) for thing in house.removable],
        "staying": [{**_record(settings, thing), "reason": reason} for thing, reason in house.staying],
        "removed": len(removed),
        "bytes": sum(thing.size_bytes for thing in removed),
        "failures": list(failures),
    }


def _record(settings: Settings, thing: Thing) -> dict[str, Any]:
    return {
        "kind": thing.kind.value,
        "path": str(thing.path.relative_to(settings.root)),
        "since": f"{thing.since_at:%Y-%m-%dT%H:%M:%SZ}",
        "bytes": thing.size_bytes,
    }


def _names(settings: Settings, things: Sequence[Thing]) -> Iterator[str]:
    for thing in things[:_SHOWN]:
        yield f"  {thing.path.relative_to(settings.root)}, of {thing.since_at:%Y-%m-%d}"
    if len(things) > _SHOWN:
        yield f"  and {len(things) - _SHOWN:,} more"


def _counted(things: Sequence[Thing]) -> str:
    if not things:
        return "nothing"
    mebibytes = sum(thing.size_bytes for thing in things) / 1024**2
    return f"{len(things):,} ({mebibytes:,.1f} MiB)"
