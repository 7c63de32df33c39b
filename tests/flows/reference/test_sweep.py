"""What a sweep asks a real sandbox, and how many calls that takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.ledger.connection import Ledger, open_ledger
from flows.reference import sweep
from flows.reference.sweep import Swept
from flows.sandbox import start_sandbox
from flows.services.mindbody import lookups as reads
from flows.services.mindbody.client import MindbodyClient
from flows.services.mindbody.lookups import Allowance
from tests.flows.workplace import Workplace, open_workplace

SUBJECTS = {"appointment": "visits", "visit": "visits", "sale": "sales", "referred": "referrals"}
ALL_ITS_OWN = 100


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    folder = tmp_path_factory.mktemp("sweep")
    with start_sandbox(state=folder / "sandbox.db", options=("--extra-clients", "25")) as ready:
        yield open_workplace(folder, ready)


@pytest.fixture
def opened(workplace: Workplace) -> Iterator[Ledger]:
    with open_ledger(workplace.settings) as ledger:
        yield ledger


def asking(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Return rows of (client, what is named, its id, day)."""
    lines = [
        ("-99", client, named, SUBJECTS[named], key, pd.Timestamp(day, tz="UTC")) for client, named, key, day in rows
    ]
    return pd.DataFrame(lines, columns=["site_id", "client_id", "named", "subject", "key", "action_at"])


def run(workplace: Workplace, ledger: Ledger, asked: pd.DataFrame, calls: int = ALL_ITS_OWN) -> tuple[Swept, int]:
    """Sweep, and return what came of it and the calls it took, without the one for the token."""
    allowance = Allowance(calls)
    swept = sweep.sweep(workplace.settings, ledger, asked, allowance)
    return swept, calls - allowance.calls - 1


def ids(swept: Swept, named: str) -> set[tuple[str, str]]:
    return {(item_id, client) for _, kind, item_id, client in swept.facts if kind == named}


def test_sweep_reads_the_days_around_a_clients_rows_in_one_call(workplace, opened):
    rows = [("100000001", "visit", str(key), "2026-09-05") for key in (7001, 7002, 7005)]
    swept, calls = run(workplace, opened, asking(*rows))
    assert (calls, swept.reads, swept.troubles) == (1, {}, [])
    assert ids(swept, "visit") == {("7001", "100000001"), ("7002", "100000001"), ("7005", "100000001")}


def test_sweep_reads_appointments_and_no_zeros(workplace, opened):
    swept, _ = run(workplace, opened, asking(("100000002", "appointment", "8001", "2026-09-05")))
    assert ids(swept, "appointment") == {("8001", "100000002"), ("8002", "100000002")}
    swept, _ = run(workplace, opened, asking(("100000001", "visit", "7001", "2026-09-05")))
    assert ids(swept, "appointment") == set()


def test_sweep_reads_the_whole_history_before_it_says_that_there_is_no_such_visit(workplace, opened):
    swept, calls = run(workplace, opened, asking(("100000001", "visit", "1", "2026-01-05")))
    assert (calls, list(swept.reads)) == (2, [("-99", "visits", "100000001")])
    assert len(ids(swept, "visit")) == 3  # all of them lie months from the row


def test_sweep_concludes_nothing_about_a_client_whom_the_service_does_not_know(workplace, opened):
    swept, calls = run(workplace, opened, asking(("nobody", "visit", "7001", "2026-09-05")))
    assert (calls, swept.reads, swept.facts, swept.troubles) == (1, {}, set(), [])


def test_sweep_asks_for_one_sale_by_its_id_whenever_it_was(workplace, opened):
    swept, calls = run(workplace, opened, asking(("100000005", "sale", "9002", "2020-01-01")))
    assert (calls, ids(swept, "sale")) == (1, {("9002", "100000005")})


def test_sweep_reads_the_sales_of_the_rows_days_in_one_call_and_asks_for_the_rest(workplace, opened):
    rows = [("000000123", "sale", str(key), "2026-09-20") for key in (9001, 9002, 9003, 9004, 9005, 9006)]
    first, last = ("100000005", "sale", "9001", "2026-09-02"), ("100000005", "sale", "1", "2026-09-30")
    swept, calls = run(workplace, opened, asking(first, *rows, last))
    assert (calls, ("1", "") in ids(swept, "sale"), ("9004", "100000009") in ids(swept, "sale")) == (2, True, True)


def test_sweep_stops_paging_through_sales_where_asking_one_by_one_is_cheaper(workplace, opened, monkeypatch):
    for module in (reads, sweep):
        monkeypatch.setattr(module, "PAGE_SIZE", 2)
    rows = [
        ("100000005", "sale", key, day)
        for key, day in (("9001", "2026-09-02"), ("9008", "2026-10-06"), ("1", "2026-09-20"))
    ]
    swept, calls = run(workplace, opened, asking(*rows))
    # 9 sales are 5 pages: the first one shows 9001, and for the two that are left four more would be too many.
    assert (calls, {item_id for item_id, _ in ids(swept, "sale")}) == (3, {"9001", "9002", "9008", "1"})


def test_sweep_reads_every_page(workplace, opened, monkeypatch):
    monkeypatch.setattr(reads, "PAGE_SIZE", 1)
    swept, calls = run(workplace, opened, asking(("100000001", "visit", "7005", "2026-09-05")))
    assert (calls, len(ids(swept, "visit"))) == (3, 3)


def test_sweep_asks_for_twenty_clients_a_call_and_tells_both_directions(workplace, opened):
    clients = [*(str(200_000_000 + number) for number in range(1, 20)), "100000003", "100000004"]
    swept, calls = run(workplace, opened, asking(*((client, "referred", "1", "2026-09-05") for client in clients)))
    assert calls == 2
    assert ids(swept, "referred") == {("100000004", "100000003"), ("100000012", "100000003")}
    assert {client for _, _, client in swept.reads} == set(clients)


def test_sweep_concludes_nothing_where_no_relationship_of_anybody_is_listed(workplace, opened):
    swept, _ = run(workplace, opened, asking(("200000001", "referred", "200000002", "2026-09-05")))
    assert (swept.reads, swept.troubles) == ({}, [])


def test_sweep_concludes_nothing_where_a_referral_bears_another_name(workplace, opened):
    text = workplace.config.read_text(encoding="utf-8")
    named = workplace.configure(text + '\n[reference]\nreferred_by_name = "Brought by"\n')
    rows = [(client, "referred", "1", "2026-09-05") for client in ("100000003", "100000004")]
    swept, _ = run(named, opened, asking(*rows))
    workplace.configure(text)
    assert {client for _, _, client in swept.reads} == {"100000003"}


def test_sweep_ends_where_the_calls_do_and_keeps_what_it_has(workplace, opened):
    rows = [(client, "visit", "7001", "2026-09-05") for client in ("100000001", "100000002", "100000007")]
    swept, _ = run(workplace, opened, asking(*rows), calls=2)
    assert ids(swept, "visit") >= {("7001", "100000001")}
    assert swept.troubles == ["the rest of today's calls is kept for posting (mindbody.calls_per_day)"]


@pytest.mark.parametrize("fault", ["read_503", "read_drop", "read_truncated", "read_429"])
def test_sweep_notes_trouble_at_a_client_and_goes_on_with_the_others(fault, tmp_path: Path):
    with start_sandbox(state=tmp_path / "sandbox.db", faults=f"{fault}=100000001") as ready:
        place = open_workplace(tmp_path, ready, max_tries=1)
        with open_ledger(place.settings) as ledger:
            rows = [(client, "visit", "1", "2026-09-05") for client in ("100000001", "100000010")]
            swept, _ = run(place, ledger, asking(*rows))
    assert {client for _, _, client in swept.reads} == {"100000010"}
    assert len(swept.troubles) == 1


def calls_made(place: Workplace) -> Any:
    return place.rows("SELECT sum(calls) AS calls FROM call_counts WHERE target = 'mindbody'")[0]["calls"]


def test_sweep_counts_every_call_against_the_days_budget(workplace, opened):
    run(workplace, opened, asking(("100000005", "sale", "9002", "2020-01-01")))
    before = calls_made(workplace)
    run(workplace, opened, asking(("100000005", "sale", "9002", "2020-01-01")))
    assert calls_made(workplace) - before == 2  # the token, and the sale


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"Visits": [{"Id": ["7001"]}], "PaginationResponse": {"TotalResults": 1}}, id="a list for an id"),
        pytest.param(
            {"Visits": [{"Id": "7001\ud800"}], "PaginationResponse": {"TotalResults": 1}}, id="half a character"
        ),
        pytest.param({"Visits": [{"Id": 7001}], "PaginationResponse": [1]}, id="a list for the paging"),
        pytest.param({"Visits": ["7001"], "PaginationResponse": {"TotalResults": 1}}, id="a text for a visit"),
        pytest.param({"Visits": None}, id="nothing"),
    ],
)
def test_what_a_sweep_cannot_read_is_a_trouble_and_never_a_missing_id(workplace, opened, monkeypatch, odd):
    async def answer(_client: MindbodyClient, path: str, _params: object) -> dict[str, Any]:
        assert path == "client/clientvisits"
        return odd

    monkeypatch.setattr(MindbodyClient, "fetch", answer)
    swept, _ = run(workplace, opened, asking(("100000001", "visit", "1", "2026-01-05")))
    assert (swept.reads, swept.facts, len(swept.troubles)) == ({}, set(), 1)
