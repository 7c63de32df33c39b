import pytest

from flows.ledger.connection import Ledger
from flows.people.accounts import (
    Account,
    add_account,
    change_roles,
    choose_password,
    first_link,
    list_accounts,
    new_link,
    remove_account,
    whose_link,
)
from flows.people.sign_in import begin_session, session_of
from flows.runtime.errors import WrongUsage
from flows.settings.sections import Settings
from transforms.vocabulary import Role

PASSWORD = "four words put together"
ADMINISTRATOR = [("", Role.ADMINISTRATOR)]


@pytest.mark.parametrize(
    ("grants", "role", "may"),
    [
        pytest.param({("a", Role.UPLOADER)}, Role.UPLOADER, True, id="at the site"),
        pytest.param({("a", Role.UPLOADER)}, Role.VIEWER, True, id="whoever has one may look"),
        pytest.param({("a", Role.UPLOADER)}, Role.APPROVER, False, id="and nothing else"),
        pytest.param({("b", Role.ADMINISTRATOR)}, Role.VIEWER, False, id="at another site"),
        pytest.param({("", Role.APPROVER)}, Role.APPROVER, True, id="at all sites"),
        pytest.param({("a", Role.ADMINISTRATOR)}, Role.REVIEWER, True, id="an administrator all of it"),
        pytest.param(set(), Role.VIEWER, False, id="without any"),
    ],
)
def test_may_is_by_role_and_site(grants: set[tuple[str, Role]], role: Role, may: bool) -> None:
    assert Account(1, "Ana", frozenset(grants)).may(role, "a") is may


def test_the_first_link_makes_an_administrator_once(ledger: Ledger) -> None:
    token = first_link(ledger)
    assert token is not None
    assert whose_link(ledger, token) == (True, None)
    choose_password(ledger, token, "Ana", PASSWORD)
    (account,) = list_accounts(ledger)
    assert (account.name, account.grants, account.has_password) == ("Ana", {("", Role.ADMINISTRATOR)}, True)
    assert first_link(ledger) is None
    with pytest.raises(WrongUsage, match="used already"):
        choose_password(ledger, token, "Bo", PASSWORD)


def test_an_older_first_link_is_good_no_more(ledger: Ledger) -> None:
    older, newer = first_link(ledger), first_link(ledger)
    assert older is not None
    assert newer is not None
    assert (whose_link(ledger, older)[0], whose_link(ledger, newer)[0]) == (False, True)


def test_a_new_link_ends_what_was_signed_in(ledger: Ledger, ledger_settings: Settings) -> None:
    token = add_account(ledger_settings, ledger, "Ana", ADMINISTRATOR, by="system")
    account = choose_password(ledger, token, "", PASSWORD)
    session = begin_session(ledger_settings, ledger, account.user_id, account.name)
    choose_password(ledger, new_link(ledger, "ana"), "", "other words put together")
    assert session_of(ledger_settings, ledger, session.token) is None


def test_somebody_stays_administrator(ledger: Ledger, ledger_settings: Settings) -> None:
    choose_password(ledger, add_account(ledger_settings, ledger, "Ana", ADMINISTRATOR, by="x"), "", PASSWORD)
    with pytest.raises(WrongUsage, match="Nobody would be left"):
        change_roles(ledger_settings, ledger, "Ana", [("", Role.VIEWER)], by="Ana")
    with pytest.raises(WrongUsage, match="Nobody would be left"):
        remove_account(ledger, "Ana", by="Ana")
    assert [account.grants for account in list_accounts(ledger)] == [{("", Role.ADMINISTRATOR)}]


def test_whoever_has_left_is_out_at_once_and_may_come_back(ledger: Ledger, ledger_settings: Settings) -> None:
    account = choose_password(
        ledger, add_account(ledger_settings, ledger, "Bo", [("", Role.VIEWER)], by="x"), "", PASSWORD
    )
    session = begin_session(ledger_settings, ledger, account.user_id, account.name)
    remove_account(ledger, "bo", by="Ana")
    assert session_of(ledger_settings, ledger, session.token) is None
    assert list_accounts(ledger) == []
    add_account(ledger_settings, ledger, "Bo", [("", Role.VIEWER)], by="Ana")
    assert [(one.user_id, one.has_password) for one in list_accounts(ledger)] == [(account.user_id, False)]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "Ana\u202e", "A\x00"])
def test_names_can_be_seen(ledger: Ledger, ledger_settings: Settings, name: str) -> None:
    with pytest.raises(WrongUsage, match="name has"):
        add_account(ledger_settings, ledger, name, ADMINISTRATOR, by="x")


def test_two_names_that_look_alike_are_one(ledger: Ledger, ledger_settings: Settings) -> None:
    add_account(ledger_settings, ledger, "Ana", ADMINISTRATOR, by="x")
    with pytest.raises(WrongUsage, match="already"):
        add_account(ledger_settings, ledger, "ＡNA", ADMINISTRATOR, by="x")


def test_a_site_that_is_nobodys_is_refused(ledger: Ledger, ledger_settings: Settings) -> None:
    with pytest.raises(WrongUsage, match="site_id 7"):
        add_account(ledger_settings, ledger, "Ana", [("7", Role.VIEWER)], by="x")


def test_a_short_password_is_refused_and_the_link_stays_good(ledger: Ledger, ledger_settings: Settings) -> None:
    token = add_account(ledger_settings, ledger, "Ana", ADMINISTRATOR, by="x")
    with pytest.raises(WrongUsage, match="at least 12"):
        choose_password(ledger, token, "", "short")
    assert whose_link(ledger, token) == (True, "Ana")
