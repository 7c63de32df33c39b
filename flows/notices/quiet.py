"""Keep messages of quiet hours until these are over, and send them then, all in one.

They lie beside the ledger, in `.notices/`, since the ledger may be what a message is about. A message is kept before
anything else remembers that it was told, and is dropped once every address took it: a crash between the two tells it
again, and never loses it. Whoever comes first after the quiet hours sends: `tieout status --notify` on its timer,
`tieout serve`, an upload, the next night; so one that is overdue goes also where it is quiet again.
"""

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias
from uuid import uuid4
from zoneinfo import ZoneInfo

from flows.notices.send import send_message
from flows.runtime.clock import utc_now
from flows.runtime.errors import said_of
from flows.runtime.progress import Say
from flows.runtime.secrets import line_of
from flows.runtime.whole_file import written_whole
from flows.settings.sections import Settings
from transforms.hours.quiet import parse_quiet_hours, quiet_until
from transforms.spoken_times import spoken_minute

Urgency: TypeAlias = Literal["not_started", "missed", "could_not_run"]  # what `notify.urgent` may name
_FOLDER = ".notices"


@dataclass(frozen=True)
class _Kept:
    """A message of quiet hours."""

    path: Path
    title: str
    body: str
    met_at: datetime
    until_at: datetime


def tell(settings: Settings, title: str, body: str, say: Say, urgency: Urgency | None = None) -> bool:
    """Send a message, or keep it where it is quiet; return whether it is on its way and need not be told again."""
    send_kept(settings, say)
    until = None if urgency in settings.notify.urgent else _quiet_until(settings)
    if until is None:
        return send_message(settings, title, body, say)
    try:
        _keep(settings, title, body, until)
    except OSError as error:
        # Better at a bad hour than not at all.
        say(f"The message cannot be kept for the end of the quiet hours, so it is sent now: {said_of(error)}")
        return send_message(settings, title, body, say)
    return True


def send_kept(settings: Settings, say: Say) -> None:
    """Send what quiet hours that are over have kept, in one message; what is not taken stays for the next time."""
    if not settings.notify.urls or not _folder(settings).is_dir():
        return
    try:
        with _alone(settings) as is_mine:
            if is_mine:
                _send_due(settings, say)
    except OSError as error:
        say(f"Messages of the quiet hours cannot be read: {said_of(error)} They stay.")


def _send_due(settings: Settings, say: Say) -> None:
    due = [kept for kept in _read(settings, say) if _is_due(settings, kept)]
    if not due:
        return
    is_taken = send_message(settings, _title_of(due), _body_of(settings, due), say)
    # Dropped only once every address took it: a crash before tells it again, and never loses it.
    for kept in due if is_taken else ():
        kept.path.unlink()


@dataclass(frozen=True)
class Waiting:
    """What quiet hours have kept and nobody has sent yet."""

    count: int
    overdue_count: int  # of them, those whose quiet hours are over
    overdue_since: datetime | None  # when the first of these hours ended, or the message came where none are set
    unreadable: Sequence[Path]


def waiting(settings: Settings) -> Waiting:
    """Return what is kept; nothing is sent. OSError where it cannot be looked at."""
    complaints: list[str] = []
    kept = list(_read(settings, complaints.append))
    due = [one for one in kept if _is_due(settings, one)]
    return Waiting(
        count=len(kept),
        overdue_count=len(due),
        overdue_since=_overdue_since(due),
        unreadable=_unreadable(settings, kept),
    )


def _overdue_since(due: Sequence[_Kept]) -> datetime | None:
    now = utc_now()
    # Where the settings name no quiet hours any more, one that ended later would be overdue in the future.
    return min((min(one.until_at, now) for one in due), default=None)


def _unreadable(settings: Settings, kept: Sequence[_Kept]) -> list[Path]:
    whole = {one.path for one in kept}
    return [path for path in sorted(_folder(settings).glob("*.json")) if path not in whole]


def _quiet_until(settings: Settings) -> datetime | None:
    hours = settings.notify.quiet_hours
    return None if hours is None else quiet_until(utc_now(), parse_quiet_hours(hours), _zone(settings))


def _zone(settings: Settings) -> str:
    return settings.notify.quiet_timezone or settings.shared_timezone


def _folder(settings: Settings) -> Path:
    return settings.root / _FOLDER


def _keep(settings: Settings, title: str, body: str, until: datetime) -> None:
    folder = _folder(settings)
    folder.mkdir(mode=0o700, exist_ok=True)
    now = utc_now()
    told = {
        "title": line_of(title),
        # Without the secrets that a service may have repeated: it lies on the disk for hours.
        "body": "\n".join(map(line_of, body.split("\n"))),
        "met_at": now.isoformat(),
        "until_at": until.isoformat(),
    }
    # By its time, so that they are told in their order; the rest keeps two processes apart.
    path = folder / f"{now:%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}.json"
    with written_whole(path) as part:
        part.touch(mode=0o600)
        part.write_text(json.dumps(told) + "\n", encoding="utf-8")


def _read(settings: Settings, say: Say) -> Iterator[_Kept]:
    for path in sorted(_folder(settings).glob("*.json")):
        try:
            yield _kept_in(path)
        except (ValueError, KeyError, TypeError):
            say(f"{path} is no message of ours any more: look at it, and remove it.")


def _kept_in(path: Path) -> _Kept:
    told = json.loads(path.read_text(encoding="utf-8"))
    return _Kept(
        path=path,
        title=str(told["title"]),
        body=str(told["body"]),
        met_at=datetime.fromisoformat(told["met_at"]),
        until_at=datetime.fromisoformat(told["until_at"]),
    )


def _is_due(settings: Settings, kept: _Kept) -> bool:
    """Return whether its quiet hours are over; where the settings name none any more, all are."""
    return settings.notify.quiet_hours is None or utc_now() >= kept.until_at


def _title_of(due: Sequence[_Kept]) -> str:
    return due[0].title if len(due) == 1 else f"tieout: {len(due)} messages of the quiet hours"


def _body_of(settings: Settings, due: Sequence[_Kept]) -> str:
    zone = ZoneInfo(_zone(settings))
    parts = []
    for kept in due:
        met = f"In the quiet hours, {spoken_minute(kept.met_at.astimezone(zone))}"
        parts.append(f"{met}: {kept.title}\n{kept.body}")
    return "\n\n".join(parts)


@contextmanager
def _alone(settings: Settings) -> Iterator[bool]:
    """Give whether this process alone sends what is kept; another one, at work at the same time, does it else."""
    with (_folder(settings) / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
