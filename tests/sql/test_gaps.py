"""Breaks about balances in a ledger of before: which way they were off, and what was known then."""

from datetime import timedelta
from typing import Any

from alembic import command
from sqlalchemy import bindparam, select, text

from flows.ledger.connection import connect_ledger, upgrade_ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.gaps import gaps_of_clients
from sql.migrate import _config
from sql.tables import UtcDateTime
from sql.tables.breaks import balance_gaps, breaks

NOW = utc_now().replace(microsecond=0)
DAY = timedelta(days=1)


def test_breaks_about_balances_of_before_get_their_direction_and_times(bare_settings: Settings) -> None:
    with connect_ledger(bare_settings) as ledger:
        with ledger.begin() as connection:
            command.upgrade(_config(connection), "0025")

            def run(statement: str, **values: Any) -> None:
                moments = [bindparam(name, NOW, type_=UtcDateTime()) for name in ("at",) if f":{name}" in statement]
                connection.execute(text(statement).bindparams(*moments), values)

            run("INSERT INTO runs (run_id, kind, started_at, finished_at) VALUES ('run', 'nightly', :at, :at)")
            run(_FILE)
            run(_EVENT)
            for break_id, words in (("plus", "is known: +7 points on days"), ("minus", "is known: -9 points on days")):
                run(_BREAK, break_id=break_id, words=f"from what {words}", points=7 if break_id == "plus" else 9)
            run(_ENTRY)
        upgrade_ledger(ledger)
        with ledger.begin() as connection:
            rows = connection.execute(select(breaks.c.break_id, breaks.c.more).order_by("break_id")).all()
            assert [tuple(row) for row in rows] == [("entry", None), ("minus", -9), ("plus", 7)]
            kept = connection.execute(select(balance_gaps).order_by("break_id")).all()
            assert [(row.break_id, row.more, row.since_at, row.known_to_at) for row in kept] == [
                ("minus", -9, NOW, NOW - DAY),
                ("plus", 7, NOW, NOW - DAY),
            ]
            assert [row.break_id for row in gaps_of_clients(connection, [("-99", "c")])] == ["minus", "plus"]


_FILE = """
INSERT INTO files (sha256, default_site_id, name, run_id, registered_at, rows_read, accepted, duplicate, held, rejected)
VALUES ('a', '', 'a.csv', 'run', :at, 1, 1, 0, 0, 0)
"""
_EVENT = f"""
INSERT INTO events (event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points,
    action_at, is_dated, file_id, ordinal, row_number, run_id, registered_at, order_at, first_state, state, state_at,
    attempt_id)
VALUES ('e', 'earned', 'mindbody', '-99', 'mindbody:-99:c', 'e', 1, 'c', 'Earned', 5,
    '{(NOW - DAY):%Y-%m-%d %H:%M:%S}', true, 1, 1, 1, 'run', :at, :at, 'ready', 'posted', :at, 1)
"""  # noqa: S608 - the tests' own words
_BREAK = """
INSERT INTO breaks (break_id, class, target, site_id, client_id, points, opened_on, opened_run_id, state, detail)
VALUES (:break_id, 'unexpected_remote', 'mindbody', '-99', 'c', :points, '2026-01-01', 'run', 'open', :words)
"""
_ENTRY = """
INSERT INTO breaks (break_id, class, target, site_id, client_id, points, opened_on, opened_run_id, state, detail,
    action_at)
VALUES ('entry', 'unexpected_remote', 'mindbody', '-99', 'c', 7, '2026-01-01', 'run', 'open', 'The service…', :at)
"""
