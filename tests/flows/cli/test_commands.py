"""The commands as a shell sees them: exit code, stdout, stderr; against one real sandbox, through `main` itself."""

from pathlib import Path
from typing import Any

import pytest

from tests.flows.command import Command
from tests.flows.workplace import SAMPLES, Workplace, earned, open_workplace, redeemed

RUN_KEYS = [
    "run_id", "files", "rows_read", "accepted", "duplicate", "held", "rejected", "carried_in", "posted", "refused",
    "unknown", "pending", "withheld", "points_earned", "points_redeemed", "amount_updated", "breaks_open", "ties_out",
    "agrees", "report", "notes", "not_read", "calls_made", "calls_per_event", "proved",
]  # fmt: skip
CHECK_KEYS = ["file", "sha256", "rows_read", "accepted", "rejected", "rows_skipped", "events", "errors", "notes"]
RECONCILE_KEYS = [
    "since", "until", "matched", "breaks", "opening", "opened", "closed", "open", "ties_out", "agrees", "report",
    "not_read",
]  # fmt: skip


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> Workplace:
    """A workplace whose ledger holds the samples."""
    workplace = open_workplace(tmp_path_factory.mktemp("sampled"), ready)
    for sample in SAMPLES:
        (workplace.inbox / sample.name).write_bytes(sample.read_bytes())
    workplace.run()
    return workplace


def test_run_prints_one_object_with_the_documented_keys(bare_tieout: Command, workplace: Workplace) -> None:
    workplace.put("a.csv", earned("200000001"))
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, list(ended.json), ended.json["posted"]) == (0, RUN_KEYS, 1)
    assert Path(ended.json["report"]).is_file()


def test_run_tells_a_person_what_happened(bare_tieout: Command, workplace: Workplace) -> None:
    workplace.put("a.csv", "1,0,Earned,,,")
    ended = bare_tieout("run", "--plain", "--config", workplace.config)
    assert (ended.code, "rejected" in ended.out, "checking a.csv" in ended.err) == (1, True, True)


def test_run_of_a_file_that_cannot_be_read_says_so_once_and_still_prints_its_object(
    bare_tieout: Command, workplace: Workplace
) -> None:
    (workplace.inbox / "a.pdf").write_bytes(b"%PDF-1.7")
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, ended.json["files"], ended.err.count("a.pdf: ")) == (3, 0, 1)


def test_upload_without_yes_shows_the_plan_and_posts_nothing_on_a_no(
    bare_tieout: Command, workplace: Workplace
) -> None:
    path = workplace.put("a.csv", earned("200000002", 17))
    ended = bare_tieout("upload", path, "--config", workplace.config, answer="n\n")
    assert (ended.code, ended.out, "17" in ended.err, "Nothing was posted" in ended.err) == (0, "", True, True)
    assert workplace.commits("200000002") == []


def test_upload_posts_on_a_yes(bare_tieout: Command, workplace: Workplace) -> None:
    path = workplace.put("a.csv", earned("200000003"))
    assert bare_tieout("upload", path, "--config", workplace.config, answer="y\n").code == 0
    assert len(workplace.commits("200000003")) == 1


def test_upload_that_nobody_answers_posts_nothing(bare_tieout: Command, workplace: Workplace) -> None:
    path = workplace.put("a.csv", earned("200000004"))
    ended = bare_tieout("upload", path, "--config", workplace.config)
    assert (ended.code, ended.out, "--yes" in ended.err) == (2, "", True)
    assert workplace.commits("200000004") == []


def test_upload_yes_prints_one_object(bare_tieout: Command, workplace: Workplace) -> None:
    path = workplace.put("a.csv", earned("200000005"), redeemed("200000005"))
    ended = bare_tieout("upload", path, "--yes", "--json", "--site", "-99", "--config", workplace.config)
    assert (ended.code, list(ended.json), ended.json["posted"]) == (0, RUN_KEYS, 2)


def test_settle_prints_one_object(bare_tieout: Command, workplace: Workplace) -> None:
    ended = bare_tieout("settle", "--json", "--config", workplace.config)
    assert (ended.code, list(ended.json)) == (0, RUN_KEYS)


def test_reconcile_prints_one_object(bare_tieout: Command, sampled: Workplace) -> None:
    ended = bare_tieout(
        "reconcile", "--since", "2026-09-01", "--until", "2026-10-31", "--json", "--config", sampled.config
    )
    assert (ended.code, list(ended.json), ended.json["ties_out"]) == (1, RECONCILE_KEYS, True)
    assert ended.json["breaks"] == {"refused": 6}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("reconcile", "--since", "31.12.2026"), id="no date"),
        pytest.param(("reconcile", "--until", "2026-02-30"), id="no such day"),
        pytest.param(("reconcile", "--since", "2026-10-02", "--until", "2026-10-01"), id="backwards"),
        pytest.param(("reconcile", "--plain", "--until", "9999-12-31"), id="the last day of all"),
        pytest.param(("reconcile", "--plain", "--since", "0001-01-01"), id="the first day of all"),
        pytest.param(("files", "--until", "9999-12-31"), id="files until the last day of all"),
        pytest.param(("month", "9999-12"), id="the last month of all"),
        pytest.param(("reconcile", "--plain", "--month"), id="unknown option"),
        pytest.param(("trace", "nothing"), id="unknown event"),
        pytest.param(("trace", "a.csv:Sheet:9"), id="unknown row"),
        pytest.param(("trace", "a.csv:Sheet:" + "9" * 30), id="a row past all sheets"),
        pytest.param(("trace", "a.csv:Sheet:²"), id="a row that is no number"),
        pytest.param(("upload", __file__, "--site", "5"), id="unknown site"),
        pytest.param(("check", __file__, "--site", "5"), id="unknown site to check"),
        pytest.param(("sandbox", "--faults", "rain"), id="unknown fault"),
        pytest.param(("settle", "nothing", "--as", "posted", "--reason", "x"), id="a ruling on nothing"),
        pytest.param(("settle", "nothing", "--as", "posted"), id="a ruling without a reason"),
        pytest.param(("settle", "nothing", "--as", "perhaps", "--reason", "x"), id="a ruling that is none"),
        pytest.param(("bogus",), id="unknown command"),
    ],
)
def test_wrong_usage_exits_2_with_nothing_on_stdout(
    bare_tieout: Command, sampled: Workplace, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TIEOUT_CONFIG", str(sampled.config))
    ended = bare_tieout(*arguments)
    assert (ended.code, ended.out, "Traceback" in ended.err) == (2, "", False)
    assert ended.err


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("report", "latest", "--pdf"), id="pdf of a night"),
        pytest.param(("month", "2026-09", "--pdf"), id="pdf of a month"),
        pytest.param(("breaks", "--csv"), id="differences"),
        pytest.param(("check", SAMPLES[0], "--marked"), id="marked copy"),
    ],
)
def test_what_a_slip_names_to_be_written_is_not_written_over(
    bare_tieout: Command, sampled: Workplace, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ledger = sampled.folder / "tieout.db"
    before = ledger.stat().st_ino
    ended = bare_tieout(*command, ledger, "--config", sampled.config)
    assert (ended.code, ended.out, "is there already" in ended.err) == (2, "", True)
    assert (ledger.stat().st_ino, ledger.read_bytes()[:6]) == (before, b"SQLite")
    # What it wrote itself it makes anew, but for a copy that somebody may have mended.
    own = tmp_path / "written"
    codes = [bare_tieout(*command, own, "--config", sampled.config).code for _ in range(2)]
    assert codes[1] == (2 if "--marked" in command else codes[0])
    assert own.stat().st_size


@pytest.mark.parametrize("command", ["run", "settle", "reconcile", "serve", "db upgrade", "db current", "check x.csv"])
def test_a_settings_file_that_is_not_there_exits_2(bare_tieout: Command, tmp_path: Path, command: str) -> None:
    ended = bare_tieout(*command.split(), "--config", tmp_path / "missing.toml")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "missing.toml" in ended.err


def test_upload_of_a_missing_file_exits_3(bare_tieout: Command, workplace: Workplace) -> None:
    ended = bare_tieout("upload", workplace.folder / "none.csv", "--yes", "--config", workplace.config)
    assert (ended.code, ended.out, "no such file" in ended.err) == (3, "", True)


def test_doctor_prints_a_line_each_or_one_object(bare_tieout: Command, workplace: Workplace) -> None:
    bare_tieout("db", "upgrade", "--config", workplace.config)
    told = bare_tieout("doctor", "--config", workplace.config)
    ended = bare_tieout("doctor", "--json", "--config", workplace.config)
    assert (told.code, ended.code, list(ended.json)) == (0, 0, ["exit_code", "checks"])
    assert {tuple(check) for check in ended.json["checks"]} == {("name", "status", "message", "mend")}
    assert len(told.out.splitlines()) == len(ended.json["checks"])


def test_check_prints_one_object_a_file(bare_tieout: Command, workplace: Workplace) -> None:
    ended = bare_tieout("check", SAMPLES[0], "--json", "--config", workplace.config)
    assert (ended.code, list(ended.json), ended.json["rejected"]) == (1, CHECK_KEYS, 6)


def test_check_of_several_files_exits_with_the_worst(bare_tieout: Command, workplace: Workplace) -> None:
    bad = workplace.folder / "a.pdf"
    bad.write_bytes(b"%PDF-1.7")
    ended = bare_tieout("check", SAMPLES[0], bad, SAMPLES[2], "--json", "--config", workplace.config)
    assert (ended.code, [found["accepted"] for found in ended.json["files"]][::2]) == (3, [20, 3])
    assert list(ended.json["files"][1]) == CHECK_KEYS


def test_check_touches_no_ledger(bare_tieout: Command, workplace: Workplace) -> None:
    (workplace.folder / "tieout.db").unlink()
    bare_tieout("check", *SAMPLES, "--config", workplace.config)
    assert sorted(path.name for path in workplace.folder.iterdir()) == ["inbox", "tieout.toml"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param("01_front_desk_rewards.xlsx:Rewards:5", "now: posted", id="posted"),
        pytest.param("01_front_desk_rewards.xlsx:Rewards:17", "now: refused; break refused, open", id="refused"),
        pytest.param("01_front_desk_rewards.xlsx:Rewards:23", "was rejected", id="rejected"),
        pytest.param("01_front_desk_rewards.xlsx:Rewards:1", "was skipped", id="skipped"),
        pytest.param("01_front_desk_rewards.xlsx:Reward updates:2", "set to 25", id="update"),
        pytest.param("02_bookings_export.csv::2", "is a duplicate of event", id="duplicate"),
        pytest.param("02_bookings_export.csv::12", "now: held", id="held"),
    ],
)
def test_trace_tells_the_life_of_every_kind_of_row(
    bare_tieout: Command, sampled: Workplace, row: str, said: str
) -> None:
    ended = bare_tieout("trace", row, "--config", sampled.config)
    assert (ended.code, said in ended.out, ended.err) == (0, True, "")


def test_trace_of_a_posted_event_names_claim_answer_and_balance(bare_tieout: Command, sampled: Workplace) -> None:
    (event,) = sampled.rows("SELECT event_id FROM events WHERE state = 'posted' AND action = 'Redeemed' LIMIT 1")
    told = bare_tieout("trace", event["event_id"], "--config", sampled.config).out
    assert [told.count(word) for word in ("Sent to Mindbody", "answer 200", "balance ")] == [1, 1, 1]


def test_db_current_and_upgrade_say_where_the_ledger_stands(bare_tieout: Command, workplace: Workplace) -> None:
    (workplace.folder / "tieout.db").unlink()
    told = [bare_tieout("db", word, "--config", workplace.config).out for word in ("current", "upgrade", "current")]
    assert ("no tables" in told[0], told[1] == told[2], "at migration 0" in told[2]) == (True, True, True)


def test_a_ledger_of_another_version_exits_3_and_names_the_command(bare_tieout: Command, workplace: Workplace) -> None:
    import sqlite3

    bare_tieout("db", "upgrade", "--config", workplace.config)
    with sqlite3.connect(workplace.folder / "tieout.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000_older'")
    connection.close()
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, ended.out, "`tieout db upgrade`" in ended.err) == (3, "", True)
    assert ended.err.count("\n") == 1


def _held(workplace: Workplace, client_id: str) -> str:
    """Two files with an equal undated row: nobody can tell whether the second is the same event."""
    for name, note in (("a.csv", "one"), ("b.csv", "two")):
        workplace.put(name, f"{client_id},5,Earned,{note}", headings="ClientId,Points,Action,Note")
        workplace.run()
    (row,) = workplace.rows("SELECT event_id FROM events WHERE state = 'held'")
    return str(row["event_id"])


def test_approve_lets_a_held_event_be_posted_by_the_next_run(bare_tieout: Command, workplace: Workplace) -> None:
    event_id = _held(workplace, "200000008")
    assert bare_tieout("approve", event_id, "--by", "Ann", "--config", workplace.config).code == 0
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config).json
    assert (ended["carried_in"], ended["posted"], ended["held"]) == (1, 1, 0)
    assert "approved by Ann" in bare_tieout("trace", event_id, "--config", workplace.config).out


@pytest.mark.long
def test_discard_is_final_and_leaves_nothing_waiting(bare_tieout: Command, workplace: Workplace) -> None:
    event_id = _held(workplace, "200000007")
    assert bare_tieout("discard", event_id, "--config", workplace.config).code == 0
    again = bare_tieout("approve", event_id, "--config", workplace.config)
    told = f"tieout: Event {event_id} is discarded, not held (discarded by "
    assert (again.code, again.err.startswith(told)) == (2, True)
    assert bare_tieout("run", "--plain", "--config", workplace.config).code == 0


@pytest.mark.long
def test_a_held_event_of_an_earlier_night_still_waits(bare_tieout: Command, workplace: Workplace) -> None:
    _held(workplace, "200000006")
    ended = bare_tieout("run", "--plain", "--config", workplace.config)
    assert ended.code == 1
    assert "For a person: 1 held." in ended.out


PLAN_KEYS = [
    "plan_id",
    "file",
    "sha256",
    "rows_read",
    "new",
    "duplicate",
    "held",
    "rejected",
    "events",
    "clients",
    "notes",
]


@pytest.mark.long
def test_a_plan_waits_until_it_is_approved_and_the_next_run_posts_it(
    bare_tieout: Command, workplace: Workplace
) -> None:
    path = workplace.put("../a.csv", earned("200000009", 21), redeemed("200000009", 4))
    kept = bare_tieout("plan", path, "--by", "Ann", "--json", "--config", workplace.config)
    assert (kept.code, list(kept.json), kept.json["new"]) == (1, PLAN_KEYS, 2)
    assert bare_tieout("run", "--plain", "--json", "--config", workplace.config).json["posted"] == 0
    approved = bare_tieout("approve", kept.json["plan_id"], "--by", "Kim", "--config", workplace.config)
    assert (approved.code, "2 events" in approved.out) == (0, True)
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config).json
    assert (ended["carried_in"], ended["posted"], len(workplace.commits("200000009"))) == (2, 2, 2)


def test_plan_without_a_file_lists_what_waits_with_reason_and_age(bare_tieout: Command, workplace: Workplace) -> None:
    assert bare_tieout("plan", "--config", workplace.config).code == 0
    path = workplace.put("../a.csv", earned("200000009", 22), redeemed("200000009", 5))
    plan_id = bare_tieout("plan", path, "--by", "Ann", "--json", "--config", workplace.config).json["plan_id"]
    listed = bare_tieout("plan", "--json", "--config", workplace.config)
    assert (listed.code, [row["plan_id"] for row in listed.json]) == (1, [plan_id] * 2)
    told = bare_tieout("plan", "--config", workplace.config).out
    assert f"{plan_id}: 2 held of a.csv, 27 points" in told
    assert [told.count(said) for said in (listed.json[0]["event_id"], "row 2; planned by Ann; 0 d")] == [1, 1]


def test_a_plan_that_is_partly_decided_says_how_far_it_is(bare_tieout: Command, workplace: Workplace) -> None:
    path = workplace.put("../a.csv", earned("200000009", 23), redeemed("200000009", 6))
    plan_id = bare_tieout("plan", path, "--json", "--config", workplace.config).json["plan_id"]
    event = bare_tieout("plan", "--json", "--config", workplace.config).json[0]["event_id"]
    assert bare_tieout("discard", event, "--config", workplace.config).code == 0
    assert "Approved: the next run posts 1 events" in bare_tieout("approve", plan_id, "--config", workplace.config).out
    again = bare_tieout("approve", plan_id, "--config", workplace.config)
    said = f"tieout: Nothing of {plan_id} waits any more: 1 discarded, 1 approved and to be posted; approved by "
    assert (again.code, again.err.startswith(said)) == (2, True)
    unknown = bare_tieout("approve", plan_id + "0", "--config", workplace.config)
    assert (unknown.code, "The ledger has no event and no plan" in unknown.err) == (2, True)


@pytest.mark.long
def test_upload_asks_about_what_the_ledger_does_not_know_yet(bare_tieout: Command, workplace: Workplace) -> None:
    rows = [earned("200000001", 31), earned("200000001", 32)]
    bare_tieout("upload", workplace.put("../a.csv", rows[0]), "--yes", "--config", workplace.config)
    path = workplace.put("../b.csv", *rows)
    ended = bare_tieout("upload", path, "--config", workplace.config, answer="n\n")
    assert "2 rows: 1 new, 1 known already" in ended.err
    assert "1 earned, 32 points" in ended.err
    assert workplace.rows("SELECT count(*) AS n FROM files") == [{"n": 1}]


def test_upload_takes_nothing_of_a_file_that_changed_since_it_was_approved(
    bare_tieout: Command, workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workplace.put("../a.csv", earned("200000002", 41))

    def agree(*_asked: str) -> bool:
        workplace.put("../a.csv", earned("200000002", 999))
        return True

    monkeypatch.setattr("flows.cli.upload.is_confirmed", agree)
    ended = bare_tieout("upload", path, "--config", workplace.config)
    assert (ended.code, workplace.commits("200000002")) == (3, [])
    assert "it changed after it was checked" in ended.err


REVERSE_KEYS = [
    "plan_id", "file", "sha256", "reversed", "already", "not_posted", "duplicate", "without_opposite",
]  # fmt: skip


@pytest.mark.long
def test_reverse_plans_and_posts_only_what_was_approved(bare_tieout: Command, workplace: Workplace) -> None:
    workplace.put("a.csv", earned("200000004", 71))
    bare_tieout("run", "--plain", "--config", workplace.config)
    ended = bare_tieout(
        "reverse", "a.csv", "--reason", "wrong file", "--by", "Ann", "--json", "--config", workplace.config
    )
    assert (ended.code, list(ended.json)) == (1, REVERSE_KEYS)
    assert ended.json["reversed"]["earned"] == {"count": 1, "points": 71}
    again = bare_tieout("reverse", "a.csv", "--reason", "wrong file", "--config", workplace.config)
    assert (again.code, "1 taken back before" in again.out, "Nothing is planned." in again.out) == (0, True, True)
    (event,) = bare_tieout("plan", "--json", "--config", workplace.config).json
    told = bare_tieout("trace", event["event_id"], "--config", workplace.config).out
    assert "takes back event" in told
    assert "asked for by Ann: wrong file" in told


@pytest.mark.long
def test_breaks_shows_the_proposed_reversal_and_approve_refuses_it_once_the_break_is_settled(
    bare_tieout: Command, workplace: Workplace
) -> None:
    workplace.put("a.csv", earned("200000007", 72))
    bare_tieout("run", "--plain", "--config", workplace.config)
    entry = {"ClientId": "200000007", "Action": "Earned", "Points": 72, "Source": "Sale"}
    workplace.talk.post_json("/sandbox/desk/transactions", entry | {"ActionDateTime": "2026-09-20T17:00:00Z"})
    bare_tieout("reconcile", "--since", "2026-09-01", "--until", "2026-09-30", "--config", workplace.config)
    (proposed,) = workplace.rows("SELECT event_id, break_id FROM reversals")
    told = bare_tieout("breaks", "--config", workplace.config).out
    assert f"proposed reversal: tieout approve {proposed['event_id']}" in told
    resolve = ("breaks", "resolve", proposed["break_id"], "--by", "Ann", "--reason", "entered by hand")
    assert bare_tieout(*resolve, "--config", workplace.config).code == 0
    ended = bare_tieout("approve", proposed["event_id"], "--config", workplace.config)
    assert (ended.code, "which is resolved by now" in ended.err) == (2, True)


BREAK_KEYS = [
    "id", "class", "target", "site_id", "client_id", "reward_id", "points", "amount", "event_id", "opened_on",
    "age_days", "state", "owner", "reason",
    "points_ledger", "points_service", "amount_ledger", "amount_service",
    "detail", "assigned_to", "due_on", "is_overdue",
]  # fmt: skip


def test_breaks_lists_and_records_decisions(bare_tieout: Command, workplace: Workplace) -> None:
    workplace.put("a.csv", redeemed("200000005", points=9_000))
    workplace.run()
    listed = bare_tieout("breaks", "--open", "--json", "--config", workplace.config).json
    (found,) = [record for record in listed if record["points"] == 9_000]  # other tests may share the client
    assert (list(found), found["class"]) == (BREAK_KEYS, "refused")
    decided = bare_tieout(
        "breaks", "resolve", found["id"], "--by", "Ann", "--reason", "typo", "--config", workplace.config
    )
    assert decided.code == 0
    still_open = bare_tieout("breaks", "--open", "--json", "--config", workplace.config).json
    assert found["id"] not in [record["id"] for record in still_open]
    listed = bare_tieout("breaks", "--json", "--config", workplace.config).json
    (resolved,) = [record for record in listed if record["id"] == found["id"]]
    assert (resolved["state"], resolved["owner"], resolved["reason"]) == ("resolved", "Ann", "typo")


def test_breaks_history_tells_who_decided_what_and_why(bare_tieout: Command, sampled: Workplace) -> None:
    (found, *_) = bare_tieout("breaks", "--open", "--json", "--config", sampled.config).json
    for verb, reason in (
        ("acknowledge", "asked the studio"),
        ("resolve", "entered_by_hand: by Kim"),
        ("reopen", "mistake"),
    ):
        bare_tieout("breaks", verb, found["id"], "--by", "Ann", "--reason", reason, "--config", sampled.config)
    told = bare_tieout("breaks", "history", found["id"], "--json", "--config", sampled.config).json
    codes = [("acknowledge", "other"), ("resolve", "entered_by_hand"), ("reopen", "mistake")]
    assert [(row["verb"], row["reason_code"]) for row in told] == codes
    lines = bare_tieout("breaks", "history", found["id"], "--config", sampled.config).out
    assert "resolve by Ann (entered_by_hand): entered_by_hand: by Kim" in lines


def test_breaks_refuses_a_decision_that_does_not_fit(bare_tieout: Command, workplace: Workplace) -> None:
    ended = bare_tieout("breaks", "reopen", "nix", "--by", "Ann", "--reason", "x", "--config", workplace.config)
    assert (ended.code, ended.err) == (2, "tieout: There is no break nix: `tieout breaks` lists them.\n")
