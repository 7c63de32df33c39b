"""Quiet hours, by the real command: nobody is told in them, and everything is told once they are over."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.orchestration import serve
from flows.runtime.clock import clock_set_to
from tests.flows.command import Tieout
from tests.flows.eventually import PATIENCE_SECONDS
from tests.flows.notices.listener import Listener
from tests.flows.workplace import Workplace, earned

RUN = ("run", "--plain", "--json")
AT_NIGHT = datetime(2026, 11, 26, 11, 0, tzinfo=UTC)  # three in Los Angeles
NEXT_NIGHT = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
IN_THE_MORNING = datetime(2026, 11, 26, 15, 0, 30, tzinfo=UTC)  # half a minute past seven
QUIET = 'quiet_hours = "22:00-07:00"\nquiet_timezone = "America/Los_Angeles"\n'


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """Settings with a site, whose service is not there."""
    ready = {
        "url": "http://127.0.0.1:9",
        "mindbody": {"api_key": "k", "site_id": "-99", "timezone": "UTC", "username": "u", "password": "TOPSECRET"},
        "referral_rock": {"public_key": "public", "private_key": "private"},
    }
    workplace = Workplace(tmp_path, ready)
    workplace.inbox.mkdir()
    workplace.put("a.csv", earned("200000001"))
    return workplace


@pytest.fixture
def configure(workplace: Workplace, listener: Listener) -> Callable[[str], None]:
    def write(more: str) -> None:
        workplace.configure(max_tries=1)
        text = workplace.config.read_text("utf-8")
        workplace.configure(f'{text}\n[notify]\nurls = ["{listener.message_url}"]\n{more}')

    return write


def kept(workplace: Workplace) -> list[Path]:
    return sorted((workplace.folder / ".notices").glob("*.json"))


def test_what_happens_in_quiet_hours_is_told_once_they_are_over(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener
) -> None:
    configure(QUIET)
    with clock_set_to(AT_NIGHT):
        assert [tieout(*RUN).code for _ in range(2)] == [3, 3]
        assert tieout("status", "--notify").code != 2
        assert (listener.messages, len(kept(workplace))) == ([], 1)
    with clock_set_to(IN_THE_MORNING):
        for _ in range(2):
            tieout("status", "--notify")
    (message,) = listener.messages
    assert message["title"] == "tieout: could not run to the end"
    assert message["message"].startswith("In the quiet hours, Thu 26 Nov 2026, 3:00 am PST")
    assert "Mindbody" in message["message"]
    assert kept(workplace) == []


@pytest.mark.long
def test_several_are_told_in_one_message_in_their_order(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener
) -> None:
    configure(QUIET)
    with clock_set_to(AT_NIGHT):
        assert tieout(*RUN).code == 3
        text = workplace.config.read_text("utf-8")
        workplace.configure(text.replace("[loader]", "[loader]\nconcurency = 3", 1))
        assert tieout(*RUN).code == 2
    workplace.configure(text)
    with clock_set_to(IN_THE_MORNING):
        tieout("status", "--notify")
    (message,) = listener.messages
    assert message["title"] == "tieout: 2 messages of the quiet hours"
    first, second = (message["message"].index(text) for text in ("could not run to the end", "the night could not run"))
    assert first < second


async def serve_until(workplace: Workplace, is_done: Callable[[], bool]) -> None:
    """Do what `tieout serve` does beside the nights, until something has come of it."""
    telling = asyncio.create_task(serve.tell_after_quiet_hours(workplace.settings, print))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_done():  # noqa: ASYNC110 - what comes is taken down by another thread
            await asyncio.sleep(0.01)
    telling.cancel()


@pytest.mark.long
def test_a_message_that_nobody_took_is_sent_again(
    workplace: Workplace,
    tieout: Tieout,
    configure: Callable[[str], None],
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "_TELL_SECONDS", 0.01)
    configure(QUIET)
    with clock_set_to(AT_NIGHT):
        tieout(*RUN)
    listener.status = 500
    with clock_set_to(IN_THE_MORNING):
        tieout("status", "--notify")
        assert len(kept(workplace)) == 1
        listener.status, listener.messages = 200, []
        asyncio.run(serve_until(workplace, lambda: bool(listener.messages)))
    assert (len(listener.messages), kept(workplace)) == (1, [])


def test_doctor_says_what_waits_and_what_nobody_has_sent(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener
) -> None:
    def said() -> str:
        return "".join(line for line in tieout("doctor").out.splitlines() if "messages:" in line)

    configure(QUIET)
    with clock_set_to(AT_NIGHT):
        assert said() == ""
        tieout(*RUN)
        assert said().startswith("ok    messages: 1 message of the quiet hours is kept, and sent when these are over.")
    with clock_set_to(IN_THE_MORNING + timedelta(minutes=50)):
        assert said().startswith("ok")
    with clock_set_to(IN_THE_MORNING + timedelta(hours=2)):
        overdue = said()
    assert overdue.startswith(
        "warn  messages: 1 message of the quiet hours should have been sent at Thu 26 Nov 2026, 7:00 am PST"
    )
    assert "tieout status --notify" in overdue
    # Nothing was sent by looking.
    assert (listener.messages, len(kept(workplace))) == ([], 1)
    workplace.configure(max_tries=1)
    assert "no address is set that they could go to" in said()
    (kept(workplace)[0]).write_text("{")
    assert "is no message of ours any more" in said()


@pytest.mark.long
def test_where_nothing_runs_by_day_the_next_night_tells_it(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener
) -> None:
    configure(QUIET)
    with clock_set_to(AT_NIGHT):
        tieout(*RUN)
    with clock_set_to(NEXT_NIGHT):
        tieout(*RUN)
    assert [message["title"] for message in listener.messages] == ["tieout: could not run to the end"]


@pytest.mark.parametrize("is_urgent", [True, False])
def test_a_night_that_cannot_start_is_urgent_by_choice(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener, is_urgent: bool
) -> None:
    configure(QUIET + ('urgent = ["not_started"]\n' if is_urgent else ""))
    (workplace.folder / "tieout.db").write_text("no database at all, and long enough to be taken for one" * 20)
    with clock_set_to(AT_NIGHT):
        assert tieout(*RUN).code == 3
    assert [message["title"] for message in listener.messages] == ["tieout: the night could not run"] * is_urgent
    assert len(kept(workplace)) == (not is_urgent)


def test_settings_that_cannot_be_read_are_told_by_the_named_zone_or_at_once(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener
) -> None:
    configure('quiet_hours = "22:00-07:00"\n')
    spoilt = workplace.config.read_text("utf-8").replace("[loader]", "[loader]\nconcurency = 3", 1)
    workplace.configure(spoilt)
    with clock_set_to(AT_NIGHT):
        assert tieout(*RUN).code == 2
    assert len(listener.messages) == 1
    workplace.configure(
        spoilt.replace('07:00"\n', '07:00"\nquiet_timezone = "America/Los_Angeles"\n').replace("= 3", "= 4")
    )
    with clock_set_to(AT_NIGHT):
        tieout(*RUN)
    assert len(listener.messages) == 1


def test_a_message_that_cannot_be_kept_is_sent_at_once(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener
) -> None:
    configure(QUIET)
    (workplace.folder / ".notices").write_text("no folder")
    with clock_set_to(AT_NIGHT):
        ended = tieout(*RUN)
    assert ("cannot be kept for the end of the quiet hours" in ended.err, len(listener.messages)) == (True, 1)


def test_hours_that_are_none_are_a_wrong_setting(tieout: Tieout, configure: Callable[[str], None]) -> None:
    configure('quiet_hours = "late"\n')
    ended = tieout(*RUN)
    assert (ended.code, 'notify.quiet_hours: "late" are no hours' in ended.err) == (2, True)


def test_a_message_names_no_client_of_a_sheet_unless_asked_for(
    workplace: Workplace, tieout: Tieout, configure: Callable[[str], None], listener: Listener
) -> None:
    configure("")
    # What is no table quotes the row that comes nearest; what is read, ids as they stood in their cells.
    workplace.put("c.csv", earned("200000009"), headings="200000008,10,Earned,Sale,,2026-09-20T17:00:00Z")
    workplace.put("b.csv", '="200000007",10,Earned,Sale,,2026-09-20T17:00:00Z', earned("AB 12 34", 0))
    tieout(*RUN)
    (message,) = listener.messages
    assert [name for name in ("20000000", "AB 12", "12 34") if name in message["message"]] == []
