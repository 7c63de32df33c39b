from datetime import UTC, datetime, timedelta

import pytest

from flows.ledger.connection import Ledger
from flows.people import accounts, known_browsers, passwords, sign_in
from flows.people.accounts import add_account, choose_password
from flows.people.sign_in import TooSoon, begin_session, is_form_of, session_of, sign_out
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from transforms.vocabulary import Role

PASSWORD = "four words put together"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sign_in, "utc_now", clock)
    monkeypatch.setattr(accounts, "utc_now", clock)
    return clock


@pytest.fixture
def ana(ledger: Ledger, ledger_settings: Settings, clock: Clock) -> int:
    token = add_account(ledger_settings, ledger, "Ana", [("", Role.VIEWER)], by="x")
    return choose_password(ledger, token, "", PASSWORD).user_id


def test_only_argon2id_is_kept(ledger: Ledger, ana: int) -> None:
    with ledger.begin() as connection:
        (kept,) = connection.exec_driver_sql("SELECT password_hash FROM users").scalars()
    assert kept.startswith("$argon2id$")
    assert passwords.is_right(PASSWORD, kept)


def test_the_right_password_begins_a_session(ledger: Ledger, ledger_settings: Settings, ana: int) -> None:
    session = sign_in.sign_in(ledger_settings, ledger, " ANA ", PASSWORD, "10.0.0.1")
    found = session_of(ledger_settings, ledger, session.token)
    assert found is not None
    assert (found.account.name, found.form_token) == ("Ana", session.form_token)


def test_nobody_can_tell_whether_there_is_such_a_person(ledger: Ledger, ledger_settings: Settings, ana: int) -> None:
    said = set()
    for name in ("Ana", "Nobody"):
        with pytest.raises(WrongUsage) as raised:
            sign_in.sign_in(ledger_settings, ledger, name, "wrong words put together", "10.0.0.1")
        said.add((type(raised.value), str(raised.value)))
    assert said == {(WrongUsage, sign_in.WRONG)}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are compared in no time."""
    monkeypatch.setattr(sign_in, "is_right", lambda password, _kept: password == PASSWORD)


def guess(ledger: Ledger, settings: Settings, name: str, address: str, marks: str = "") -> None:
    with pytest.raises(WrongUsage, match="do not go together"):
        sign_in.sign_in(settings, ledger, name, "wrong", address, marks)


@pytest.mark.parametrize("name", ["Ana", "Nobody"])
@pytest.mark.usefixtures("quick")
def test_guessing_gets_slower_and_the_right_password_waits_too(
    ledger: Ledger, ledger_settings: Settings, ana: int, clock: Clock, name: str
) -> None:
    for _ in range(5):
        guess(ledger, ledger_settings, name, "10.0.0.1")
    with pytest.raises(TooSoon, match="Wait 1 seconds"):
        sign_in.sign_in(ledger_settings, ledger, name, PASSWORD, "10.0.0.1")
    clock.go_on(seconds=2)
    guess(ledger, ledger_settings, name, "10.0.0.1")
    with pytest.raises(TooSoon, match="Wait 2 seconds"):
        sign_in.sign_in(ledger_settings, ledger, name, PASSWORD, "10.0.0.1")


@pytest.mark.usefixtures("quick")
def test_a_stranger_delays_neither_another_address_nor_a_browser_that_is_known(
    ledger: Ledger, ledger_settings: Settings, ana: int
) -> None:
    marks = sign_in.sign_in(ledger_settings, ledger, "Ana", PASSWORD, "10.0.0.1").browser_marks
    for number in range(50):
        guess(ledger, ledger_settings, "Ana", f"10.0.1.{number // 5}")
    # By now all strangers wait, wherever they are; and so does Ana, at a browser that nobody knows.
    with pytest.raises(TooSoon):
        sign_in.sign_in(ledger_settings, ledger, "Ana", PASSWORD, "10.0.0.1")
    assert sign_in.sign_in(ledger_settings, ledger, "Ana", PASSWORD, "10.0.1.1", marks).account.name == "Ana"
    # That she is in makes nobody's guesses free again.
    with pytest.raises(TooSoon):
        sign_in.sign_in(ledger_settings, ledger, "Ana", "wrong", "10.0.1.2")


@pytest.mark.usefixtures("quick")
def test_an_address_that_calls_itself_a_browser_is_a_strangers(
    ledger: Ledger, ledger_settings: Settings, ana: int
) -> None:
    # A proxy that hands on what it was told lets whoever asks say what they like of where they are.
    for number in range(50):
        guess(ledger, ledger_settings, "Ana", f"browser {number}")
    with pytest.raises(TooSoon):
        sign_in.sign_in(ledger_settings, ledger, "Ana", PASSWORD, "browser 51")


@pytest.mark.usefixtures("quick")
def test_a_known_browser_that_was_stolen_gets_slower_by_itself(
    ledger: Ledger, ledger_settings: Settings, ana: int
) -> None:
    marks = sign_in.sign_in(ledger_settings, ledger, "Ana", PASSWORD, "10.0.0.1").browser_marks
    for number in range(5):
        guess(ledger, ledger_settings, "Ana", f"10.0.2.{number}", marks)
    with pytest.raises(TooSoon):
        sign_in.sign_in(ledger_settings, ledger, "Ana", PASSWORD, "10.0.2.9", marks)
    assert sign_in.sign_in(ledger_settings, ledger, "Ana", PASSWORD, "10.0.2.9")


def test_a_mark_is_of_one_person_until_their_password_changes() -> None:
    marks = known_browsers.marked(known_browsers.marked("", "hash of Ana"), "hash of Bo")
    assert known_browsers.known_mark(marks, "hash of Ana")
    assert known_browsers.known_mark(marks, "hash of Bo")
    assert not known_browsers.known_mark(marks, "another hash of Ana")
    for made_up in ("", "x", "x.y", marks + "x" * 2_000, "é.é", marks.replace(".", "..")):
        assert not known_browsers.known_mark(made_up, "hash of Cy")
    assert not known_browsers.known_mark(marks, None)
    for number in range(9):
        marks = known_browsers.marked(marks, f"hash {number}")
    assert len(marks) < 600


def test_many_names_from_one_address_get_slower(
    ledger: Ledger, ledger_settings: Settings, ana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "is_right", lambda _password, _kept: False)
    for number in range(30):
        with pytest.raises(WrongUsage, match="do not go together"):
            sign_in.sign_in(ledger_settings, ledger, f"person {number}", "wrong", "10.0.0.1")
    with pytest.raises(TooSoon):
        sign_in.sign_in(ledger_settings, ledger, "person 31", "wrong", "10.0.0.1")
    with pytest.raises(WrongUsage, match="do not go together"):
        sign_in.sign_in(ledger_settings, ledger, "person 31", "wrong", "10.0.0.2")


@pytest.mark.parametrize(
    ("steps", "is_there"),
    [
        pytest.param([1.9] * 3, True, id="in use"),
        pytest.param([2.1], False, id="left alone"),
        pytest.param([1.5] * 8 + [0.1], False, id="too long ago"),
    ],
)
def test_a_session_ends_by_itself(
    ledger: Ledger, ledger_settings: Settings, ana: int, clock: Clock, steps: list[float], is_there: bool
) -> None:
    session = begin_session(ledger_settings, ledger, ana, "Ana")
    found = None
    for hours in steps:
        clock.go_on(hours=hours)
        found = session_of(ledger_settings, ledger, session.token)
    assert (found is not None) is is_there


def test_a_session_that_was_ended_is_no_session(ledger: Ledger, ledger_settings: Settings, ana: int) -> None:
    session, other = (begin_session(ledger_settings, ledger, ana, "Ana") for _ in range(2))
    sign_out(ledger, session)
    assert session_of(ledger_settings, ledger, session.token) is None
    assert session_of(ledger_settings, ledger, other.token) is not None


def test_the_ledger_holds_nothing_to_sign_in_with(ledger: Ledger, ledger_settings: Settings, ana: int) -> None:
    session = begin_session(ledger_settings, ledger, ana, "Ana")
    with ledger.begin() as connection:
        kept = [str(row) for row in connection.exec_driver_sql("SELECT token_digest FROM sessions")]
    assert kept
    assert not any(session.token in row for row in kept)


def test_a_form_is_good_in_its_own_session_alone(ledger: Ledger, ledger_settings: Settings, ana: int) -> None:
    session, other = (begin_session(ledger_settings, ledger, ana, "Ana") for _ in range(2))
    assert is_form_of(session, session.form_token)
    assert not is_form_of(session, other.form_token)
    assert not is_form_of(session, "")
