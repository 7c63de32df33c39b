"""What a person decides about events that were not sent, and about one that was: the real command, both databases."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from threading import Barrier, Thread
from typing import Any

import pytest

from flows.ledger.connection import open_ledger
from flows.review.decide import approve, discard, discard_site, unsent_of_site
from flows.runs.nightly import nightly
from flows.runtime.errors import WrongUsage
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed

PAYOUT = "35b10000-0000-4000-8000-000000000001"
UPDATES = "RewardId,PayoutId,Amount"
_next = iter(range(1, 1000))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    faults = "drop_after=200000150,read_503=200000150,drop_after=200000151,read_503=200000151"
    options = ("--extra-clients", "160", "--extra-rewards", "60")
    with start_sandbox(state=state, faults=faults, options=options) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    return open_workplace(tmp_path, ready, database_url=database_url)


@pytest.fixture
def client() -> str:
    return str(200_000_000 + next(_next))


@pytest.fixture
def reward() -> str:
    return reward_id(9 + next(_next) % 60)


def plan(tieout: Tieout, *rows: str, name: str = "plan.csv", **headings: str) -> tuple[str, list[str]]:
    """Keep rows as a plan; return its id and those of its events."""
    path = tieout.workplace.put(f"../{name}", *rows, **headings)
    plan_id = tieout("plan", path, "--json").json["plan_id"]
    found = tieout.workplace.rows(f"SELECT event_id FROM events WHERE run_id = '{plan_id}' ORDER BY ordinal")  # noqa: S608 - our own ids
    return plan_id, [row["event_id"] for row in found]


def states(workplace: Workplace) -> list[str]:
    return [row["state"] for row in workplace.rows("SELECT state FROM events ORDER BY file_id, ordinal")]


def decisions(workplace: Workplace) -> list[tuple[str, ...]]:
    rows = workplace.rows("SELECT verb, actor, reason, about, events_count FROM event_decisions ORDER BY decision_id")
    return [tuple(row.values()) for row in rows]


@pytest.mark.postgresql
def test_approve_and_discard_record_who_and_why(tieout: Tieout, client: str) -> None:
    plan_id, (first, second, third) = plan(tieout, earned(client, 1), earned(client, 2), earned(client, 3))
    tieout("approve", first, "--by", "Ann", "--reason", "seen the sale")
    tieout("discard", second, "--by", "Kim", "--reason", "mistyped")
    assert tieout("approve", plan_id, "--by", "Ann", "--json").json == {"id": plan_id, "approved": 1}
    assert decisions(tieout.workplace) == [
        ("approve", "Ann", "seen the sale", f"event {first}", 1),
        ("discard", "Kim", "mistyped", f"event {second}", 1),
        ("approve", "Ann", "", f"plan {plan_id}", 1),
    ]
    assert states(tieout.workplace) == ["ready", "discarded", "ready"]
    assert "a person discards: Kim: mistyped" in tieout("trace", second).out
    assert third in tieout("trace", third).out


def test_whoever_comes_too_late_is_told_what_happened(tieout: Tieout, client: str) -> None:
    plan_id, (event_id,) = plan(tieout, earned(client))
    tieout("discard", event_id, "--by", "Kim", "--reason", "mistyped")
    late = tieout("approve", event_id, "--by", "Ann")
    assert late.code == 2
    (discarded,) = tieout.workplace.rows("SELECT CAST(at AS TEXT) AS at FROM event_decisions")
    said = f"Event {event_id} is discarded, not held (discarded by Kim at {discarded['at'][:19]}Z: mistyped)"
    assert f"{said}: there is nothing to decide." in late.err
    assert f"Nothing of {plan_id} waits any more: 1 discarded." in tieout("approve", plan_id).err


@pytest.mark.postgresql
def test_of_two_people_who_decide_at_once_one_wins(tieout: Tieout, client: str) -> None:
    _, (event_id,) = plan(tieout, earned(client))
    gate, told = Barrier(2), []

    def decide(decision: Any, name: str) -> None:
        with open_ledger(tieout.workplace.settings) as ledger:
            gate.wait()
            try:
                decision(tieout.workplace.settings, ledger, event_id, name)
            except WrongUsage as error:
                told.append(str(error))

    # Whoever approves first can be overruled before it is sent; whoever discards first cannot.
    threads = [Thread(target=decide, args=pair) for pair in ((approve, "Ann"), (discard, "Kim"), (discard, "Eve"))]
    gate = Barrier(len(threads))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states(tieout.workplace) == ["discarded"]
    assert len(told) + len(decisions(tieout.workplace)) == 3
    assert told
    assert all("is discarded" in line and " by " in line for line in told), told


def test_a_ready_event_that_was_discarded_is_never_sent(tieout: Tieout, client: str) -> None:
    plan_id, (first, _) = plan(tieout, earned(client, 1), earned(client, 2))
    tieout("approve", plan_id)
    assert tieout("discard", first, "--reason", "wrong client").code == 0
    assert tieout.night().json["posted"] == 1
    assert [line["points"] for line in tieout.workplace.commits(client)] == [2]
    tieout.workplace.put("again.csv", earned(client, 1))
    assert tieout.night().json["duplicate"] == 1
    assert tieout("discard", first).code == 2


@pytest.mark.long
def test_a_plan_that_was_approved_in_error_can_be_dropped_before_it_is_sent(tieout: Tieout, client: str) -> None:
    plan_id, _ = plan(tieout, earned(client, 1), earned(client, 2))
    tieout("approve", plan_id)
    assert tieout("discard", plan_id, "--json").json["discarded"] == 2
    assert tieout.night().json["posted"] == 0


@pytest.mark.long
def test_an_update_that_was_discarded_gives_way_to_those_after_it(tieout: Tieout, reward: str) -> None:
    _, (first,) = plan(tieout, f"{reward},{PAYOUT},31", name="a.csv", headings=UPDATES)
    _, (second,) = plan(tieout, f"{reward},{PAYOUT},32", name="b.csv", headings=UPDATES)
    tieout("approve", first)
    tieout("approve", second)
    assert tieout("discard", first).code == 0
    assert tieout.night().json["posted"] == 1
    assert [str(line["amount"]) for line in tieout.workplace.commits() if line.get("reward_id") == reward] == ["32"]
    others = f"{reward_id(1)},{PAYOUT},33"  # another content than the first file's
    tieout.workplace.put("again.csv", f"{reward},{PAYOUT},31", others, headings=UPDATES)
    assert tieout.night().json["held"] == 1


def test_what_may_have_been_sent_cannot_be_discarded(tieout: Tieout, database_url: str) -> None:
    client = "200000150" if database_url.startswith("sqlite") else "200000151"
    tieout.workplace.put("a.csv", earned(client), earned(client, 3, "2026-09-22T17:00:00Z"))
    tieout("run", "--plain")
    first, second = tieout.workplace.rows("SELECT event_id FROM events ORDER BY ordinal")
    assert states(tieout.workplace) == ["unknown", "ready"]
    refused = tieout("discard", first["event_id"])
    assert (refused.code, "it may have been sent, so it cannot be discarded" in refused.err) == (2, True)
    site = tieout("discard", "--site", "-99", "--reason", "has left", "--yes", "--json")
    assert (site.code, site.json["discarded"]) == (1, 1)
    assert "1 more may have been sent and stay" in site.err
    assert states(tieout.workplace) == ["unknown", "discarded"]
    assert second["event_id"] in tieout("trace", second["event_id"]).out


def test_a_site_is_dropped_only_as_it_was_shown(tieout: Tieout, client: str) -> None:
    plan(tieout, earned(client, 1), name="a.csv")
    with open_ledger(tieout.workplace.settings) as ledger:
        shown = unsent_of_site(ledger, "-99")
        plan(tieout, earned(client, 2), name="b.csv")
        with pytest.raises(WrongUsage, match="other events than were shown"):
            discard_site(tieout.workplace.settings, ledger, shown, "Ann", "has left")
    assert states(tieout.workplace) == ["held", "held"]
    assert tieout("discard", "--site", "-99", answer="n\n").out == "Discarded: 0 events of site -99 are never posted.\n"
    assert tieout("discard", "--site", "-99", answer="y\n").out == "Discarded: 2 events of site -99 are never posted.\n"


@pytest.mark.parametrize("arguments", [("discard",), ("discard", "x", "--site", "-99")])
def test_discard_takes_an_id_or_a_site(tieout: Tieout, arguments: tuple[str, ...]) -> None:
    assert tieout(*arguments).code == 2


@pytest.mark.long
def test_what_a_person_takes_out_of_a_runs_hands_has_its_place_in_the_equations(
    tieout: Tieout, workplace: Workplace, client: str
) -> None:
    workplace.put("a.csv", earned(client, 1), earned(client, 2, "2026-09-22T17:00:00Z"))

    class Meanwhile:
        def __call__(self, line: str, /) -> None:
            if line.startswith("posting to"):
                (row,) = workplace.rows("SELECT event_id FROM events WHERE points = 2 AND state <> 'discarded'")
                with open_ledger(workplace.settings) as ledger:
                    discard(workplace.settings, ledger, row["event_id"], "Ann", "wrong client")

        def count(self, more: int, /, unit: str = "events") -> None: ...

    totals = nightly(workplace.settings, progress=Meanwhile()).totals
    assert [totals[key] for key in ("accepted", "posted", "withheld", "ties_out")] == [2, 1, 1, True]


@pytest.mark.long
def test_one_event_is_taken_back(tieout: Tieout, client: str) -> None:
    tieout.workplace.put("a.csv", earned(client, 30), earned(client, 40))
    tieout.night()
    rows = tieout.workplace.rows("SELECT event_id FROM events ORDER BY ordinal")
    event_id = rows[0]["event_id"]
    asked = tieout("reverse", event_id, "--by", "Ann", "--reason", "wrong client", "--json")
    assert (asked.code, asked.json["reversed"]["earned"]) == (1, {"count": 1, "points": 30})
    assert decisions(tieout.workplace) == [("reverse", "Ann", "wrong client", f"event {event_id}", 1)]
    again = tieout("reverse", event_id, "--reason", "wrong client", "--json")
    assert (again.code, again.json["plan_id"], again.json["already"]) == (0, None, 1)
    tieout("approve", asked.json["plan_id"])
    assert tieout.night().json["posted"] == 1
    assert [(line["action"], line["points"]) for line in tieout.workplace.commits(client)][-1] == ("Redeemed", 30)
    assert "a person asks to take it back: Ann: wrong client" in tieout("trace", event_id).out


@pytest.mark.long
def test_one_update_cannot_be_taken_back_and_what_it_replaced_is_said(tieout: Tieout, reward: str) -> None:
    for name, amount in (("a.csv", 41), ("b.csv", 42)):
        tieout.workplace.put(name, f"{reward},{PAYOUT},{amount}", headings=UPDATES)
        tieout.night()
    (row,) = tieout.workplace.rows("SELECT event_id FROM events WHERE amount = '42'")
    told = tieout("reverse", row["event_id"], "--reason", "wrong amount")
    assert (told.code, "before it a.csv had given amount 41" in told.out, "Nothing is planned" in told.out) == (
        1,
        True,
        True,
    )


@pytest.mark.parametrize("state", ["refused", "held"])
def test_what_was_not_posted_has_nothing_to_take_back(tieout: Tieout, client: str, state: str) -> None:
    if state == "held":
        _, (event_id,) = plan(tieout, earned(client))
    else:
        tieout.workplace.put("a.csv", redeemed(client))
        tieout.night()
        event_id = tieout.workplace.rows("SELECT event_id FROM events")[0]["event_id"]
    asked = tieout("reverse", event_id, "--reason", "wrong client")
    assert (asked.code, f"Event {event_id} is {state}" in asked.err) == (2, True)


@pytest.mark.long
def test_an_entry_that_takes_back_is_not_tried_again_beside_another_one(tieout: Tieout, client: str) -> None:
    workplace = tieout.workplace
    workplace.put("a.csv", earned(client, 30))
    tieout.night()
    workplace.put("b.csv", redeemed(client, 30))
    tieout.night()  # nothing is left to take back
    event_id = workplace.rows("SELECT event_id FROM events WHERE action = 'Earned'")[0]["event_id"]
    first = tieout("reverse", event_id, "--reason", "wrong client", "--json").json["plan_id"]
    tieout("approve", first)
    assert tieout.night().json["refused"] == 1
    second = tieout("reverse", event_id, "--reason", "wrong client", "--json").json["plan_id"]
    (refused,) = workplace.rows("SELECT event_id FROM events WHERE state = 'refused'")
    rival = workplace.rows(f"SELECT event_id FROM events WHERE run_id = '{second}'")[0]["event_id"]  # noqa: S608 - our own ids
    ended = tieout("retry", refused["event_id"], "--reason", "points are there", "--yes")
    assert (ended.code, f"event {rival} takes back the same entry" in ended.err) == (2, True)


def test_a_copy_of_the_ledger_from_before_a_decision_is_not_taken_for_the_ledger(
    tmp_path: Path,
    ready: dict[str, Any],
    client: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    workplace = open_workplace(tmp_path, ready)
    tieout = Tieout(workplace, monkeypatch, capsys)
    plan_id, _ = plan(tieout, earned(client))
    tieout("approve", plan_id)
    ledger, copy = workplace.folder / "tieout.db", workplace.folder / "copy.db"
    with closing(connect(ledger)) as source, closing(connect(copy)) as target:
        source.backup(target)
    tieout("discard", plan_id, "--reason", "wrong file")
    for part in workplace.folder.glob("tieout.db*"):
        part.unlink()
    copy.rename(ledger)
    assert tieout("run", "--plain").code == 3
    assert workplace.commits(client) == []


def test_whoever_was_shown_that_it_waits_does_not_drop_what_another_one_let_go_meanwhile(
    tieout: Tieout, client: str
) -> None:
    settings = tieout.workplace.settings
    plan_id, (first, *_) = plan(tieout, earned(client, 1), earned(client, 2))
    with open_ledger(settings) as ledger:
        approve(settings, ledger, first, "Cy")
        for held_id in (plan_id, first):
            with pytest.raises(WrongUsage, match="Somebody else has decided about that meanwhile"):
                discard(settings, ledger, held_id, "Al", waits_still=True)
    assert states(tieout.workplace) == ["ready", "held"]
