"""Let fifty people click at the desk for a minute, on a ledger of a million events, and see that nobody waits.

    python -m tests.bench.desk
    TIEOUT_BENCH_DESK_SECONDS=10 TIEOUT_BENCH_DESK_EVENTS=10000 python -m tests.bench.desk
    TIEOUT_BENCH_DESK_ON=sqlite python -m tests.bench.desk       or postgresql; both unless told

Each looks, thinks for some seconds, and looks again: at every page that has an address of its own, at clients,
differences, sheets that were posted. One of five sends sheets, mends a cell of each, looks at what it would do and has
it posted; the others decide about differences. Printed is what a browser on this machine waits for, the request on its
way and its turn included, what the desk's process took of the processor, and how large it is after ten seconds and at
the end. No page may fail; half have to be there in 100 ms, 95% in 300.
"""

import asyncio
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import aiohttp

from flows.desk.app import PAGES
from flows.ledger.connection import Ledger, open_ledger
from flows.people.sign_in import Session
from flows.sandbox import start_sandbox
from sql.breaks import update_breaks
from sql.runs import start_run
from tests.aged import PER_CLIENT, age
from tests.flows.desk.conftest import free_port, let_in
from tests.flows.desk.process import DeskProcess
from tests.flows.workplace import HEADINGS, earned, open_workplace
from tests.postgresql import postgresql_server
from transforms.vocabulary import Outcome, Role, RunKind

_EVENTS = int(os.environ.get("TIEOUT_BENCH_DESK_EVENTS", "1000000"))
_SECONDS = float(os.environ.get("TIEOUT_BENCH_DESK_SECONDS", "60"))
_ON = os.environ.get("TIEOUT_BENCH_DESK_ON", "sqlite,postgresql").split(",")
_PEOPLE = 50
_DIFFERENCES = 2_000
_ROWS = 42
_ONE_SENDS_OF = 5
_WARM_SECONDS = 10.0
_MEDIAN_GOAL_MS = 100
_MOST_GOAL_MS = 300
_GROWTH_GOAL = 1.1
_THINKING_SECONDS = (1.0, 4.0)
# What has an address of its own; who is signed in is led from the page where one signs in.
_PLAIN = tuple(page.path for page in PAGES if page.method == "GET" and "{" not in page.path and page.path != "/sign-in")


@dataclass
class Clicks:
    """What was waited for, in milliseconds, by the kind of page; and what failed."""

    waited: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)


@dataclass
class Person:
    """Somebody who clicks, by chance that is the same each time."""

    number: int
    browser: aiohttp.ClientSession
    session: Session
    clicks: Clicks
    chance: random.Random
    sheets: list[str]
    sheet: str = ""
    sent: int = 0
    differences: list[str] = field(default_factory=list)

    async def click(self, until: float) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(*_THINKING_SECONDS))
            does = self.send_on if self.number % _ONE_SENDS_OF == 0 else self.decide
            await self.chance.choice((self.look, self.look, does))()

    async def look(self) -> None:
        client = f"9{self.chance.randrange(max(_EVENTS // PER_CLIENT, 1))}"
        kind, path = self.chance.choice(
            (
                *((path, path) for path in _PLAIN),
                ("a client", f"/clients?client={client}"),
                ("differences, part 20", "/differences?page=20"),
                ("differences of a client", "/differences?client=200000001"),
                ("a difference", f"/differences/b{self.chance.randrange(_DIFFERENCES)}"),
                ("a posted sheet", f"{self.chance.choice(self.sheets)}/posting"),
            )
        )
        await self.ask(kind, "GET", path)

    async def decide(self) -> None:
        fields = {"id": self.differences.pop(), "verb": "resolve", "code": "timing", "words": "in the bench"}
        await self.ask("decide about a difference", "POST", "/differences", **fields)

    async def send_on(self) -> None:
        """Bring a sheet further: send one, look at it some times, have it posted."""
        if not self.sheet:
            await self.send()
        elif self.chance.random() < 0.3:
            await self.post()
        else:
            await self.ask("Check", "GET", f"{self.sheet}/check")

    async def send(self) -> None:
        # At a time of their own, so that nobody's rows look like anybody else's, corrected.
        self.sent += 1
        time_of_all = f"2026-09-{1 + self.number % 28:02}T{10 + self.number // 28}:{self.sent:02}:00Z"
        rows = [earned(f"2000000{row:02}", 1000 * self.number + row + 1, time_of_all) for row in range(_ROWS)]
        content = "\n".join([HEADINGS, *rows, f"200000001,{self.number},Earnd,Sale,,{time_of_all}"])
        form = aiohttp.FormData({"form_token": self.session.form_token, "site": "-99"})
        form.add_field("file", content.encode(), filename=f"of {self.number}.csv", content_type="text/csv")
        where, _ = await self.ask("send a sheet", "POST", "/sheets", data=form)
        self.sheet = where
        await asyncio.sleep(self.chance.uniform(*_THINKING_SECONDS))
        await self.ask("How we read it", "GET", f"{where}/read")
        await self.ask("go on", "POST", f"{where}/read")
        _, page = await self.ask("Check", "GET", f"{where}/check")
        key = re.search(r'name="key" value="([0-9a-f]+)"', page)
        if key:
            await self.ask("mend", "POST", f"{where}/mend", key=key[1], suggested="Earned")

    async def post(self) -> None:
        _, page = await self.ask("Check", "GET", f"{self.sheet}/check")
        code = re.search(r'name="code" value="([0-9a-f]+)"', page)
        if code:
            await self.ask("post", "POST", f"{self.sheet}/post", code=code[1])
            await self.ask("a sheet that is posted", "GET", f"{self.sheet}/posting")
            self.sheets, self.sheet = [*self.sheets, self.sheet], ""

    async def ask(self, kind: str, method: str, path: str, data: object = None, **fields: str) -> tuple[str, str]:
        """Return where an answer leads, and its page; note how long it took, and whether it failed."""
        form = data or ({"form_token": self.session.form_token} | fields if method == "POST" else None)
        begun = time.perf_counter()
        async with self.browser.request(method, path, data=form, allow_redirects=False) as answer:
            page = (await answer.read()).decode("utf-8", "replace")
            self.clicks.waited[kind].append(1000 * (time.perf_counter() - begun))
        if answer.status not in {200, 303}:
            self.clicks.failed.append(f"{method} {path}: {answer.status}")
        return answer.headers.get("location", ""), page


def main() -> int:
    """Print a table for each database; 1 where a page failed or a goal is missed."""
    return max(_measure(database) for database in _ON)


def _measure(database: str) -> int:
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name, _ledger_url(database) as url:
        folder = Path(name)
        with start_sandbox(state=folder / "sandbox.db", options=("--extra-clients", str(_ROWS))) as ready:
            place = open_workplace(folder, ready, calls_per_day=1_000_000, database_url=url)
            port = free_port()
            place.configure(place.config.read_text("utf-8") + f"\n[desk]\non = true\nport = {port}\n")
            with open_ledger(place.settings) as ledger:
                begun = time.perf_counter()
                age(ledger, _EVENTS)
                _differ(ledger)
                filled = time.perf_counter() - begun
                sys.stdout.write(f"{database}: {_EVENTS:,} events of before filled in {filled:.0f} s\n")
                grants = [("", Role.ADMINISTRATOR)]
                sessions = [let_in(place.settings, ledger, f"Person {number}", *grants) for number in range(_PEOPLE)]
            process = DeskProcess(place.config)
            process.start()
            try:
                return asyncio.run(_minute(f"http://127.0.0.1:{port}", process.pid, sessions))
            finally:
                process.end()


@contextmanager
def _ledger_url(database: str) -> Iterator[str | None]:
    if database == "sqlite":
        yield None
        return
    with postgresql_server() as server:
        name = f"bench_{uuid4().hex}"
        with server.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        yield server.url(name)


def _differ(ledger: Ledger) -> None:
    found_at = datetime.now(UTC)
    rows = [
        {
            "break_id": f"b{number}",
            "class": Outcome.MISSING_REMOTE,
            "target": "mindbody",
            "site_id": "-99",
            "client_id": f"2000000{number % 60:02}",
            "points": 5,
            "points_ledger": 5,
            "points_service": None,
            "detail": "It is not there.",
        }
        for number in range(_DIFFERENCES)
    ]
    with ledger.begin() as connection:
        start_run(connection, "night-of-the-bench", RunKind.NIGHTLY, found_at)
        update_breaks(connection, rows, [], run_id="night-of-the-bench", now=found_at)


async def _minute(address: str, pid: int, sessions: list[Session]) -> int:
    warm, clicks = Clicks(), Clicks()
    people = [_person(number, session, address, warm) for number, session in enumerate(sessions)]
    try:
        # A sheet that is posted, for all to look at.
        first = people[0]
        await first.send()
        await first.post()
        for person in people:
            person.sheets = first.sheets
        await asyncio.gather(*(person.click(time.monotonic() + _WARM_SECONDS) for person in people))
        begun_mb, begun_seconds = _size_mb(pid), _processor_seconds(pid)
        for person in people:
            person.clicks = clicks
        await asyncio.gather(*(person.click(time.monotonic() + _SECONDS) for person in people))
        seconds = _processor_seconds(pid) - begun_seconds
        sys.stdout.write(f"the desk's process took {seconds:.1f} s of the processor in {_SECONDS:.0f} s\n")
        return _tell(warm, clicks, begun_mb, _size_mb(pid))
    finally:
        for person in people:
            await person.browser.close()


def _person(number: int, session: Session, address: str, clicks: Clicks) -> Person:
    browser = aiohttp.ClientSession(address, cookies={"tieout": session.token})
    differences = [f"b{one}" for one in range(number, _DIFFERENCES, _PEOPLE)]
    return Person(number, browser, session, clicks, random.Random(number), [], differences=differences)  # noqa: S311


def _size_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    assert found
    return int(found[1]) / 1024


def _processor_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _tell(warm: Clicks, clicks: Clicks, begun_mb: float, ended_mb: float) -> int:
    sys.stdout.write(f"{'milliseconds':<34}{'clicks':>8}{'median':>8}{'95%':>8}{'most':>8}\n")
    for kind in sorted(clicks.waited):
        _line(kind, clicks.waited[kind])
    median, most = _line("all of them", [one for found in clicks.waited.values() for one in found])
    sys.stdout.write(
        f"the desk's process: {begun_mb:.0f} MB after {_WARM_SECONDS:.0f} s, {ended_mb:.0f} MB at the end\n"
    )
    failed = warm.failed + clicks.failed
    sys.stdout.write(f"failed: {len(failed)}\n" + "".join(f"  {line}\n" for line in failed[:10]))
    is_good = median <= _MEDIAN_GOAL_MS and most <= _MOST_GOAL_MS and ended_mb <= _GROWTH_GOAL * begun_mb
    return 0 if is_good and not failed else 1


def _line(kind: str, waited: list[float]) -> tuple[float, float]:
    parts = quantiles(waited, n=20) if len(waited) > 1 else waited * 19
    sys.stdout.write(f"{kind:<34}{len(waited):>8}{parts[9]:>8.0f}{parts[18]:>8.0f}{max(waited):>8.0f}\n")
    return parts[9], parts[18]


if __name__ == "__main__":
    sys.exit(main())
