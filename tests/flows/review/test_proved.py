"""`tieout trace` tells what proves a posted event: a reading, or the balance, since when and from how many points."""

from collections.abc import Iterator

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.reconciliation.balance_nights import trust
from tests.flows.workplace import Workplace, earned, open_workplace

CLIENT = "200000001"


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A client that was read after 10 points, and then got 20 that its balance proves."""
    with start_sandbox(options=("--extra-clients", "1")) as ready:
        workplace = open_workplace(tmp_path_factory.mktemp("proved"), ready)
        workplace.put("first.csv", earned(CLIENT))
        workplace.run()
        trust(workplace)
        workplace.put("second.csv", earned(CLIENT, 20, "2026-09-21T17:00:00Z"))
        assert [one["by"] for one in workplace.run().to_json()["proved"]] == ["balance"]
        yield workplace


@pytest.fixture
def tieout(proved: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    return Tieout(proved, monkeypatch, capsys)


def test_what_the_balance_proves_says_so_and_since_when(tieout: Tieout) -> None:
    (read,) = tieout.workplace.rows("SELECT balance FROM balance_readings WHERE is_base")
    story = tieout("trace", "second.csv::2").out
    assert "It is proved by the balance, since " in story
    assert (
        f"had {read['balance']:,} points then, and each answer after it followed, up to {read['balance'] + 20:,}"
        in story
    )
    assert "No reading has compared it with the service yet; that is done by turn, within 7 days" in story


def test_what_was_read_says_when(tieout: Tieout) -> None:
    story = tieout("trace", "first.csv::2").out
    assert "The last reading that compared it with the service began at " in story
    assert "proved by the balance" not in story


def test_set_to_read_no_balance_proves_anything(tieout: Tieout) -> None:
    text = tieout.workplace.config.read_text("utf-8")
    tieout.workplace.config.write_text(f'{text}proof = "read"\n', "utf-8")
    try:
        assert "No reading has compared it with the service yet." in tieout("trace", "second.csv::2").out
    finally:
        tieout.workplace.config.write_text(text, "utf-8")


@pytest.mark.long
def test_a_period_is_signed_once_what_the_balance_proved_was_read(tieout: Tieout) -> None:
    refused = tieout("sign", "2026-09", "--by", "Kim")
    assert refused.code == 1
    assert f"proved by the balance alone since before its end: client {CLIENT} of site -99" in refused.err
    assert "1 client is proved by the balance alone" in tieout("month", "2026-09").out
    assert "Nothing was left unread." in tieout("month", "2026-09", "--read").out
    signed = tieout("sign", "2026-09", "--by", "Kim")
    assert (signed.code, "Signed 2026-09 as preparer: Kim" in signed.out) == (0, True)
