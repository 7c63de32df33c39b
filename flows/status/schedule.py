"""When nights are due: by the settings, or by what `tieout serve` was told, which the ledger remembers.

A cron line holds in a zone and means its wall clock. On the two nights of a clock change it is met once: an hour that
comes twice counts the first time, one that does not exist is moved by the change.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from sqlalchemy import Connection

from flows.runtime.errors import SettingsError, WrongUsage
from flows.settings.sections import Settings
from sql.schedules import record_schedule, schedule_in_force
from transforms.nights import DueTime

NIGHTLY_CRON = "0 3 * * *"
_FIELDS = 5  # a sixth means seconds, and cron libraries do not agree at which end
# Nobody makes up for more than the last one, so a long list of what was missed tells nothing new.
_MOST_DUE_TIMES = 1000
_LONGEST_LOOK_BACK = timedelta(days=60)
# No zone is changed by more, and no change is older than this when the hour that it took would have come.
_CHANGE_WITHIN = timedelta(hours=3)


@dataclass(frozen=True)
class Schedule:
    """A cron line in the wall clock of a zone (an IANA name)."""

    cron: str
    timezone: str

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        try:
            ZoneInfo(self.timezone)
            if len(self.cron.split()) != _FIELDS:
                raise ValueError(self.cron)
            next(self._times_after(datetime(2026, 1, 1, tzinfo=UTC)))
        except (CronSimError, KeyError, ValueError, OSError, StopIteration):
            raise SettingsError(
                f'"{self.cron}" in "{self.timezone}" is no schedule: write a cron line such as "{NIGHTLY_CRON}" and a '
                'time zone such as "America/Los_Angeles".'
            ) from None

    def next_after(self, moment: datetime) -> datetime:
        """Return the first time that is later than `moment`, in the schedule's zone."""
        return next(self._times_after(moment))

    def due_between(self, after: datetime, until: datetime) -> list[DueTime]:
        """Return the times later than `after` and not later than `until`, at most the last thousand of 60 days.

        They are UTC: a difference between two times of one zone is one of its wall clock, an hour off at a change.
        """
        after = max(after, until - _LONGEST_LOOK_BACK)
        times = self._times_after(after)
        due_times: list[DueTime] = []
        at = next(times)
        while at <= until:
            next_at = next(times)
            due_times.append(DueTime(at.astimezone(UTC), next_at.astimezone(UTC), _clock_change_before(at)))
            at = next_at
        return due_times[-_MOST_DUE_TIMES:]

    def _times_after(self, moment: datetime) -> Iterator[datetime]:
        return iter(CronSim(self.cron, moment.astimezone(ZoneInfo(self.timezone))))


def _clock_change_before(at: datetime) -> timedelta:
    """Return by how much the zone's offset changed in the hours before."""
    # Hours are taken off in UTC: within a zone, Python would take them off the wall clock, which is what changed.
    earlier = (at.astimezone(UTC) - _CHANGE_WITHIN).astimezone(at.tzinfo)
    return abs(_offset(at) - _offset(earlier))


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta(0)


def schedule_of_settings(settings: Settings) -> Schedule | None:
    """Return what the settings plan; None where they plan nothing."""
    cron = settings.schedule.cron
    if cron is None:
        return None
    return Schedule(cron, zone_of_schedule(settings))


def zone_of_schedule(settings: Settings) -> str:
    """Return the configured zone, else the sites' own where they share one, else UTC."""
    return settings.schedule.timezone or settings.shared_timezone


def schedule_to_serve(settings: Settings, cron: str | None, timezone: str | None) -> Schedule:
    """Return the schedule for `tieout serve`: what its options say, else the settings, else every night at three.

    Options that contradict the settings are refused, since `tieout status` and `doctor` go by the settings.
    """
    planned = schedule_of_settings(settings)
    asked = Schedule(
        cron=cron or settings.schedule.cron or NIGHTLY_CRON,
        timezone=timezone or zone_of_schedule(settings),
    )
    if planned is not None and asked != planned:
        raise WrongUsage(
            f'--cron and --timezone say "{asked.cron}" in {asked.timezone}, [schedule] in the settings says '
            f'"{planned.cron}" in {planned.timezone}: take one of them out.'
        )
    return asked


def keep_schedule(connection: Connection, schedule: Schedule, now: datetime) -> None:
    """Let the ledger remember the schedule: from now on a night of it that does not run is missed."""
    record_schedule(connection, schedule.cron, schedule.timezone, now)


def keep_planned(connection: Connection, settings: Settings, now: datetime) -> None:
    """Let the ledger remember what the settings plan, so that a timer which never starts a run is noticed too."""
    planned = schedule_of_settings(settings)
    if planned is not None:
        keep_schedule(connection, planned, now)


def schedule_and_start(connection: Connection, settings: Settings, now: datetime) -> tuple[Schedule, datetime] | None:
    """Return the schedule in force and since when it holds; None where nobody ever planned a night."""
    planned = schedule_of_settings(settings)
    known = schedule_in_force(connection)
    kept = None if known is None else Schedule(known.cron, known.timezone)
    # Settings that the ledger has not seen yet hold from now on: no night of the past can be missed by them.
    if planned is not None and planned != kept:
        return planned, now
    if known is None or kept is None:
        return None
    return kept, known.since_at
