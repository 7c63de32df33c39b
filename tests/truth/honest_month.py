"""A month of exports as studios have them, and what of it may be held: the reschedules, and each seeded correction.

Every site exports in its own way: a file for each location, one file of all locations, one sorted by client, and one
without source ids. Each night's export covers the last week, so it drops a day and brings one. Regulars come every day
at the same hour; others come now and then. Of what was exported already some is cancelled, and some is moved to
another hour of its day. A manager keeps a sheet by hand beside it, to which rows are added, and sends
all of it twice a week. Where corrections are seeded, one value of a row, or several, is other from some night on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from flows.intake.check import check_file
from flows.intake.compare import comparing
from flows.intake.register import register_within
from flows.ledger.connection import Ledger, open_ledger
from flows.settings.sections import Settings
from sql.runs import record_run
from tests.sql.rows import earned, register, rows_of

FIRST = datetime(2026, 9, 1, tzinfo=UTC)
WINDOW = timedelta(days=7)
_HEADINGS = "ClientId,Points,Action,Source,SourceId,ActionDateTime\n"
_CANCELLED, _MOVED = 0.02, 0.006  # of the rows, a night
_BY_TIME, _BY_LOCATION, _BY_CLIENT = "by time", "by location", "by client"
_ORDERS: dict[str, Callable[["Visit"], Any]] = {
    _BY_TIME: lambda visit: (visit.at, visit.client),
    _BY_LOCATION: lambda visit: (visit.location, visit.at, visit.client),
    _BY_CLIENT: lambda visit: (visit.client, visit.at),
}
# What a program corrects in an export stands where its order wants it; a person who corrects a sheet leaves the row in
# its place. Without source ids, another client elsewhere cannot be told from a cancelled visit and a new one.
_IN_EXPORTS = ("points", "action", "time")
_FEWEST = 5
_BY_HAND = ("points", "client", "action", "time", "several", "wrong year")


@dataclass(frozen=True)
class Visit:
    """One row of an export."""

    location: int
    client: str
    points: int
    at: datetime
    number: int  # of the visit, at the site
    entered: int  # from the export of this night on
    source: str | None = "Class Booking"

    def line(self, *, with_ids: bool) -> str:
        action = "Earned" if self.source else "Redeemed"
        source_id = str(self.number) if with_ids and self.source else ""
        return f"{self.client},{self.points},{action},{self.source or ''},{source_id},{self.at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Site:
    """One studio with its visits, and how it exports them."""

    site_id: str
    locations: int
    order: str
    with_ids: bool
    random: Random
    visits: list[Visit] = field(default_factory=list)
    by_hand: list[Visit] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)  # numbers of what was moved or corrected: each at most once
    late_share: float = 0

    def live(self, night: int) -> None:
        """Let one more day pass: visits of the day, and what changes of those before."""
        day = FIRST + timedelta(days=night)
        for location in range(self.locations):
            self.visits += self._regulars(location, day, night) + self._others(location, day, night)
        for _ in range(self.random.randint(0, 2)):
            client = f"9{self.random.randint(0, 99):08}"
            at = day + timedelta(minutes=self.random.randint(0, 900))
            self.by_hand.append(Visit(0, client, self.random.randint(5, 60), at, self._number(), night, "Referral"))

    def _number(self) -> int:
        return self.random.randint(10**6, 10**9)

    def _regulars(self, location: int, day: datetime, night: int) -> list[Visit]:
        return [
            Visit(
                location, f"1{location:02}{place:06}", 10, day + timedelta(hours=14 + place % 8), self._number(), night
            )
            for place in range(12)
        ]

    def _others(self, location: int, day: datetime, night: int) -> list[Visit]:
        found = []
        for _ in range(self.random.randint(6, 14)):
            client = f"2{location:02}{self.random.randint(0, 400):06}"
            at = day + timedelta(hours=14, minutes=15 * self.random.randint(0, 32))
            source = self.random.choice(["Class Booking", "Sale", "Sale", None])
            points = 10 if source == "Class Booking" else self.random.choice([5, 15, 20, 25, 40, 75])
            late = self.random.random() < self.late_share
            found.append(Visit(location, client, points, at, self._number(), night + late, source))
        return found

    def change_what_was_exported(self, night: int) -> list[Visit]:
        """Cancel some of what the night before had, and move some to another hour: return these as they are now."""
        moved = []
        shown = [visit for visit in self.visits if self._is_shown(visit, night - 1) and self._is_shown(visit, night)]
        for visit in shown:
            if self.random.random() < _CANCELLED:
                self.visits.remove(visit)
            elif visit.number not in self.touched and self.random.random() < _MOVED:
                self.touched.add(visit.number)
                now = replace(visit, at=visit.at + timedelta(minutes=7 + self.random.randint(0, 50)))
                self.visits[self.visits.index(visit)] = now
                moved.append(now)
        return moved

    def seed_corrections(self, night: int) -> dict[Visit, str]:
        """Correct rows that were sent before, a few of the exports and one of the sheet by hand; say what of each."""
        changes = _IN_EXPORTS + (("client",) if self.with_ids else ())
        found = [(self._correct(self.visits, night, change), change) for change in changes]
        by_hand = _BY_HAND[night // 4 % len(_BY_HAND)]
        found.append((self._correct(self.by_hand, night, by_hand), f"{by_hand}, by hand"))
        return {visit: change for visit, change in found if visit is not None}

    def _correct(self, rows: list[Visit], night: int, change: str) -> Visit | None:
        # The sheet goes out every fourth night, so its rows of the last three were never sent.
        sent = [visit for visit in rows if visit.entered <= night - (4 if rows is self.by_hand else 1)]
        shown = [visit for visit in sent if rows is self.by_hand or self._is_shown(visit, night)]
        free = [visit for visit in shown if visit.number not in self.touched]
        if rows is self.visits and change == "client":
            free = [visit for visit in free if visit.source is not None]
        # Of a sheet of a few rows, most of which are other by now, nobody can say that it is the same sheet.
        if len(free) < _FEWEST:
            return None
        visit = self.random.choice(free)
        self.touched.add(visit.number)
        now = _changed(visit, change)
        rows[rows.index(visit)] = now
        return now

    def _is_shown(self, visit: Visit, night: int) -> bool:
        end = FIRST + timedelta(days=night + 1)
        return visit.entered <= night and end - WINDOW <= visit.at < end

    def exports(self, night: int) -> Iterator[tuple[str, list[Visit]]]:
        """Give the files of a night, by their names."""
        shown = sorted((visit for visit in self.visits if self._is_shown(visit, night)), key=_ORDERS[self.order])
        if self.order == _BY_TIME:
            for location in range(self.locations):
                yield f"location {location} night {night}.csv", [row for row in shown if row.location == location]
        else:
            yield f"export {night}.csv", shown
        if night % 4 == 3 and self.by_hand:
            yield f"by hand {night}.csv", self.by_hand


def _changed(visit: Visit, change: str) -> Visit:
    match change:
        case "points":
            return replace(visit, points=visit.points * 10)
        case "client":
            return replace(visit, client=f"3{visit.client[1:]}")
        case "action":
            return replace(visit, source=None if visit.source else "Sale")
        case "time":
            return replace(visit, at=visit.at + timedelta(minutes=11))
        case "wrong year":
            return replace(visit, at=visit.at - timedelta(days=365))
        case _:
            return replace(
                visit, client=f"4{visit.client[1:]}", points=visit.points + 1, at=visit.at - timedelta(hours=1)
            )


TakeIn = Callable[[Ledger, Settings, Site, str, Sequence[Visit]], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a month."""

    nights: int
    files: int
    rows: int
    moved: int  # reschedules
    corrected: int  # seeded
    held: int
    not_held: tuple[str, ...]  # what should be, and is not
    held_wrongly: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not self.not_held and not self.held_wrongly


def live_a_month(
    ledger: Ledger,
    settings: Settings,
    *,
    nights: int,
    seed: int,
    with_corrections: bool,
    locations: int = 2,
    late_share: float = 0,
    take_in: TakeIn,
) -> Outcome:
    """Register every night's exports of four sites; the settings name the sites 1 to 4."""
    random = Random(seed)  # noqa: S311
    sites = [
        Site("1", locations, _BY_TIME, with_ids=True, random=random, late_share=late_share),
        Site("2", locations, _BY_LOCATION, with_ids=False, random=random, late_share=late_share),
        Site("3", locations, _BY_CLIENT, with_ids=True, random=random, late_share=late_share),
        Site("4", locations, _BY_CLIENT, with_ids=False, random=random, late_share=late_share),
    ]
    expected: dict[tuple[str, str, str], str] = {}
    files_count = rows_count = moved_count = corrected_count = 0
    for night in range(nights):
        for site in sites:
            moved = site.change_what_was_exported(night) if night else []
            moved_count += len(moved)
            expected |= {_key(site, visit): "moved" for visit in moved}
            # A sheet by hand goes out every fourth night, so what is corrected in it is seeded then.
            if with_corrections and night % 4 == 3:
                seeded = site.seed_corrections(night)
                corrected_count += len(seeded)
                expected |= {_key(site, visit): change for visit, change in seeded.items()}
            site.live(night)
            for name, rows in site.exports(night):
                files_count += 1
                rows_count += len(rows)
                take_in(ledger, settings, site, name, rows)
    held = {
        (site_id, client_id, at): reason
        for site_id, client_id, at, reason in rows_of(
            ledger, "SELECT site_id, client_id, CAST(action_at AS TEXT), state_reason FROM events WHERE state = 'held'"
        )
    }
    held = {
        (site_id, client_id, at[:19].replace(" ", "T")): reason for (site_id, client_id, at), reason in held.items()
    }
    return Outcome(
        nights=nights,
        files=files_count,
        rows=rows_count,
        moved=moved_count,
        corrected=corrected_count,
        held=len(held),
        not_held=tuple(f"{key}: {why}" for key, why in expected.items() if key not in held),
        held_wrongly=tuple(f"{key}: {why}" for key, why in held.items() if key not in expected),
    )


def _key(site: Site, visit: Visit) -> tuple[str, str, str]:
    return site.site_id, visit.client, f"{visit.at:%Y-%m-%dT%H:%M:%S}"


def read_and_register(ledger: Ledger, settings: Settings, site: Site, name: str, rows: Sequence[Visit]) -> None:
    """Take an export in as a night does: written as CSV, checked and registered."""
    path: Path = settings.root / name
    text = _HEADINGS + "\n".join(visit.line(with_ids=site.with_ids) for visit in rows) + "\n"
    path.write_text(text, encoding="utf-8")
    checked = check_file(settings, path, site.site_id)
    run_id = f"nightly-{site.site_id}-{name}"
    with ledger.begin() as connection:
        record_run(connection, run_id, "nightly", FIRST, {})
        registered = register_within(connection, settings, run_id, checked)
    # A sheet to which nothing was added since is known by its content.
    assert registered is None or registered.rejected == 0


def register_alone(ledger: Ledger, settings: Settings, site: Site, name: str, rows: Sequence[Visit]) -> None:
    """Register the rows as the check would give them, in a tenth of the time."""
    given = [
        earned(
            visit.client,
            f"{visit.at:%Y-%m-%dT%H:%M:%SZ}",
            site_id=site.site_id,
            points=visit.points,
            source=visit.source,
            source_id=visit.number if site.with_ids and visit.source else None,
            action="Earned" if visit.source else "Redeemed",
            kind="earned" if visit.source else "redeemed",
        )
        for visit in rows
    ]
    register(ledger, name, given, comparing=comparing(settings), site_id=site.site_id)


@contextmanager
def studios(folder: Path) -> Iterator[tuple[Ledger, Settings]]:
    """A ledger for four sites."""
    zones = ("America/Los_Angeles", "America/New_York", "Europe/London", "Australia/Sydney")
    sites = [
        {"site_id": str(number), "timezone": zone, "username": "u", "password": "p"}
        for number, zone in enumerate(zones, start=1)
    ]
    settings = Settings(workspace=folder, mindbody={"api_key": "key", "sites": sites})
    with open_ledger(settings) as ledger:
        yield ledger, settings
