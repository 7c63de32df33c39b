"""What is told apart stands in no name: a file, a client or a person may be called as they like, and nothing moves."""

from collections.abc import Iterator
from typing import Any

import pytest

from flows.desk.app import make_app
from flows.desk.visit import Desk
from flows.ledger.connection import open_ledger
from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.desk.conftest import Browser, Client, let_in
from tests.flows.workplace import Workplace, earned
from transforms.vocabulary import Role

_clients = (str(number) for number in range(200000001, 200000040))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "40")) as found:
        yield found


# As a version before named what could not be read at a service, or nearly so.
ALIKE = {
    "reward list.xlsx",
    "reward 3344d59a-7c5d-4215-b9e7-64decfd64324",
    "client 5 of site -99.csv",
    "client 5 of site -99",
    "Mindbody site -99",
    "Referral Rock",
    "inbox",
}


def test_files_that_nobody_could_read_keep_a_month_open_whatever_their_names(
    workplace: Workplace, tieout: Tieout
) -> None:
    workplace.put("good.csv", earned(next(_clients)))
    for name in ALIKE:
        (workplace.inbox / name).write_bytes(b"\x00\x01" * 400)
    night = tieout("run", "--plain", "--json")
    assert (night.code, {one["what"] for one in night.json["not_read"]}) == (3, ALIKE)
    # The services were read, and agree.
    assert night.json["agrees"] is True
    assert "Not all done at" not in night.err
    refused = tieout("sign", "2026-09", "--by", "Ana")
    assert (refused.code, "7 could not be read, or nobody has: " in refused.said) == (1, True), refused


def browser(workplace: Workplace, desk: Desk, name: str, role: Role) -> Browser:
    client = Client(make_app(desk))
    session = let_in(workplace.settings, desk.ledger, name, ("", role))
    client.http.cookies.set("tieout", session.token)
    return Browser(client, session)


def test_the_desk_names_a_sheet_that_was_not_read_and_tells_no_night_as_whole(
    workplace: Workplace, tieout: Tieout
) -> None:
    workplace.put("good.csv", earned(next(_clients)))
    (workplace.inbox / "reward list.xlsx").write_bytes(b"\x00\x01" * 400)
    run_id = tieout("run", "--plain", "--json").json["run_id"]
    with open_ledger(workplace.settings) as ledger:
        ana = browser(workplace, Desk(workplace.settings, ledger, 8300), "Ana", Role.REVIEWER)
        checks = ana.get("/months/2026-09/sign")
        assert "<li>reward list.xlsx</li>" in checks, checks
        assert "reward list.xlsx" in ana.get(f"/nights/{run_id}?site=-99")
