"""Put together how it stands, from the ledger alone: no service is asked and no call is counted."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.runtime.errors import ExitCode
from flows.settings.sections import Settings
from flows.status.schedule import Schedule, schedule_and_start
from sql.budget import calls_made
from sql.recovery import recovering_left
from sql.runs import last_nights, waiting_counts
from transforms.nights import DEAD_AFTER, DueNights, Night, NightState, find_due_nights, state_of_night
from transforms.vocabulary import Target

_MOST_NIGHTS = 100  # the last one that ran is among them unless a hundred in a row could not


@dataclass(frozen=True)
class Status:
    """How it stands at ``now``; times are aware, counts are of the whole ledger unless said otherwise."""

    now: datetime
    schedule: Schedule | None  # None: nobody ever planned a night
    last_night: Night | None
    next_night: datetime | None
    due: DueNights
    waits: dict[str, int]  # for a person; what is rejected or not read is so of the last night
    pending: int  # sent by the next run
    kept: int  # of sites that left the settings, as a person decided
    to_recover: int  # of a lost or older ledger, and not looked at yet: nothing of their clients is sent
    calls_made: int  # today (UTC), at Mindbody
    calls_per_day: int

    @property
    def last_state(self) -> NightState | None:
        """How the last night stands; None before the first."""
        return None if self.last_night is None else state_of_night(self.last_night, self.now)

    @property
    def has_missed(self) -> bool:
        """Whether a night was due and did not run to its end, and none has made up for it since."""
        return bool(self.due.missed) or self.last_state in (NightState.DIED, NightState.COULD_NOT_START)

    @property
    def exit_code(self) -> ExitCode:
        """3 where a night did not run, 1 where something waits for a person, else 0."""
        if self.has_missed:
            return ExitCode.COULD_NOT_RUN
        if any(self.waits.values()) or self.to_recover or not self._is_last_night_well:
            return ExitCode.NEEDS_A_PERSON
        return ExitCode.TIES_OUT

    @property
    def _is_last_night_well(self) -> bool:
        """Whether the last night did all it had to, and tied; a night that has not ended is not judged yet."""
        night = self.last_night
        if night is None:
            return True
        ties_out = (night.summary or {}).get("ties_out", True)
        return night.failure is None and bool(ties_out)

    def local(self, moment: datetime) -> datetime:
        """Return the moment on the schedule's clock; UTC without a schedule."""
        zone = self.schedule.timezone if self.schedule else "UTC"
        return moment.astimezone(ZoneInfo(zone))

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``--json``; times bear their offset."""
        return {
            "last_night": self._night_json(),
            "next_night": self._text(self.next_night),
            "schedule": vars(self.schedule) if self.schedule else None,
            "missed": [self._text(at) for at in self.due.missed],
            "late": self._text(self.due.late),
            "waits": self.waits,
            "pending": self.pending,
            "kept": self.kept,
            "to_recover": self.to_recover,
            "calls_made": self.calls_made,
            "calls_left": max(0, self.calls_per_day - self.calls_made),
        }

    def _night_json(self) -> dict[str, Any] | None:
        night = self.last_night
        if night is None:
            return None
        summary = night.summary or {}
        return {
            "run_id": night.run_id,
            "state": str(self.last_state),
            "started_at": self._text(night.started_at),
            "finished_at": self._text(night.finished_at),
            "ties_out": summary.get("ties_out"),
            "agrees": summary.get("agrees"),
            "failure": night.failure,
            "report": summary.get("report"),
        }

    def _text(self, moment: datetime | None) -> str | None:
        return None if moment is None else self.local(moment).isoformat(timespec="seconds")


def collect_status(settings: Settings, ledger: Ledger) -> Status:
    """Return how it stands now; nothing is changed."""
    now = utc_now()
    with ledger.read() as connection:
        known = schedule_and_start(connection, settings, now)
        nights = [_night(row) for row in last_nights(connection, _MOST_NIGHTS)]
        counts = waiting_counts(connection)
        to_recover = int(recovering_left(connection).events)
        # The budget of calls is one of a UTC day, whatever the clock of the sites.
        spent = calls_made(connection, Target.MINDBODY, now.date())
    schedule = known[0] if known else None
    last = nights[0] if nights else None
    # Until these minutes are over, a night that has not begun is late; from then on it is missed.
    late = timedelta(minutes=settings.schedule.late_minutes)
    return Status(
        now=now,
        schedule=schedule,
        last_night=last,
        next_night=schedule.next_after(now) if schedule else None,
        due=_due_nights(known, nights, now, late=late),
        waits=_waits(counts, last),
        pending=counts.pending,
        kept=counts.kept,
        to_recover=to_recover,
        calls_made=spent,
        calls_per_day=settings.mindbody.calls_per_day,
    )


def due_now(connection: Connection, settings: Settings, *, is_one_at_work: bool) -> bool:
    """Return whether a night was due up to now and none has run since: missed for certain, or late.

    Where it is known that no night is at work, one that never ended has died, however lately it was seen.
    """
    now = utc_now()
    nights = [_night(row) for row in last_nights(connection, _MOST_NIGHTS)]
    dead_after = DEAD_AFTER if is_one_at_work else timedelta.min
    known = schedule_and_start(connection, settings, now)
    due = _due_nights(known, nights, now, late=timedelta(0), dead_after=dead_after)
    return bool(due.missed)


def _due_nights(
    known: tuple[Schedule, datetime] | None,
    nights: list[Night],
    now: datetime,
    *,
    late: timedelta,
    dead_after: timedelta = DEAD_AFTER,
) -> DueNights:
    if known is None:
        return DueNights((), None)
    schedule, since_at = known
    due_times = schedule.due_between(since_at, now)
    return find_due_nights(due_times, nights, now, late, dead_after)


def _night(row: Row[Any]) -> Night:
    summary = None if row.summary is None else json.loads(row.summary)
    return Night(
        run_id=row.run_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        seen_at=row.seen_at,
        failure=row.failure,
        summary=summary,
    )


def _waits(counts: Row[Any], last: Night | None) -> dict[str, int]:
    # Rejected rows are counted of the last night alone: they are mended in the sheet, and nothing in the ledger tells
    # when that was done. So is what could not be read, which the next night tries again. The others are counted over
    # all nights.
    summary = {} if last is None else last.summary or {}
    rejected = int(summary.get("rejected", 0))
    return {
        "held": counts.held,
        "unknown": counts.unknown,
        "breaks_open": counts.breaks_open,
        "rejected": rejected,
        "not_read": len(summary.get("not_read", ())),
    }
