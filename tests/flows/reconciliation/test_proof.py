"""What the balance after each answer proves is not read again; whatever it cannot prove is, and nothing is hidden."""

import json
from collections import Counter
from pathlib import Path

import pytest

from flows.sandbox import start_sandbox
from tests.flows.reconciliation.balance_nights import CLIENTS, NAMES, Nights, play
from tests.flows.workplace import earned, open_workplace
from tests.postgresql import PostgresqlServer
from transforms.reconcile.proof import Why

PROVED_IN_SECOND = {
    "plain", "redeems", "cancels", "hand_later", "removed_later", "removed_at_last", "expired_later", "blind",
    "phantom",
}  # fmt: skip


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return play(tmp_path_factory.mktemp("nights"), "balance")


@pytest.mark.long
def test_the_first_contact_is_read(nights: Nights) -> None:
    assert {nights.proof(1, name) for name in NAMES} == {"read"}
    assert {nights.whys(name)[0] for name in NAMES} == {Why.NO_BASE}


def test_what_the_service_confirmed_needs_no_second_call(nights: Nights) -> None:
    assert {name for name in NAMES if nights.proof(2, name) == "balance"} == PROVED_IN_SECOND
    second = nights.ended[1]
    # A token, a post each, and a reading of each other client; one of them twice, to settle what was lost.
    assert second.calls_made == 1 + len(NAMES) + (len(NAMES) - len(PROVED_IN_SECOND)) + 1
    assert second.calls_per_event == round(second.calls_made / (len(NAMES) - 1), 2)
    assert second.totals["ties_out"]
    assert not [line for line in second.lines if "not compared yet" in line]


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("turn", Why.TURN),
        ("hand_between", Why.BROKEN),
        ("removed_between", Why.BROKEN),
        ("expired_between", Why.BROKEN),
        ("no_balance", Why.BROKEN),
        ("half_balance", Why.BROKEN),
        ("off", Why.OPEN_BREAK),
        ("next_second", Why.BROKEN),
        ("listed_twice", Why.BROKEN),
        ("twice", Why.BROKEN),
        ("lost", Why.BROKEN),
        ("refused", Why.BROKEN),
        ("killed", Why.WATCHED),
        ("silent", Why.NO_BASE),
    ],
)
def test_whatever_is_no_proof_is_read_at_once(nights: Nights, name: str, why: Why) -> None:
    assert nights.whys(name)[1] == why


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("hand_between", ["unexpected_remote 50"]),
        ("removed_between", ["unexpected_remote 10"]),  # of a day that was read before: the balance alone tells it
        ("expired_between", ["unexpected_remote 3"]),
        ("twice", ["duplicate_remote 20"]),
        ("refused", ["refused 500"]),
    ],
)
def test_what_breaks_the_balance_is_found_at_once(nights: Nights, name: str, found: list[str]) -> None:
    assert nights.breaks[1][name] == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cancels", ["unexpected_remote 7", "unexpected_remote 7"]),
        ("hand_later", ["unexpected_remote 50"]),
        ("removed_later", ["missing_remote 20"]),
        ("removed_at_last", ["missing_remote 20"]),
        ("expired_later", ["unexpected_remote 3"]),
        ("blind", ["unexpected_remote 50"]),
        ("phantom", ["missing_remote 20"]),
    ],
)
def test_what_the_balance_cannot_show_is_found_when_the_turn_comes(nights: Nights, name: str, found: list[str]) -> None:
    assert name not in nights.breaks[1]
    assert nights.breaks[2][name] == found


@pytest.mark.parametrize("name", ["plain", "redeems", "no_balance", "half_balance", "next_second", "lost", "killed"])
def test_nobody_is_accused_of_anything(nights: Nights, name: str) -> None:
    assert not [found for found in nights.breaks if name in found]


def test_every_turn_comes_within_the_days_that_are_set(nights: Nights) -> None:
    assert not [name for name in NAMES if nights.proof(3, name) == "balance"]
    assert nights.whys("plain")[1] == Why.TURN


def test_one_balance_that_was_not_right_lets_the_site_be_read_again_and_says_so(nights: Nights) -> None:
    assert not [note for note in nights.ended[1].notes if "as its balance said" in note]
    (note,) = (note for note in nights.ended[2].notes if "as its balance said" in note)
    assert note.startswith("Mindbody site -99: client ")
    assert "until 200 balances" in note
    assert nights.whys("plain")[-1] == Why.NOT_TRUSTED
    assert nights.proof(4, "plain") == "read"
    assert any(line.startswith("Every client is read back until 200 balances") for line in nights.ended[3].lines)


def test_the_report_says_of_each_client_how_it_was_proved_and_since_when(nights: Nights) -> None:
    first, second = nights.ended[:2]
    told = json.loads(second.report.with_suffix(".json").read_text("utf-8"))["by_client"]
    rows = {row["client_id"]: row for row in told}
    plain = rows[CLIENTS["plain"]]
    assert (plain["proof"], plain["balance_reported"] - plain["balance_before"], plain["difference"]) == (
        "balance",
        20,
        0,
    )
    assert rows[CLIENTS["turn"]]["proof"] == "read"
    begun, ended = (f"{run.run_id.split('-')[1]}" for run in (first, second))
    since = plain["proved_since_at"].replace("-", "").replace(":", "")
    assert begun <= since < ended < rows[CLIENTS["turn"]]["proved_since_at"].replace("-", "").replace(":", "")


def test_the_ledger_keeps_no_line_of_each_client_with_its_runs(nights: Nights) -> None:
    (kept,) = nights.place.rows(f"SELECT summary FROM runs WHERE run_id = '{nights.ended[1].run_id}'")  # noqa: S608
    assert "proved" not in json.loads(kept["summary"])
    assert json.loads(kept["summary"])["calls_made"] == nights.ended[1].calls_made


@pytest.mark.long
def test_trust_is_earned_by_two_hundred_that_agree(tmp_path: Path) -> None:
    with start_sandbox(state=tmp_path / "sandbox.json", options=("--extra-clients", "200")) as ready:
        place = open_workplace(tmp_path, ready, calls_per_day=1_000_000)
        clients = ready["mindbody"]["client_ids"][-200:]
        proved = []
        for night, count in enumerate((200, 199, 1, 200)):
            rows = [earned(client, 10 + night, f"2026-09-2{night}T17:00:00Z") for client in clients[:count]]
            place.put(f"{night}.csv", *rows)
            proved.append(Counter(one["by"] for one in place.run().to_json()["proved"]))
    # 200 first contacts, 199 that agree, the last one; and then all but a night's share, read by turn.
    assert proved == [{"read": 200}, {"read": 199}, {"read": 1}, {"balance": 200 - 28, "read": 28}]


@pytest.mark.long
def test_set_to_read_every_client_is_read_each_night_and_nothing_more_is_found(
    nights: Nights, tmp_path_factory: pytest.TempPathFactory
) -> None:
    read = play(tmp_path_factory.mktemp("read"), "read")
    assert not [name for name in NAMES for night in (1, 2, 3) if read.proof(night, name) == "balance"]
    for name in NAMES:
        # By the turn at the latest; what was removed is then told by its own name.
        assert _points(nights.breaks[2].get(name)) >= _points(read.breaks[2].get(name)), name
    late = {name for name in NAMES if _points(nights.breaks[1].get(name)) < _points(read.breaks[1].get(name))}
    assert late == {"cancels", "blind", "phantom"}


def _points(found: list[str] | None) -> list[str]:
    return sorted(one.split()[1] for one in found or [])


@pytest.mark.long
def test_on_postgresql_it_is_the_same(
    nights: Nights, tmp_path_factory: pytest.TempPathFactory, postgresql: PostgresqlServer
) -> None:
    with postgresql.connect() as connection:
        connection.execute("CREATE DATABASE balance_nights")
    again = play(tmp_path_factory.mktemp("postgresql"), "balance", postgresql.url("balance_nights"))
    assert again.breaks == nights.breaks
    assert [again.whys(name) for name in NAMES] == [nights.whys(name) for name in NAMES]
