"""Kill nights at a site whose balances are trusted: what they prove is not read again, and nothing hides behind it.

Every client is read once; then the site is trusted, and a second night, which posts to all of them, is killed. Whoever
was in its hands then is read. Of the others the balance proves what was posted, or the sweep proves nothing; and in the
end a reading of everybody finds what the balances said.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from tests.postgresql import postgresql_server
from tests.prove.command import Trouble, run_to_end
from tests.prove.ledgers import read_rows
from tests.prove.sweeps import ANSWERS_LOST, Line, run_trials
from tests.prove.trial import Bench, Ended, database_url_of, prove_night

_MOST_RUNS = 6
_ENOUGH = 200  # readings that agreed
_RECONCILE = ("reconcile", "--since", "2025-10-25", "--until", "2025-11-10", "--plain", "--json")
_TRUST = """
INSERT INTO balance_readings (site_id, client_id, run_id, read_at, why, balance, is_base, last_attempt_id, links_count,
    chain_balance, agrees)
SELECT '-99', 'somebody', max(run_id), max(started_at), 'of before', 1, false, 0, 1, 1, true FROM runs
"""
_BY_BALANCE = "SELECT event_id FROM events WHERE state = 'posted' AND target = 'mindbody' AND compared_at IS NULL"
_OPEN = "SELECT class FROM breaks WHERE state = 'open'"
_STEPS_OF_THE_NIGHT = range(30, 420)  # counted: some 380, of which taking the files in is the first hundred


def sweep_trusted(folder: Path, seed: int, stride: int) -> Iterator[Line]:
    """Kill the second night at every `stride`th of its steps, on both databases, where answers arrive and are lost."""
    points = _STEPS_OF_THE_NIGHT[seed % stride :: stride]
    yield sweep_trusted_at(folder / "sqlite", "SIGKILL at a trusted site", points)
    yield sweep_trusted_at(folder / "lost", "the same, answers are lost", points, faults=ANSWERS_LOST)
    with postgresql_server("fsync=off") as server:
        name = "PostgreSQL: SIGKILL at a trusted site"
        yield sweep_trusted_at(folder / "postgresql", name, points[::2], faults=ANSWERS_LOST, server=server)


def sweep_trusted_at(folder: Path, name: str, points: Sequence[int], **where: Any) -> Line:
    """Kill at each of these steps; ``where`` is as `run_trials` takes it."""
    proved: list[int] = []
    trials = [_second_night(Trouble(die_at_step=point), proved) for point in points]
    line = run_trials(folder, name, trials, **where)
    assert sum(proved), f"Nothing was proved by a balance in all of {folder}."
    return replace(line, trouble=f"{name}: {sum(proved)} proved")


def _second_night(trouble: Trouble, proved: list[int]) -> Callable[[Bench], Ended]:
    def prove(bench: Bench) -> Ended:
        def first(config: Path) -> bool:
            later = _keep_back(config)
            _run_until_posted(config)
            _trust(database_url_of(config))
            later.rename(config.parent / "inbox" / "4_later.csv")
            return run_to_end(config, trouble) not in {0, 1}

        return prove_night(bench, first, last=lambda config: proved.append(_read_everybody(config)))

    return prove


def _keep_back(config: Path) -> Path:
    """Leave each client's first row in the inbox, and put the others into a file beside it."""
    sheet = config.parent / "inbox" / "1_points.csv"
    headings, *rows = sheet.read_text("utf-8").splitlines()
    firsts = {row.split(",")[1]: row for row in reversed(rows)}
    rest = list(rows)
    for row in firsts.values():
        rest.remove(row)
    later = config.parent / "later.csv"
    later.write_text("\n".join([headings, *rest]) + "\n", "utf-8")
    sheet.write_text("\n".join([headings, *firsts.values()]) + "\n", "utf-8")
    return later


def _run_until_posted(config: Path) -> None:
    for _ in range(_MOST_RUNS):
        run_to_end(config)
        if not read_rows(database_url_of(config), "SELECT 1 FROM events WHERE state <> 'posted'"):
            return


def _trust(database_url: str) -> None:
    """Give the ledger as many readings that agreed as nights before would have left it."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as ledger, ledger:
            for _ in range(_ENOUGH):
                ledger.execute(_TRUST)
        return
    with psycopg.connect(database_url.replace("+psycopg", "", 1)) as connection:
        for _ in range(_ENOUGH):
            connection.execute(_TRUST)


def _read_everybody(config: Path) -> int:
    """Look whether a reading finds what the balances said; return how many events they had proved."""
    database_url = database_url_of(config)
    proved, broken = read_rows(database_url, _BY_BALANCE), read_rows(database_url, _OPEN)
    run_to_end(config, words=_RECONCILE)
    still, found = read_rows(database_url, _BY_BALANCE), read_rows(database_url, _OPEN)
    assert not still, f"{len(still)} events were not read in {config.parent}."
    assert found == broken, f"Reading shows {found} in {config.parent}, and the balances showed {broken}."
    return len(proved)
