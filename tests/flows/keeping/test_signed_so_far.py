"""Up to when the books are signed: from the day of the first file on, by the studio's own clock."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from flows.keeping.find import signed_so_far
from flows.ledger.connection import Ledger
from flows.settings.sections import Settings
from sql.signatures import Signing, keep_signature
from sql.tables.files import files
from sql.tables.runs import runs
from transforms.vocabulary import SignedAs


@pytest.fixture(params=[["America/Los_Angeles"], ["Pacific/Auckland"], ["Pacific/Auckland", "America/Los_Angeles"]])
def zones(request: pytest.FixtureRequest) -> list[str]:
    return list(request.param)


@pytest.fixture
def settings(ledger_settings: Settings, zones: list[str]) -> Settings:
    sites: list[dict[str, Any]] = [
        {"site_id": str(number), "timezone": zone, "username": "u", "password": "p"}
        for number, zone in enumerate(zones, 1)
    ]
    mindbody = type(ledger_settings.mindbody)(api_key="k", sites=sites)
    return ledger_settings.model_copy(update={"mindbody": mindbody})


def take_in(connection: Connection, at: datetime) -> None:
    connection.execute(insert(runs).values(run_id="n", kind="nightly", started_at=at, finished_at=at))
    counts = {"rows_read": 0, "accepted": 0, "duplicate": 0, "held": 0, "rejected": 0}
    named = {"sha256": "0", "default_site_id": "1", "name": "a.csv", "run_id": "n", "series": "a.csv"}
    connection.execute(insert(files).values(**named, **counts, registered_at=at))


def sign(connection: Connection, since_on: date, until_on: date) -> None:
    signing = Signing(
        at=datetime(2026, 12, 3, tzinfo=UTC),
        actor="Ann",
        by_name="Ann",
        role=SignedAs.APPROVER,
        since_on=since_on,
        until_on=until_on,
        content="{}",
    )
    keep_signature(connection, signing)


def test_a_first_file_of_the_last_evening_of_a_month_is_of_that_month(
    settings: Settings, ledger: Ledger, zones: list[str]
) -> None:
    """By UTC, and in Auckland, it was the first of November already."""
    with ledger.begin() as connection:
        take_in(connection, datetime(2026, 11, 1, 2, tzinfo=UTC))
        sign(connection, date(2026, 11, 1), date(2026, 11, 30))
    is_signed = "America/Los_Angeles" not in zones
    assert signed_so_far(settings, ledger) == (date(2026, 11, 30) if is_signed else None)
    with ledger.begin() as connection:
        sign(connection, date(2026, 10, 1), date(2026, 10, 31))
    assert signed_so_far(settings, ledger) == date(2026, 11, 30)
