"""A part of the day's calls is kept back for reading before posting takes the rest; what is doubtful goes first."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.reconciliation.balance_nights import trust
from tests.flows.workplace import Workplace, earned, open_workplace
from transforms.reconcile.proof import Why


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.json"
    with start_sandbox(state=state, options=("--extra-clients", "200")) as found:
        yield found


def rows(first: int, clients: int, each: int) -> list[str]:
    """Each client's events, of hours of its own."""
    return [
        earned(f"2{first + client:08}", 1 + hour, f"2026-09-20T{hour:02}:00:00Z")
        for client in range(clients)
        for hour in range(each)
    ]


def read(place: Workplace) -> list[tuple[str, str]]:
    found = place.rows("SELECT client_id, why FROM balance_readings WHERE client_id <> 'somebody' ORDER BY reading_id")
    return [(row["client_id"], row["why"]) for row in found]


def test_posting_leaves_a_tenth_of_the_calls_to_reading(tmp_path: Path, ready: dict[str, Any]) -> None:
    place = open_workplace(tmp_path, ready, calls_per_day=40)
    place.put("many.csv", *rows(first=1, clients=20, each=2))
    ended = place.run()
    # A token, 35 posts, and four readings of first contacts.
    assert (ended.totals["posted"], ended.totals["pending"], ended.calls_made) == (35, 5, 40)
    assert [why for _, why in read(place)] == [Why.NO_BASE] * 4
    assert any("kept for reading back" in note for note in ended.notes), ended.notes


def test_set_to_read_nothing_is_kept_back(tmp_path: Path, ready: dict[str, Any]) -> None:
    place = open_workplace(tmp_path, ready, calls_per_day=40)
    place.config.write_text(place.config.read_text("utf-8") + 'proof = "read"\n', "utf-8")
    place.put("many.csv", *rows(first=31, clients=20, each=2))
    ended = place.run()
    assert (ended.totals["posted"], ended.totals["pending"], read(place)) == (39, 1, [])


def test_where_calls_are_short_the_doubtful_is_read_and_turns_wait(tmp_path: Path, ready: dict[str, Any]) -> None:
    place = open_workplace(tmp_path, ready)
    place.put("first.csv", *rows(first=61, clients=6, each=1))
    first = place.run()
    trust(place)
    # By hand at the last of them, so that its balance will not follow; everybody's turn has come.
    entry = {"ClientId": "200000066", "Action": "Earned", "Points": 50, "ActionDateTime": "2026-09-20T09:00:00Z"}
    assert place.talk.post_json("/sandbox/desk/transactions", entry)[0] == 200
    # A token and six posts more, and two readings.
    place.configure(calls_per_day=(first.calls_made or 0) + 1 + 6 + 2)
    place.config.write_text(place.config.read_text("utf-8") + "full_read_days = 1\n", "utf-8")
    place.put(
        "second.csv",
        *(row.replace(",1,", ",5,").replace("20T00", "23T05") for row in rows(first=61, clients=6, each=1)),
    )
    second = place.run()
    assert second.totals["posted"] == 6, second.lines
    assert read(place)[6:] == [("200000061", Why.TURN), ("200000066", Why.BROKEN)]
    assert [one["by"] for one in second.to_json()["proved"]] == ["read", *["balance"] * 4, "read"]


@pytest.mark.long
def test_whom_the_balance_proves_costs_no_read_in_the_reckoning_of_nights(
    tmp_path: Path, ready: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = open_workplace(tmp_path, ready)
    place.put("first.csv", *rows(first=81, clients=6, each=1))
    first = place.run()
    trust(place)
    # Its token, and ten calls more: some posts, and a share of the reading by turn.
    place.configure(calls_per_day=(first.calls_made or 0) + 1 + 10)
    place.put("second.csv", *(row.replace("09-20T", "09-22T") for row in rows(first=81, clients=6, each=5)))
    second = place.run()
    left = second.totals["pending"]
    assert left >= 20
    said = f"{left} events are left, about {left} calls with the reads, so"
    assert any(said in note for note in second.notes), second.notes
    doctor = Tieout(place, monkeypatch, capsys)("doctor").out
    assert f"{left} events wait for it, about {left} calls with the reads, so" in doctor


@pytest.mark.long
def test_a_client_whom_nothing_proves_yet_costs_a_read(tmp_path: Path, ready: dict[str, Any]) -> None:
    place = open_workplace(tmp_path, ready, calls_per_day=5)
    place.put("first.csv", *rows(first=91, clients=3, each=3))
    # A token and four posts; the three clients are read when all of theirs is told, at four calls a night.
    (note,) = (note for note in place.run().notes if "are spent" in note)
    assert note.endswith("5 events are left, about 8 calls with the reads, so 2 more nights.")
