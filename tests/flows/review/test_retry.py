"""What a service refused, tried again by a person's word: through the real command, the sandbox and both databases."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from flows.ledger.connection import open_ledger
from flows.review.retry import Asked, find_refused, let_try_again
from flows.runtime.errors import WrongUsage
from flows.sandbox import start_sandbox
from flows.sandbox.seed import reward_id
from tests.flows.command import Tieout
from tests.flows.eventually import eventually
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed

PAYOUT = "35b10000-0000-4000-8000-000000000001"
UPDATES = "RewardId,PayoutId,Amount"
ISSUED = reward_id(3)  # cannot be edited until a hand opens it again
# The clients of these tests are nobody else's; some have faults of their own.
FAULTS = "read_503=200000008*5,read_503=200000028*5,refused_late=200000009*1~8,refused_late=200000029*1~8"
FAULTS += ",refused_late=200000010*1~0.1,refused_late=200000030*1~0.1"
FAULTS += "".join(f",refused_late={merged}*1~0.1,read_no_client={merged}*3" for merged in (200000011, 200000031))
_next = iter(range(40, 1000))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    options = ("--extra-clients", "200", "--extra-rewards", "40")
    with start_sandbox(state=state, faults=FAULTS, options=options) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    return open_workplace(tmp_path, ready, database_url=database_url)


@pytest.fixture
def client() -> str:
    """A client of whom nobody else asks."""
    return str(200_000_000 + next(_next))


@pytest.fixture
def faulty(database_url: str) -> Any:
    """The client with this fault; one for each database."""
    return lambda number: str(200_000_000 + number + (20 if database_url.startswith("postgresql") else 0))


def refused(tieout: Tieout, *rows: str, name: str = "a.csv", **headings: str) -> list[str]:
    """Let the service refuse these rows, and return their events in the order of the file."""
    tieout.workplace.put(name, *rows, **headings)
    assert tieout.night().json["refused"] == len(rows)
    found = tieout.workplace.rows("SELECT event_id FROM events WHERE state = 'refused' ORDER BY file_id, ordinal")
    return [row["event_id"] for row in found]


def give(workplace: Workplace, client_id: str, points: int = 100) -> None:
    """Let the client earn points at the desk, long before what is redeemed."""
    entry = {"ClientId": client_id, "Action": "Earned", "Points": points, "ActionDateTime": "2026-01-01T12:00:00Z"}
    workplace.talk.post_json("/sandbox/desk/transactions", entry)


def redeem_by_hand(workplace: Workplace, client_id: str, points: int = 5) -> None:
    entry = {"ClientId": client_id, "Action": "Redeemed", "Points": points, "ActionDateTime": "2026-09-22T12:00:00Z"}
    workplace.talk.post_json("/sandbox/desk/transactions", entry)


def sent(workplace: Workplace, client_id: str) -> list[tuple[int, str]]:
    """Return points and time of what was posted from here."""
    return [
        (line["points"], line["action_date_time"]) for line in workplace.commits(client_id) if line["actor"] == "api"
    ]


def states(workplace: Workplace) -> list[str]:
    return [row["state"] for row in workplace.rows("SELECT state FROM events ORDER BY file_id, ordinal")]


def test_a_refused_event_is_posted_once_its_cause_is_gone(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client))
    give(tieout.workplace, client)
    ended = tieout("retry", event_id, "--by", "Ann", "--reason", "points are there", "--json", answer="y\n")
    assert (ended.code, ended.json["retried"], ended.json["redeemed"]) == (0, 1, {"count": 1, "points": 5})
    assert "The client has not enough reward points." in ended.err
    night = tieout.night().json
    assert (night["carried_in"], night["posted"], night["refused"]) == (1, 1, 0)
    assert sent(tieout.workplace, client) == [(5, "2026-09-21T17:00:00Z")]
    assert "refused" not in tieout.workplace.breaks().values()
    later = tieout.night().json
    assert (later["carried_in"], later["posted"]) == (0, 0)


@pytest.mark.long
def test_an_undated_row_is_sent_again_with_the_time_that_was_pinned(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, f"{client},5,Redeemed,,,")
    (pinned,) = tieout.workplace.rows("SELECT CAST(action_at AS TEXT) AS at FROM events")
    give(tieout.workplace, client)
    tieout("retry", event_id, "--reason", "points are there", "--yes")
    tieout.night()
    ((points, at),) = sent(tieout.workplace, client)
    assert (points, at.replace("T", " ")[:19]) == (5, pinned["at"][:19])


@pytest.mark.long
def test_what_somebody_entered_in_its_place_holds_it(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client))
    give(tieout.workplace, client)
    redeem_by_hand(tieout.workplace, client)
    tieout("retry", event_id, "--reason", "points are there", "--yes")
    night = tieout("run", "--plain")
    assert "held for a person" in night.out
    assert "Redeemed 5 points at 2026-09-22 12:00:00Z" in night.out
    assert (states(tieout.workplace), sent(tieout.workplace, client)) == (["held"], [])
    assert "which nobody accounts for" in tieout("trace", event_id).out


@pytest.mark.long
def test_what_a_person_has_seen_holds_it_no_more(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client))
    give(tieout.workplace, client)
    redeem_by_hand(tieout.workplace, client)
    tieout("retry", event_id, "--reason", "points are there", "--yes")
    tieout.night()
    assert tieout("approve", event_id, "--by", "Kim", "--reason", "both are meant").code == 0
    redeem_by_hand(tieout.workplace, client)
    tieout.night()
    assert (states(tieout.workplace), sent(tieout.workplace, client)) == (["held"], [])
    tieout("approve", event_id, "--by", "Kim", "--reason", "all are meant")
    assert tieout.night().json["posted"] == 1
    assert sent(tieout.workplace, client) == [(5, "2026-09-21T17:00:00Z")]


@pytest.mark.long
def test_entries_of_ours_hold_nothing(tieout: Tieout, client: str) -> None:
    give(tieout.workplace, client, 5)
    tieout.workplace.put("a.csv", redeemed(client), redeemed(client, time="2026-09-22T17:00:00Z"))
    assert tieout.night().json["posted"] == 1
    give(tieout.workplace, client)
    assert tieout("retry", "--code", "ValidationFailed", "--reason", "points are there", "--yes").code == 0
    assert tieout.night().json["posted"] == 1
    assert [at for _, at in sent(tieout.workplace, client)] == ["2026-09-21T17:00:00Z", "2026-09-22T17:00:00Z"]


@pytest.mark.long
def test_a_client_who_cannot_be_read_is_not_tried_again(tieout: Tieout, faulty: Any) -> None:
    client = faulty(8)
    (event_id,) = refused(tieout, redeemed(client))  # two of the five reads that fail
    give(tieout.workplace, client)
    tieout("retry", event_id, "--reason", "points are there", "--yes")
    night = tieout("run", "--plain")  # two more
    assert f"not tried again yet: event {event_id} could not be read" in night.out
    assert (states(tieout.workplace), sent(tieout.workplace, client)) == (["ready"], [])
    assert tieout.night().json["posted"] == 1


def test_what_landed_after_the_refusal_is_held_and_not_paid_twice(tieout: Tieout, faulty: Any) -> None:
    client = faulty(10)
    (event_id,) = refused(tieout, earned(client, 7))
    eventually(lambda: len(sent(tieout.workplace, client)) == 1)
    tieout("retry", event_id, "--reason", "looks like a mistake of the service", "--yes")
    tieout.night()
    assert (states(tieout.workplace), len(sent(tieout.workplace, client))) == (["held"], 1)


def test_a_client_whom_the_service_does_not_know_is_looked_for_by_a_person(tieout: Tieout, faulty: Any) -> None:
    client = faulty(11)
    (event_id,) = refused(tieout, earned(client))
    eventually(lambda: len(tieout.workplace.commits(client)) == 1)
    tieout("retry", event_id, "--reason", "again", "--yes")
    tieout.night()
    (held,) = tieout.workplace.rows("SELECT state, state_reason FROM events")
    assert (held["state"], len(tieout.workplace.commits(client))) == ("held", 1)
    assert f"the service knows no client {client}" in held["state_reason"]


@pytest.mark.long
def test_what_lands_beside_its_retry_shows_as_a_break(tieout: Tieout, faulty: Any) -> None:
    client = faulty(9)
    (event_id,) = refused(tieout, earned(client, 7))
    tieout("retry", event_id, "--reason", "looks like a mistake of the service", "--yes")
    tieout.night()
    eventually(lambda: len(sent(tieout.workplace, client)) == 2 or states(tieout.workplace) == ["held"])
    tieout("reconcile", "--since", "2026-09-01", "--until", "2026-10-01", "--plain")
    classes = set(tieout.workplace.breaks().values())
    assert classes & {"duplicate_remote", "unexpected_remote", "status_mismatch"}, classes


@pytest.mark.long
def test_an_update_that_a_later_one_superseded_is_not_tried_again(tieout: Tieout, workplace: Workplace) -> None:
    number = next(_next)
    reward = reward_id(number % 40 + 9)
    edit(workplace, reward, status="Issued")
    (first,) = refused(tieout, f"{reward},{PAYOUT},12.50", headings=UPDATES)
    edit(workplace, reward, status="Pending")
    workplace.put("b.csv", f"{reward},{PAYOUT},20", headings=UPDATES)
    assert tieout.night().json["posted"] == 1
    (later,) = workplace.rows("SELECT event_id FROM events WHERE state = 'posted'")
    ended = tieout("retry", first, "--reason", "it is open again", "--yes")
    assert ended.code == 2
    assert f"update {later['event_id']} of the same reward came after it" in ended.err


def edit(workplace: Workplace, reward: str, **values: Any) -> None:
    workplace.talk.post_json("/sandbox/desk/rewards", {"rewardId": reward, **values})


@pytest.mark.long
def test_an_update_is_tried_again_unless_the_reward_was_edited_since(tieout: Tieout, workplace: Workplace) -> None:
    rewards = [reward_id(next(_next) % 40 + 9) for _ in range(3)]
    for reward in rewards:
        edit(workplace, reward, status="Issued")
    refused(tieout, *(f"{reward},{PAYOUT},13.25" for reward in rewards), headings=UPDATES)
    # Each is opened again; of two of them somebody sets the value, too, once as the file says and once otherwise.
    edit(workplace, rewards[0], status="Pending")
    edit(workplace, rewards[1], status="Pending", amount=13.25)
    edit(workplace, rewards[2], status="Pending", amount=77)
    ended = tieout("retry", "--file", "a.csv", "--reason", "they are open again", "--yes", "--json")
    assert (ended.json["retried"], ended.json["reward_updates"]) == (3, 3)
    night = tieout("run", "--plain")
    assert "the reward has these values already" in night.out
    assert "amount was 10, is 77" in night.out
    assert states(workplace) == ["posted", "held", "held"]


@pytest.mark.long
def test_retry_by_file_code_and_run_takes_what_fits_all_of_them(tieout: Tieout, client: str) -> None:
    unknown = "299999999"
    tieout.workplace.put("a.csv", redeemed(client), earned(unknown))
    first = tieout.night().json
    refused(tieout, redeemed(client, 6), name="b.csv")
    both = tieout(
        "retry", "--file", "a.csv", "--code", "clientnotfound", "--reason", "made since", "--json", answer="n\n"
    )
    assert (both.json["retried"], both.json["decision_id"]) == (1, None)
    of_run = tieout("retry", "--run", first["run_id"], "--reason", "made since", "--json", answer="n\n")
    assert (of_run.json["retried"], states(tieout.workplace)) == (2, ["refused"] * 3)


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(("--code", "Nothing"), 0, "What is refused bears ValidationFailed (1)", id="no such code"),
        pytest.param(("--run", "nightly-x"), 2, "knows no run nightly-x", id="no such run"),
        pytest.param(("--file", "x.csv"), 2, "No file x.csv was ever taken in", id="no such file"),
        pytest.param(("nothing",), 2, "has no event nothing", id="no such event"),
        pytest.param((), 2, "retry takes either", id="nothing asked for"),
        pytest.param(("e", "--code", "c"), 2, "retry takes either", id="both ways"),
    ],
)
def test_retry_of_nothing_says_why(
    tieout: Tieout, client: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    refused(tieout, redeemed(client))
    ended = tieout("retry", *arguments, "--reason", "why not", "--yes")
    assert ended.code == code, ended
    assert said in ended.err


def test_retry_asks_and_needs_a_reason(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client))
    assert "add --yes" in tieout("retry", event_id, "--reason", "points are there").err
    assert "needs a reason" in tieout("retry", event_id, "--yes").err
    assert states(tieout.workplace) == ["refused"]


@pytest.mark.long
def test_retry_of_what_is_not_refused_says_where_it_stands(tieout: Tieout, client: str) -> None:
    tieout.workplace.put("a.csv", earned(client))
    tieout.night()
    (row,) = tieout.workplace.rows("SELECT event_id FROM events")
    ended = tieout("retry", row["event_id"], "--reason", "again", "--yes")
    assert (ended.code, "it is posted: it took effect" in ended.err) == (2, True)


def test_of_two_people_one_wins_and_the_other_is_told(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client))
    settings = tieout.workplace.settings
    gate, told = Barrier(2), []

    def decide(name: str) -> None:
        with open_ledger(settings) as ledger:
            shown = find_refused(settings, ledger, Asked(event_ids=[event_id]))
            gate.wait()
            try:
                let_try_again(settings, ledger, shown, by=name, reason="points are there")
            except WrongUsage as error:
                told.append(str(error))

    threads = [Thread(target=decide, args=(name,)) for name in ("Ann", "Kim")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (line,) = told
    assert f"Event {event_id} is ready by now (let try again by " in line
    assert len(tieout.workplace.rows("SELECT * FROM event_decisions")) == 1


@pytest.mark.long
def test_a_refused_row_sent_again_is_a_duplicate_that_names_the_command(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client))
    tieout.workplace.put("again.csv", redeemed(client), earned(client, 3))
    assert tieout.night().json["duplicate"] == 1
    (row,) = tieout.workplace.rows("SELECT reason FROM duplicates")
    (event,) = tieout.workplace.rows("SELECT CAST(state_at AS TEXT) AS refused_at FROM events WHERE state = 'refused'")
    assert f"; refused on {event['refused_at'][:10]} because" in row["reason"]
    assert row["reason"].endswith(f"because The client has not enough reward points: tieout retry {event_id}")
    found = tieout("retry", "--file", "again.csv", "--reason", "points are there", "--json", answer="n\n")
    assert found.json["events"] == [event_id]


@pytest.mark.long
def test_a_row_that_was_corrected_since_is_not_tried_again(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client, 500))
    give(tieout.workplace, client)
    headings = "ClientId,Points,Action,Source,SourceId,ActionDateTime,Receipt"
    tieout.workplace.put("mended.csv", f"{redeemed(client, 50)},{event_id}", headings=headings)
    assert tieout.night().json["posted"] == 1
    ended = tieout("retry", event_id, "--reason", "points are there", "--yes")
    assert (ended.code, "its row was corrected: event" in ended.err) == (2, True)


@pytest.mark.long
def test_a_row_that_may_be_corrected_without_its_receipt_is_held(tieout: Tieout, client: str) -> None:
    time = "2026-09-20T17:00:00Z"
    (event_id,) = refused(tieout, f"{client},10,Earned,Sale,424242,{time}")
    tieout.workplace.put("mended.csv", f"{client},10,Earned,Sale,,{time}")
    assert tieout.night().json["posted"] == 1
    tieout("retry", event_id, "--reason", "the sale is there", "--yes")
    night = tieout("run", "--plain")
    assert "may be the same one, corrected" in night.out
    assert len(sent(tieout.workplace, client)) == 1


@pytest.mark.long
def test_trace_report_and_doctor_tell_who_decided_and_why(tieout: Tieout, client: str) -> None:
    (event_id,) = refused(tieout, redeemed(client))
    give(tieout.workplace, client)
    tieout("retry", event_id, "--by", "Ann", "--reason", "points are there", "--yes")
    story = tieout("trace", event_id).out
    assert "a person lets it be tried again: Ann: points are there" in story
    night = tieout.night().json
    report = Path(night["report"]).with_suffix(".json").read_text(encoding="utf-8")
    assert '"actor": "Ann"' in report
    later = Path(tieout.night().json["report"]).with_suffix(".json").read_text(encoding="utf-8")
    assert '"actor": "Ann"' not in later
    assert tieout("doctor").out.count("decisions about breaks and events, and who signed, is as it was written") == 1


@pytest.mark.long
def test_the_report_names_the_command_with_the_events_own_id(tieout: Tieout, client: str) -> None:
    tieout.workplace.put("a.csv", redeemed(client), earned("299999999"))
    night = tieout("run", "--plain").out
    rows = tieout.workplace.rows("SELECT event_id FROM events ORDER BY file_id, ordinal")
    assert any(f"tieout retry {row['event_id']} --reason TEXT" in night for row in rows)


@pytest.mark.long
def test_the_report_names_the_code_where_all_were_refused_for_the_same_cause(tieout: Tieout, client: str) -> None:
    tieout.workplace.put("a.csv", redeemed(client), redeemed(client, 6))
    assert "tieout retry --code ValidationFailed --reason TEXT" in tieout("run", "--plain").out
