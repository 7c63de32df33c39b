"""What a site's times were read as: kept with each change, and known of a ledger of before."""

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import bindparam, text
from sqlalchemy.exc import DBAPIError

from flows.ledger.connection import Ledger, connect_ledger, upgrade_ledger
from flows.settings.sections import Settings
from sql.migrate import _config
from sql.site_times import record_site_times, site_times_in_force
from sql.tables import UtcDateTime
from transforms.vocabulary import Times

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_the_last_word_on_a_site_holds(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        assert site_times_in_force(connection) == {}
        record_site_times(connection, [("-99", Times.UTC), ("7", Times.SITE)], NOW)
        record_site_times(connection, [("-99", Times.UTC), ("-99", Times.UTC)], NOW)
        record_site_times(connection, [("7", Times.UTC)], NOW)
        assert site_times_in_force(connection) == {"-99": Times.UTC, "7": Times.UTC}
        assert connection.execute(text("SELECT count(*) FROM site_times")).scalar() == 3


@pytest.mark.parametrize("statement", ["DELETE FROM site_times", "UPDATE site_times SET times = 'site'"])
def test_what_was_said_stays_said(ledger: Ledger, statement: str) -> None:
    with ledger.begin() as connection:
        record_site_times(connection, [("-99", Times.UTC)], NOW)
    with pytest.raises(DBAPIError, match="site_times is append-only"), ledger.begin() as connection:
        connection.execute(text(statement))


def test_a_ledger_of_before_has_read_the_times_of_posted_sites_as_utc(bare_settings: Settings) -> None:
    with connect_ledger(bare_settings) as ledger:
        with ledger.begin() as connection:
            command.upgrade(_config(connection), "0017")
            at = bindparam("at", NOW, type_=UtcDateTime())
            for statement in (_RUN, _FILE):
                connection.execute(text(statement).bindparams(at))
            for site_id in ("posted", "ready"):
                connection.execute(text(_EVENT).bindparams(at, site_id=site_id))
            connection.execute(text(_ATTEMPT).bindparams(at))
            for change in (
                "state = 'sending', attempt_id = 1, lease_until = state_at",
                "state = 'posted', lease_until = NULL",
            ):
                connection.execute(text(f"UPDATE events SET {change} WHERE site_id = 'posted'"))  # noqa: S608
        upgrade_ledger(ledger)
        with ledger.begin() as connection:
            assert site_times_in_force(connection) == {"posted": Times.UTC}


_RUN = "INSERT INTO runs (run_id, kind, started_at) VALUES ('run', 'nightly', :at)"
_FILE = """
INSERT INTO files (sha256, default_site_id, name, run_id, registered_at, rows_read, accepted, duplicate, held, rejected)
VALUES ('a', '', 'a.csv', 'run', :at, 2, 2, 0, 0, 0)
"""
_EVENT = """
INSERT INTO events (event_id, kind, target, site_id, lane, content_key, occurrence, client_id, action, points,
    action_at, is_dated, file_id, ordinal, row_number, run_id, registered_at, order_at, first_state, state, state_at)
VALUES (:site_id, 'earned', 'mindbody', :site_id, :site_id, :site_id, 1, 'a', 'Earned', 5, :at,
    true, 1, 1, 1, 'run', :at, :at, 'ready', 'ready', :at)
"""
_ATTEMPT = """
INSERT INTO attempts (event_id, run_id, claimed_at, lease_until, fingerprint) VALUES ('posted', 'run', :at, :at, 'f')
"""
