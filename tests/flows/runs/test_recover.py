"""A ledger that is gone, or of three nights ago: what was sent is made out, and nothing goes twice."""

import gzip
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from flows.intake.archive import keep_file
from flows.intake.check import check_file
from flows.ledger.connection import open_ledger
from flows.readers.files import sha256_of
from flows.recovery.report import Recovery, recovery_lines
from flows.review.decide import approve, discard
from flows.review.plan import keep_plan
from flows.review.reverse import reverse_file
from flows.review.trace import trace_lines
from flows.runs.reconcile import reconcile
from flows.runs.recover import recover
from flows.runs.upload import upload
from flows.runtime.errors import ExitCode, FileRejected, WrongLedger, WrongUsage
from flows.sandbox import start_sandbox
from flows.status import collect_status, status_lines
from tests.flows.workplace import HEADINGS, Workplace, earned, open_workplace, redeemed
from tests.postgresql import PostgresqlServer

UPDATES = "RewardId,PayoutId,Amount"
UPDATE = "3344d59a-0000-4000-8000-0000000000{},35b10000-0000-4000-8000-000000000001,{}"
FAULTS = "503_before=200000030,read_503=200000031*2,drop_after=200000032*1,read_503=200000033*4"
UNDATED = "{},{},Earned,Sale,,"

Place = Callable[..., Workplace]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, faults=FAULTS, options=("--extra-clients", "80", "--extra-rewards", "20")) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path, ready: dict[str, Any]) -> Place:
    return lambda **choices: brisk(open_workplace(tmp_path, ready, **choices))


def brisk(workplace: Workplace) -> Workplace:
    """Let a recovery not wait long for what may be on its way."""
    text = workplace.config.read_text("utf-8").replace("timeout_seconds = 5", "timeout_seconds = 1")
    return workplace.configure(text)


def lose_ledger(workplace: Workplace) -> None:
    for path in workplace.folder.glob("tieout.db*"):
        if path.is_file():
            path.unlink()


def copy_of_ledger(workplace: Workplace) -> Path:
    """Keep what a backup of now would hold."""
    copy = workplace.folder / "backup.db"
    for path in workplace.folder.glob("tieout.db*"):
        if path.is_file():
            shutil.copy(path, workplace.folder / path.name.replace("tieout.db", copy.name))
    return copy


def restore(workplace: Workplace, copy: Path) -> None:
    lose_ledger(workplace)
    for path in workplace.folder.glob("backup.db*"):
        shutil.copy(path, workplace.folder / path.name.replace(copy.name, "tieout.db"))


def recovered(workplace: Workplace, **choices: Any) -> Recovery:
    """A run refuses the ledger, and a recovery goes over it."""
    with pytest.raises(WrongLedger, match="tieout recover"):
        workplace.run()
    return recover(workplace.settings, **choices)


def states(workplace: Workplace) -> dict[str, str]:
    """Where each event stands, by its client and points."""
    rows = workplace.rows("SELECT client_id, reward_id, points, amount, state FROM events")
    named = [(f"{row['client_id'] or row['reward_id'][-2:]}/{row['points'] or row['amount']}", row) for row in rows]
    return {name: row["state"] for name, row in named}


def sent(workplace: Workplace, *client_ids: str) -> Counter[tuple[str, int]]:
    return Counter((line["client_id"], line["points"]) for line in workplace.commits(*client_ids))


def test_recover_without_a_loss_says_so_and_changes_nothing(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000001"))
    workplace.run()
    before = workplace.rows("SELECT * FROM runs"), workplace.rows("SELECT * FROM events")
    ended = recover(workplace.settings)
    assert (ended.run_id, ended.exit_code) == (None, ExitCode.TIES_OUT)
    assert (workplace.rows("SELECT * FROM runs"), workplace.rows("SELECT * FROM events")) == before


def test_recover_keeps_no_file_that_it_cannot_read(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000002"))
    workplace.run()
    before = sorted(workplace.folder.glob("archive/**/*"))
    with pytest.raises(FileRejected):
        recover(workplace.settings, files=[workplace.config])
    assert sorted(workplace.folder.glob("archive/**/*")) == before
    assert recover(workplace.settings).exit_code == ExitCode.TIES_OUT


def test_recover_a_lost_ledger_and_an_overlapping_export_posts_only_what_is_new(place: Place) -> None:
    workplace = place()
    first = [earned("200000002", 1), earned("200000003", 2), earned("200000003", 2), redeemed("200000003", 1)]
    workplace.put("a.csv", *first)
    workplace.put("b.csv", UPDATE.format("01", "1.5"), UPDATE.format("02", "2"), headings=UPDATES)
    workplace.run()
    workplace.put("c.csv", UPDATE.format("01", "2.5"), headings=UPDATES)
    workplace.run()
    known, before = states(workplace), sent(workplace, "200000002", "200000003")
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert ended.exit_code is ExitCode.TIES_OUT
    assert ended.decided == {"posted": {"service": 6, "snapshot": 1}}
    assert states(workplace) == known
    assert sent(workplace, "200000002", "200000003") == before
    updates = len(workplace.commits()) - len(workplace.commits("200000002", "200000003"))
    workplace.put("d.csv", *first, earned("200000002", 9))
    workplace.put("e.csv", UPDATE.format("01", "2.5"), headings=UPDATES)
    summary = workplace.run()
    assert (summary.totals["posted"], summary.totals["duplicate"], summary.totals["ties_out"]) == (1, 4, True)
    assert sent(workplace, "200000002", "200000003") == before + Counter({("200000002", 9): 1})
    assert len(workplace.commits()) - len(workplace.commits("200000002", "200000003")) == updates
    assert reconcile(workplace.settings).ties_out


@pytest.mark.long
def test_recover_twice_is_a_no_op(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000004"), earned("200000001", 10**9 + 1))
    workplace.run()
    lose_ledger(workplace)
    assert recovered(workplace).held == 1
    before = workplace.rows("SELECT * FROM events"), workplace.rows("SELECT * FROM transitions")
    again = recover(workplace.settings)
    assert (again.run_id, again.exit_code) == (None, ExitCode.NEEDS_A_PERSON)
    assert (workplace.rows("SELECT * FROM events"), workplace.rows("SELECT * FROM transitions")) == before


@pytest.mark.long
def test_recover_an_older_ledger_with_everything_unfinished_in_it(place: Place) -> None:
    """Pending, in doubt, held and planned as of the backup; sent, settled, approved and discarded since."""
    workplace = place()
    workplace.put("a.csv", earned("200000005", 1), earned("200000030", 2), earned("200000032", 3))
    workplace.put("b.csv", earned("200000006", 10**9 + 1), earned("200000007", 10**9 + 2))
    plan = workplace.folder / "plan.csv"
    plan.write_text("\n".join([HEADINGS, earned("200000008", 4), earned("200000009", 5)]) + "\n")
    workplace.run()
    with open_ledger(workplace.settings) as ledger:
        keep_plan(workplace.settings, ledger, check_file(workplace.settings, plan, None), "Ann")
    copy = copy_of_ledger(workplace)
    ids = {row["client_id"]: row["event_id"] for row in workplace.rows("SELECT * FROM events")}
    with open_ledger(workplace.settings) as ledger:
        approve(workplace.settings, ledger, ids["200000006"], "Ann")
        discard(workplace.settings, ledger, ids["200000007"], "Ann")
        approve(workplace.settings, ledger, ids["200000008"], "Ann")
    workplace.put("c.csv", earned("200000010", 6))
    workplace.run()
    before = workplace.commits()
    known = states(workplace)
    restore(workplace, copy)
    ended = recovered(workplace)
    assert workplace.commits() == before
    # What was never sent waits for a person; all the rest stands as it stood.
    assert states(workplace) == {**known, "200000030/2": "held"}
    assert ended.exit_code is ExitCode.NEEDS_A_PERSON
    workplace.put("d.csv", earned("200000007", 10**9 + 2), earned("200000030", 2), earned("200000008", 4))
    assert workplace.run().totals["duplicate"] == 3
    assert workplace.commits() == before


@pytest.mark.long
def test_recover_takes_the_times_of_undated_rows_from_snapshots(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", UNDATED.format("200000011", 3), UNDATED.format("200000011", 3))
    workplace.run()
    known = workplace.rows("SELECT event_id, action_at, state FROM events ORDER BY event_id")
    lose_ledger(workplace)
    assert recovered(workplace).exit_code is ExitCode.TIES_OUT
    assert workplace.rows("SELECT event_id, action_at, state FROM events ORDER BY event_id") == known
    workplace.put("b.csv", UNDATED.format("200000011", 3))
    assert workplace.run().totals["held"] == 1
    assert len(workplace.commits("200000011")) == 2


@pytest.mark.long
def test_recover_holds_an_undated_row_whose_time_no_snapshot_knows(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", UNDATED.format("200000012", 3))
    workplace.run()
    shutil.rmtree(workplace.folder / "snapshots")
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert ended.decided == {"held": {"no_time": 1}}
    (event,) = workplace.rows("SELECT state_reason FROM events")
    assert "the service shows 1 entry at" in event["state_reason"]


@pytest.mark.long
def test_recover_never_lets_go_what_a_person_had_discarded(place: Place) -> None:
    workplace = place()
    rows = [earned("200000013", 10**9 + 1), earned("200000014", 10**9 + 2)]
    workplace.put("a.csv", *rows)
    workplace.run()
    for row in workplace.rows("SELECT event_id FROM events WHERE client_id = '200000013'"):
        with open_ledger(workplace.settings) as ledger:
            discard(workplace.settings, ledger, row["event_id"], "Ann")
    workplace.run()  # its snapshot knows of the first one
    for row in workplace.rows("SELECT event_id FROM events WHERE client_id = '200000014'"):
        with open_ledger(workplace.settings) as ledger:
            discard(workplace.settings, ledger, row["event_id"], "Ann")
    lose_ledger(workplace)
    recovered(workplace)
    assert states(workplace) == {f"200000013/{10**9 + 1}": "discarded", f"200000014/{10**9 + 2}": "held"}
    workplace.put("b.csv", *rows)
    workplace.run()
    assert workplace.commits("200000013", "200000014") == []
    (event,) = workplace.rows("SELECT event_id, state_reason FROM events WHERE state = 'discarded'")
    assert "discarded by Ann" in event["state_reason"]


@pytest.mark.long
def test_recover_knows_uploads_and_plans_too(place: Place) -> None:
    workplace = place()
    path = workplace.folder / "by hand.csv"
    path.write_text("\n".join([HEADINGS, earned("200000015", 3)]) + "\n")
    upload(workplace.settings, path)
    lose_ledger(workplace)
    assert recovered(workplace).decided == {"posted": {"service": 1}}
    workplace.put("a.csv", earned("200000015", 3), earned("200000015", 4))
    assert workplace.run().totals["duplicate"] == 1
    assert sent(workplace, "200000015") == Counter({("200000015", 3): 1, ("200000015", 4): 1})


@pytest.mark.long
def test_recover_knows_the_site_that_a_folder_named(place: Place) -> None:
    workplace = place()
    workplace.put("-99/a.csv", UNDATED.format("200000016", 3), earned("200000016", 4))
    workplace.run()
    before = workplace.rows("SELECT event_id, state FROM events ORDER BY event_id")
    lose_ledger(workplace)
    recovered(workplace)
    assert workplace.rows("SELECT event_id, state FROM events ORDER BY event_id") == before
    assert workplace.rows("SELECT default_site_id FROM files") == [{"default_site_id": "-99"}]


@pytest.mark.long
def test_recover_brings_back_what_took_entries_back(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000017", 6))
    workplace.run()
    with open_ledger(workplace.settings) as ledger:
        planned = reverse_file(workplace.settings, ledger, "a.csv", None, by="Ann", reason="a mistake")
        approve(workplace.settings, ledger, planned.plan_id or "", "Ann")
    workplace.run()
    known = states(workplace)
    lose_ledger(workplace)
    recovered(workplace)
    assert states(workplace) == known
    with open_ledger(workplace.settings) as ledger:
        again = reverse_file(workplace.settings, ledger, "a.csv", None, by="Ann", reason="once more")
    assert (again.plan_id, again.already) == (None, 1)
    assert workplace.run().totals["ties_out"]


@pytest.mark.long
def test_recover_names_a_damaged_file_and_lets_no_night_run_before_it_is_back(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000018", 1))
    workplace.put("b.csv", earned("200000019", 2))
    workplace.run()
    (damaged,) = (workplace.folder / "archive").glob("b.*")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole.replace(b"Earned", b"Earnad"))
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert ended.exit_code is ExitCode.COULD_NOT_RUN
    assert [one.what for one in ended.lost] == [f"archive/{damaged.name}"]
    with pytest.raises(WrongLedger, match="not done"):
        workplace.run()
    damaged.write_bytes(whole)
    assert recover(workplace.settings).exit_code is ExitCode.TIES_OUT
    workplace.put("c.csv", earned("200000018", 1), earned("200000019", 2))
    assert workplace.run().totals["duplicate"] == 2


@pytest.mark.long
def test_recover_waits_for_the_order_of_dates_that_a_person_had_answered(place: Place) -> None:
    workplace = place()
    told = '[columns."desk"]\ndate_order = "D/M"\n'
    without = workplace.config.read_text("utf-8")
    workplace.configure(f"{without}\n{told}")
    workplace.put("a.csv", earned("200000070", 1, time="05/10/2026"))
    workplace.run()
    workplace.configure(without)
    lose_ledger(workplace)
    (lost,) = recovered(workplace).lost
    assert "does the day come first" in lost.why
    workplace.configure(f"{without}\n{told}")
    assert recover(workplace.settings).exit_code is ExitCode.TIES_OUT
    assert states(workplace) == {"200000070/1": "posted"}


@pytest.mark.long
def test_recover_names_a_file_that_is_gone_and_goes_on_without_it_where_a_person_says_so(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000020", 1))
    workplace.run()
    for path in (workplace.folder / "archive").iterdir():
        path.unlink()
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert [one.what for one in ended.lost] == ["a.csv"]
    assert recover(workplace.settings, without=["a.csv"]).exit_code is ExitCode.TIES_OUT
    workplace.run()


@pytest.mark.long
def test_recover_goes_on_where_a_client_could_not_be_read(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000033", 1), earned("200000021", 2))
    workplace.run()
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert (ended.exit_code, ended.left) == (ExitCode.COULD_NOT_RUN, 1)
    assert [one.what for one in ended.not_read] == ["client 200000033 of site -99"]
    # Nights go on for everybody else; whatever comes for this client waits, and no person can let it go.
    workplace.put("b.csv", earned("200000033", 7), earned("200000021", 8))
    summary = workplace.run()
    assert (summary.totals["posted"], summary.totals["pending"], summary.totals["ties_out"]) == (1, 1, True)
    assert any("tieout recover" in line for line in summary.lines)
    with open_ledger(workplace.settings) as ledger:
        status = collect_status(workplace.settings, ledger)
    assert (status.to_recover, status.exit_code) == (1, ExitCode.NEEDS_A_PERSON)
    assert any("tieout recover" in line for line in status_lines(status))
    (event,) = workplace.rows("SELECT event_id FROM events WHERE state = 'held'")
    with open_ledger(workplace.settings) as ledger, pytest.raises(WrongUsage, match="tieout recover"):
        approve(workplace.settings, ledger, event["event_id"], "Ann")
    assert recover(workplace.settings).exit_code is ExitCode.TIES_OUT
    assert workplace.run().totals["posted"] == 1
    assert sent(workplace, "200000033") == Counter({("200000033", 1): 1, ("200000033", 7): 1})


@pytest.mark.long
def test_recover_takes_several_days_where_the_calls_are_few(place: Place) -> None:
    workplace = place()
    rows = [earned(f"2000000{number}", 3) for number in range(40, 50)]
    workplace.put("a.csv", *rows)
    workplace.run()
    lose_ledger(workplace)
    few = brisk(workplace.configure(calls_per_day=6))
    ended = recovered(few)
    assert (ended.exit_code, ended.left, ended.days_left) == (ExitCode.COULD_NOT_RUN, 5, 1)
    assert "for 1 more day" in "\n".join(recovery_lines(ended))
    # The next day, told here by more calls for this one.
    assert recover(brisk(workplace.configure(calls_per_day=60)).settings).exit_code is ExitCode.TIES_OUT
    assert {row["state"] for row in workplace.rows("SELECT state FROM events")} == {"posted"}
    assert len(workplace.commits(*(f"2000000{number}" for number in range(40, 50)))) == 10


@pytest.mark.long
def test_recover_holds_what_the_service_shows_almost(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000030", 2))
    workplace.run()
    by_hand = {"ClientId": "200000030", "Action": "Earned", "Points": 2, "Source": "Sale"}
    workplace.talk.post_json("/sandbox/desk/transactions", {**by_hand, "ActionDateTime": "2026-09-20T18:00:00Z"})
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert ended.decided == {"held": {"ambiguous": 1}}
    # It is not let go together with others.
    with open_ledger(workplace.settings) as ledger, pytest.raises(WrongUsage, match="by its own id"):
        approve(workplace.settings, ledger, ended.run_id or "", "Ann")


@pytest.mark.long
def test_recover_leaves_a_trace_and_reports_that_tell_the_truth(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000022", 5))
    workplace.run()
    lose_ledger(workplace)
    ended = recovered(workplace)
    (event,) = workplace.rows("SELECT event_id FROM events")
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        story = "\n".join(trace_lines(workplace.settings, connection, event["event_id"]))
    assert "registered as held" in story
    assert "the service shows 1 equal entry, so it was sent" in story
    assert story.endswith("now: posted")
    assert ended.report is not None
    assert event["event_id"] in ended.report.read_text("utf-8")
    summary = workplace.run()
    assert (summary.totals["carried_in"], summary.totals["posted"], summary.totals["ties_out"]) == (0, 0, True)


@pytest.mark.long
def test_recover_leaves_a_file_that_waits_in_the_inbox_to_the_next_night(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000023", 5))
    workplace.run()
    lose_ledger(workplace)
    workplace.put("b.csv", earned("200000023", 5), earned("200000023", 6))
    assert recovered(workplace).exit_code is ExitCode.TIES_OUT
    assert workplace.run().totals["posted"] == 1
    assert sent(workplace, "200000023") == Counter({("200000023", 5): 1, ("200000023", 6): 1})


@pytest.mark.long
def test_recover_a_file_that_an_older_version_kept_without_its_site(place: Place) -> None:
    workplace = place()
    other = '\n[[mindbody.sites]]\nsite_id = "-98"\ntimezone = "UTC"\nusername = "u"\npassword = "p"\n'
    workplace.put("-99/a.csv", earned("200000024", 5))
    workplace.run()
    (kept,) = (workplace.folder / "archive" / "-99").iterdir()
    kept.rename(workplace.folder / "archive" / kept.name)
    shutil.rmtree(workplace.folder / "snapshots")
    both = workplace.configure(workplace.config.read_text("utf-8") + other)
    lose_ledger(both)
    ended = recovered(both)
    assert ended.exit_code is ExitCode.COULD_NOT_RUN
    assert "archive/-99" in ended.lost[0].why
    (workplace.folder / "archive" / kept.name).rename(kept)
    assert recover(both.settings).decided == {"posted": {"service": 1}}


@pytest.mark.long
def test_recover_a_ledger_that_was_rolled_back_with_its_whole_machine(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000025", 1))
    workplace.run()
    copy, marker = copy_of_ledger(workplace), workplace.folder / ".tieout" / "marker.json"
    known_then = marker.read_bytes()
    workplace.put("b.csv", earned("200000025", 2))
    workplace.run()
    restore(workplace, copy)
    marker.write_bytes(known_then)
    assert recover(workplace.settings, is_older=True).decided == {"posted": {"service": 1}}
    workplace.put("c.csv", earned("200000025", 1), earned("200000025", 2), earned("200000025", 3))
    assert workplace.run().totals["duplicate"] == 2
    assert len(workplace.commits("200000025")) == 3


@pytest.mark.long
def test_recover_goes_on_with_the_other_sites_where_one_is_out_of_reach(place: Place) -> None:
    workplace = place()
    other = '\n[[mindbody.sites]]\nsite_id = "-98"\ntimezone = "UTC"\nusername = "u"\npassword = "p"\n'
    both = workplace.configure(workplace.config.read_text("utf-8") + other)
    both.put("-99/a.csv", earned("200000026", 1))
    both.run()
    of_other = both.put("-98/b.csv", earned("200000026", 2))
    keep_file(of_other, sha256_of(of_other), "-98", both.settings)
    of_other.unlink()
    lose_ledger(both)
    ended = recovered(both)
    assert (ended.exit_code, ended.left) == (ExitCode.COULD_NOT_RUN, 1)
    assert [one.what for one in ended.not_read] == ["Mindbody site -98"]
    assert ended.decided == {"posted": {"service": 1}}
    both.put("-99/c.csv", earned("200000026", 3))
    both.run()
    assert sent(both, "200000026") == Counter({("200000026", 1): 1, ("200000026", 3): 1})
    again = recover(both.settings)
    assert (again.left, again.exit_code) == (1, ExitCode.COULD_NOT_RUN)


@pytest.mark.long
def test_recover_says_where_a_snapshot_is_damaged_and_goes_by_the_services(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000027", 1))
    workplace.run()
    (snapshot,) = (workplace.folder / "snapshots").iterdir()
    snapshot.write_bytes(snapshot.read_bytes()[:100])
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert ended.decided == {"posted": {"service": 1}}
    assert any("it is damaged" in note for note in ended.notes)


@pytest.mark.long
def test_recover_a_marked_copy_beside_the_file_that_it_was_made_of(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000028", 1), earned("200000028", 0))
    (marked,) = workplace.run().report.parent.glob("*.marked.xlsx")
    shutil.copy(marked, workplace.inbox / "mended.xlsx")
    workplace.run()
    known = workplace.rows("SELECT name, accepted, duplicate, rejected FROM files ORDER BY file_id")
    lose_ledger(workplace)
    recovered(workplace)
    found = workplace.rows("SELECT name, held AS accepted, duplicate, rejected FROM files ORDER BY file_id")
    assert (found, states(workplace)) == (known, {"200000028/1": "posted"})
    assert len(workplace.commits("200000028")) == 1


def test_recover_holds_one_of_two_equal_rows_where_the_service_shows_one(place: Place) -> None:
    workplace = place()
    rows = [earned("200000029", 3)] * 2
    archived = workplace.put("a.csv", *rows)
    keep_file(archived, sha256_of(archived), None, workplace.settings)
    archived.unlink()
    by_hand = {"ClientId": "200000029", "Action": "Earned", "Points": 3, "Source": "Sale"}
    workplace.talk.post_json("/sandbox/desk/transactions", {**by_hand, "ActionDateTime": "2026-09-20T17:00:00Z"})
    ended = recovered(workplace)
    assert ended.decided == {"held": {"not_shown": 1}, "posted": {"service": 1}}
    workplace.put("b.csv", *rows, earned("200000029", 4))
    workplace.run()
    assert [line["points"] for line in workplace.commits("200000029") if line.get("actor") != "desk"] == [4]


@pytest.mark.long
def test_recover_a_ledger_in_postgresql_that_is_older_and_one_that_is_gone(
    place: Place, postgresql: PostgresqlServer
) -> None:
    name, copy = f"ledger_{uuid4().hex}", f"copy_{uuid4().hex}"
    execute(postgresql, f"CREATE DATABASE {name}")
    workplace = place()
    text = f'database_url = "{postgresql.url(name)}"\n' + workplace.config.read_text("utf-8")
    workplace = workplace.configure(text)
    rows = [earned("200000034", 1), UNDATED.format("200000034", 2), earned("200000034", 10**9 + 1)]
    workplace.put("a.csv", *rows)
    workplace.put("b.csv", UPDATE.format("05", "1.5"), headings=UPDATES)
    workplace.run()
    execute(postgresql, f"CREATE DATABASE {copy} TEMPLATE {name}")
    workplace.put("c.csv", earned("200000034", 3))
    workplace.put("d.csv", UPDATE.format("05", "2.5"), headings=UPDATES)
    workplace.run()
    known, before = states(workplace), workplace.commits()
    for template in (copy, "template0"):
        execute(postgresql, f"DROP DATABASE {name} WITH (FORCE)")
        execute(postgresql, f"CREATE DATABASE {name} TEMPLATE {template}")
        assert recovered(workplace).exit_code is ExitCode.NEEDS_A_PERSON
        assert (states(workplace), workplace.commits()) == (known, before)
    workplace.put("e.csv", *rows, earned("200000034", 3), earned("200000034", 4))
    summary = workplace.run()
    assert (summary.totals["posted"], summary.totals["held"], summary.totals["ties_out"]) == (1, 1, True)
    assert reconcile(workplace.settings).ties_out
    execute(postgresql, f"DROP DATABASE {name} WITH (FORCE)")
    execute(postgresql, f"DROP DATABASE {copy}")


def execute(server: PostgresqlServer, statement: str) -> None:
    with server.connect() as connection:
        connection.execute(statement.encode())


@pytest.mark.long
def test_recover_goes_on_without_a_damaged_file_for_good_where_a_person_says_so(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000035", 1))
    workplace.run()
    (damaged,) = (workplace.folder / "archive").iterdir()
    damaged.write_bytes(b"half")
    lose_ledger(workplace)
    assert recovered(workplace).exit_code is ExitCode.COULD_NOT_RUN
    assert recover(workplace.settings, without=["a.csv"]).exit_code is ExitCode.TIES_OUT
    assert recover(workplace.settings).run_id is None


@pytest.mark.long
def test_recover_leaves_alone_a_file_that_a_killed_night_had_only_kept(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000036", 1))
    workplace.run()
    waiting = workplace.put("b.csv", earned("200000036", 2))
    keep_file(waiting, sha256_of(waiting), None, workplace.settings)
    assert recover(workplace.settings).run_id is None
    assert workplace.run().totals["posted"] == 1


@pytest.mark.long
def test_recover_asks_for_an_upload_of_which_no_copy_was_kept(place: Place) -> None:
    workplace = place()
    path = workplace.folder / "by hand.csv"
    path.write_text("\n".join([HEADINGS, earned("200000037", 3)]) + "\n")
    upload(workplace.settings, path)
    # As a version before left it: no copy, and a snapshot that tells of no files.
    shutil.rmtree(workplace.folder / "archive")
    (snapshot,) = (workplace.folder / "snapshots").iterdir()
    lines = gzip.decompress(snapshot.read_bytes()).decode().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if '"kept_events"' in line)
    snapshot.write_bytes(gzip.compress("".join(lines[:first]).encode()))
    lose_ledger(workplace)
    ended = recovered(workplace)
    assert (ended.exit_code, [one.what for one in ended.lost]) == (ExitCode.COULD_NOT_RUN, ["by hand.csv"])
    with pytest.raises(WrongLedger):
        workplace.run()
    assert recover(workplace.settings, files=[path]).decided == {"posted": {"service": 1}}
    workplace.put("a.csv", earned("200000037", 3), earned("200000037", 4))
    assert workplace.run().totals["duplicate"] == 1
