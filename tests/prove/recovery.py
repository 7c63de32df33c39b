"""Five nights by the real commands, then the ledger is gone, or one of three nights before is put back.

Every night's export overlaps with the one before. Some events are refused, some cannot be sent, some are held, and a
person discards some of the held ones. Whatever becomes of the ledger, `tieout recover` and the next export must leave
each event at the service once, and nothing there that was discarded.
"""

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.sandbox import start_sandbox
from flows.sandbox.settings_text import settings_text
from tests.prove.ledgers import read_rows
from tests.prove.sweeps import Line

NIGHTS = 5
_KEPT_NIGHT = 1  # a copy is kept after the second one
_EVENTS_PER_CLIENT = 10
_HEADINGS = "ClientId,Points,Action,Source,ActionDateTime"
_UPDATES = "RewardId,PayoutId,Amount"
_PAYOUT = "35b10000-0000-4000-8000-000000000001"
_SETTINGS = """\
database_url = "{database_url}"

{services}
[loader]
timeout_seconds = 2
requests_per_second = 5000
concurrency = 16
max_tries = 2
settle_after_seconds = 0.3

[guards]
max_points_per_event = 1000
"""
_HELD = 2000  # more points than the guard lets through
_TOO_MANY = 999  # more than any client has: redeemed, it is refused

Row = tuple[str, int, str, str, str]  # client, points, action, source, time ("" for none)


@dataclass
class Studio:
    """A workspace whose nights are run by the commands, and what its sheets said."""

    folder: Path
    config: Path
    log: Path
    client_ids: Sequence[str]
    reward_ids: Sequence[str]
    database_url: str
    per_night: int
    nights: list[list[Row]] = field(default_factory=list)
    output: list[str] = field(default_factory=list)

    def tieout(self, *arguments: str) -> int:
        """Run a command and return its exit code."""
        command = [sys.executable, "-m", "flows.cli", *arguments, "--config", str(self.config)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own code)
        self.output += [ended.stdout, ended.stderr]
        return ended.returncode

    def export(self, name: str, rows: Sequence[Row], updates: Sequence[tuple[str, str]] = ()) -> None:
        """Put an export into the inbox, of rows and of reward updates."""
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        lines = [_HEADINGS, *(",".join(map(str, row)) for row in rows)]
        (inbox / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if updates:
            lines = [_UPDATES, *(f"{reward_id},{_PAYOUT},{amount}" for reward_id, amount in updates)]
            (inbox / f"{name}.rewards.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def new_rows(self, night: int) -> list[Row]:
        """Return what happened on that day; a few events are held, refused, undated, or equal to another."""
        rows: list[Row] = []
        for number in range(self.per_night):
            client_id = self.client_ids[number * len(self.client_ids) // self.per_night]
            at = f"2026-09-{10 + night:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"
            rows.append((client_id, 1 + number % 50, "Earned", "Sale", at))
            match number % 40:
                case 7:
                    rows.append((client_id, _HELD + night, "Earned", "Sale", at))
                case 17:
                    rows.append((client_id, _TOO_MANY, "Redeemed", "", at))
                case 27:
                    rows.append((client_id, 60 + night, "Earned", "Referral", ""))
                case 37:
                    rows.append(rows[-1])
        return rows

    def run_nights(self, after: Callable[[int], None]) -> None:
        """Run the nights; each export brings the day before once more."""
        for night in range(NIGHTS):
            today = self.new_rows(night)
            before = [row for row in self.nights[-1] if row[4]] if self.nights else []
            self.nights.append(today)
            updates = [(reward_id, f"{night}.{place:02}") for place, reward_id in enumerate(self.reward_ids)]
            self.export(f"night{night}", [*before, *today], updates[night:])
            self.tieout("run", "--plain")
            self._discard_some(night)
            after(night)

    def _discard_some(self, night: int) -> None:
        held = read_rows(self.database_url, "SELECT event_id FROM events WHERE state = 'held' ORDER BY event_id")
        for (event_id,) in held[: 1 + night % 2]:
            self.tieout("discard", event_id, "--by", "Ann")

    def sent(self) -> Counter[tuple[Any, ...]]:
        """Count what the service committed: every points event, and every update of a reward."""
        lines = [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]
        keys = ("client_id", "points", "action", "action_date_time", "reward_id", "amount")
        return Counter(tuple(line.get(key) for key in keys) for line in lines)

    def states(self) -> Counter[str]:
        """Count where the ledger's events stand."""
        return Counter(dict(read_rows(self.database_url, "SELECT state, count(*) FROM events GROUP BY state")))


def sweep_recovery(folder: Path, events: int) -> Iterator[Line]:
    """Lose a ledger of so many events, in SQLite: all of it, and the last three nights of it."""
    for is_older in (False, True):
        home = folder / ("older" if is_older else "gone")
        yield prove_recovery(home, events, is_older=is_older)


def prove_recovery(folder: Path, events: int, *, is_older: bool) -> Line:
    """Lose the ledger after five nights, recover, and run the next night; count what was lost or sent twice."""
    started = time.monotonic()
    with ExitStack() as stack:
        studio = _open(stack, folder, events)
        studio.run_nights(lambda night: _keep_copy(studio) if night == _KEPT_NIGHT else None)
        sql = "SELECT client_id, points FROM events WHERE state = 'discarded'"
        discarded = set(read_rows(studio.database_url, sql))
        before, known = studio.sent(), studio.states()
        _lose(studio, is_older=is_older)
        wrong = list(_recover_and_go_on(studio, before, known, discarded))
    return Line(
        trouble=f"the ledger is {'three nights old' if is_older else 'gone'}: recover, next export",
        points=1,
        events=known.total(),
        lost=sum(name == "lost" for name in wrong),
        twice=sum(name in ("twice", "discarded") for name in wrong),
        unknown=studio.states()["unknown"],
        untold=sum(name not in ("lost", "twice", "discarded") for name in wrong),
        tracebacks=sum("Traceback" in text for text in studio.output),
        seconds=time.monotonic() - started,
        failed=tuple(dict.fromkeys(wrong)),
    )


def _keep_copy(studio: Studio) -> None:
    for path in _ledger_files(studio.folder):
        shutil.copy(path, studio.folder.parent / path.name)


def _ledger_files(folder: Path) -> list[Path]:
    """Return the file of a ledger, and those that SQLite has beside it."""
    return [path for path in folder.glob("tieout.db*") if path.is_file()]


def _lose(studio: Studio, *, is_older: bool) -> None:
    for path in _ledger_files(studio.folder):
        path.unlink()
    if is_older:
        for path in _ledger_files(studio.folder.parent):
            shutil.copy(path, studio.folder / path.name)


def _open(stack: ExitStack, folder: Path, events: int) -> Studio:
    home = folder / "home"
    home.mkdir(parents=True)
    clients_count = max(10, events // _EVENTS_PER_CLIENT)
    options = ("--extra-clients", str(clients_count), "--extra-rewards", "20")
    # A few clients whose events never get through: pending, whatever night it is.
    ready = stack.enter_context(
        start_sandbox(state=folder / "sandbox.db", faults="503_before=200000003,503_before=200000007", options=options)
    )
    config = home / "tieout.toml"
    database_url = f"sqlite:///{home / 'tieout.db'}"
    services = settings_text(ready, mindbody="calls_per_day = 1000000")
    config.write_text(_SETTINGS.format(database_url=database_url, services=services), encoding="utf-8")
    return Studio(
        folder=home,
        config=config,
        log=Path(ready["log"]),
        client_ids=ready["mindbody"]["client_ids"][-clients_count:],
        reward_ids=ready["referral_rock"]["reward_ids"][-12:],
        database_url=database_url,
        per_night=events // NIGHTS,
    )


def _recover_and_go_on(
    studio: Studio, before: Counter[tuple[Any, ...]], known: Counter[str], discarded: set[tuple[Any, ...]]
) -> Iterator[str]:
    """Yield a word for everything that is not as it must be."""
    studio.export("tonight", studio.nights[-1])
    if studio.tieout("run", "--plain") != 3:
        yield "not refused"
    if studio.tieout("recover") not in (0, 1):
        yield "not recovered"
    if studio.sent() != before:
        yield "sent by recover"
    # All that was sent is known as sent, and everything else waits for a person.
    found = studio.states()
    if found["posted"] != known["posted"] or found["ready"] or found["unknown"] or found["sending"]:
        yield "not made out"
    new = [(studio.client_ids[-1], 70, "Earned", "Sale", "2026-09-20T12:00:00Z")]
    studio.export("overlap", [*studio.nights[-2], *new])
    if studio.tieout("run", "--plain") not in (0, 1):
        yield "no night after"
    yield from _compare(before, studio.sent(), new[0])
    if any((key[0], key[1]) in discarded for key in studio.sent()):
        yield "discarded"
    if studio.tieout("recover") not in (0, 1) or "Nothing to recover" not in studio.output[-2]:
        yield "not done"
    code = studio.tieout("reconcile", "--since", "2026-09-01", "--json")
    found = json.loads(studio.output[-2] or "{}")
    # What was refused before is known as such by an older ledger alone; nothing else may be a break.
    if code not in (0, 1) or not found.get("ties_out") or set(found["breaks"]) - {"refused"}:
        yield "not reconciled"


def _compare(before: Counter[tuple[Any, ...]], after: Counter[tuple[Any, ...]], new: Row) -> Iterator[str]:
    more = after - before
    is_new = [key for key in more if key[:3] == new[:3]]
    if not is_new or sum(more[key] for key in is_new) != 1:
        yield "lost"
    yield from ("twice" for key in more if key not in is_new)
    yield from ("lost" for _ in (before - after))
