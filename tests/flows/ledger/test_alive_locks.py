"""A claim is not taken for dead while the process of its run lives, however the clock is set."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest

from flows.ledger.alive import other_runs_alive, showing_life
from flows.ledger.connection import Ledger, open_ledger
from flows.loader.deliver import settle_all
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.claims import claim, ready_heads
from tests.registered import EARN, add_events, add_run, read_events, run_of
from transforms.vocabulary import Target

MINUTE = timedelta(minutes=1)


def settings_of(folder: Path) -> Settings:
    """A ledger in this folder, and a service that is out of reach: nothing is read back here."""
    site = {"site_id": "-99", "timezone": "UTC", "username": "u", "password": "p"}
    return Settings(
        database_url=f"sqlite:///{folder / 'ledger.db'}",
        workspace=folder,
        mindbody={"base_url": "http://127.0.0.1:9", "api_key": "key", "sites": [site]},
        loader={"max_tries": 1},
    )


def _hold_claim(folder: Path, pipe: Pipe) -> None:
    """Claim what is ready for a minute, as a run that has a request on its way, and stay."""
    with open_ledger(settings_of(folder)) as ledger, showing_life(ledger, "theirs"):
        with ledger.begin() as connection:
            now = ledger.now()
            heads = [(head, b"{}") for head in ready_heads(connection, Target.MINDBODY, "-99", 9, run_id="theirs")]
            claim(connection, heads, run_id="theirs", now=now, lease_until=now + MINUTE, settle_at=now + MINUTE)
        pipe.send("claimed")
        pipe.recv()


@pytest.mark.first_case
@pytest.mark.parametrize("ends", ["by itself", "killed"])
def test_a_claim_is_dead_when_its_process_is_and_not_when_the_clock_is_set(tmp_path: Path, ends: str) -> None:
    settings = settings_of(tmp_path)
    with open_ledger(settings) as ledger:
        add_run(ledger, "theirs")
        add_run(ledger, "ours")
        add_events(ledger, settings, [EARN], "theirs")
        ours = run_of(settings, ledger, "ours")
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_hold_claim, args=(tmp_path, there))
        process.start()
        assert here.recv() == "claimed"
        # Somebody sets this machine's clock an hour ahead: by it the lease is long over.
        ledger.go_by(utc_now() + timedelta(hours=1))
        assert other_runs_alive(ours) == {"theirs"}
        settle_all(ours)
        assert [event.state for event in read_events(ledger)] == ["sending"]
        if ends == "killed":
            os.kill(process.pid or 0, signal.SIGKILL)
        else:
            here.send("end")
        process.join()
        assert other_runs_alive(ours) == set()
        settle_all(ours)
        assert [event.state for event in read_events(ledger)] == ["unknown"]


def test_the_clock_of_an_open_ledger_goes_on_whatever_is_done_to_the_machines(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ledger.now()
    monkeypatch.setattr("flows.ledger.connection.utc_now", lambda: datetime.now(UTC) + timedelta(hours=5))
    monkeypatch.setattr("flows.runtime.clock._shift", timedelta(hours=5))
    assert timedelta(0) <= ledger.now() - before < MINUTE


def test_machines_that_share_a_ledger_go_by_its_clock(
    ledger_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ledger_settings.ledger_url.startswith("sqlite"):
        return  # one machine, one clock
    with open_ledger(ledger_settings) as one:
        monkeypatch.setattr("flows.ledger.connection.utc_now", lambda: datetime.now(UTC) + timedelta(seconds=4))
        with open_ledger(ledger_settings) as other:
            assert abs(one.now() - other.now()) < timedelta(seconds=3)
