from typing import Any

import pytest

from flows.ledger.not_read import not_read_kept
from flows.ledger.summary import Summary
from tests.flows.ledger.test_summary import summary
from transforms.destinations import Destination, NotRead, client_not_read, destination_not_read, reward_not_read
from transforms.vocabulary import Target, Unread

GUID = "3344d59a-7c5d-4215-b9e7-64decfd64324"
SERVICES = [
    client_not_read("-99", "000123", "status 503"),
    reward_not_read(GUID, "damaged"),
    destination_not_read(Destination(Target.MINDBODY, "-99"), "down"),
    destination_not_read(Destination(Target.REFERRAL_ROCK, ""), "down"),
]
FILES = [
    NotRead("client 000123 of site -99", "damaged"),
    NotRead(f"reward {GUID}", "damaged", site_id="-99"),
    NotRead("Mindbody site -99", "damaged"),
    NotRead("inbox", "damaged"),
]
WHOLE = NotRead("inbox", "not there", Unread.INBOX)


def kept(*not_read: NotRead) -> dict[str, Any]:
    ended = summary()
    return Summary(ended.run_id, ended.totals, ended.report, not_read=not_read).to_keep()


def test_what_was_not_read_is_kept_as_what_it_is_whatever_its_name() -> None:
    things = [*SERVICES, *FILES, WHOLE]
    assert not_read_kept(kept(*things)) == things
    assert not_read_kept(None) == []


@pytest.mark.parametrize("one", [*SERVICES, WHOLE], ids=lambda one: one.what)
def test_what_a_version_before_named_at_a_service_is_known_by_its_name(one: NotRead) -> None:
    assert not_read_kept({"not_read": [{"what": one.what, "why": one.why}]}) == [one]


@pytest.mark.parametrize(
    "name", ["reward list.xlsx", "client 5 of site -99.csv", "Mindbody site -99.xlsx", "clients.csv", "my inbox"]
)
def test_anything_else_that_a_version_before_kept_is_a_file(name: str) -> None:
    assert not_read_kept({"not_read": [{"what": name, "why": ""}]}) == [NotRead(name, "")]
