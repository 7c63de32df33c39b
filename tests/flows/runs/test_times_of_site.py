"""Whose clock the times of a sheet are by: asked once, kept, and never changed in silence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from flows.sandbox.settings_text import settings_text
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace

LOCAL = "2026-09-20 17:00"
LATER = "2026-09-21 17:00"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "20")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    workplace = open_workplace(tmp_path, ready)
    say(workplace, None)
    return workplace


def say(workplace: Workplace, times: str | None, more: str = "") -> None:
    """Write into the settings what the site's times are, or nothing about it."""
    workplace.configure(settings_text(workplace.ready, times=times) + "\n[loader]\nsettle_after_seconds = 0.2\n" + more)


def sent_at(workplace: Workplace) -> list[str]:
    events = workplace.rows("SELECT action_at FROM events WHERE state = 'posted' ORDER BY action_at")
    return [str(event["action_at"])[:16] for event in events]


@pytest.mark.long
def test_a_night_leaves_a_sheet_whose_clock_nobody_has_named(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.put("desk.csv", earned("200000001", time=LOCAL))
    good = workplace.put("good.csv", earned("200000001", time="2026-09-19T17:00:00Z"))
    for _ in range(2):  # an open question does not close itself
        told = tieout.night()
        assert told.code == 1
        (not_read,) = told.json["not_read"]
        assert not_read["what"] == "desk.csv"
        assert "as UTC: Sun 20 Sep 2026, 10:00 am in the studio" in not_read["why"]
        assert "as the studio's time: Sun 20 Sep 2026, 5:00 pm in the studio" in not_read["why"]
        assert (path.exists(), good.exists()) == (True, False)
    assert sent_at(workplace) == ["2026-09-19 17:00"]


@pytest.mark.long
def test_one_answer_holds_for_all_sheets_of_the_site(workplace: Workplace, tieout: Tieout) -> None:
    first = workplace.put("a.csv", earned("200000002", time=LOCAL))
    workplace.put("b.csv", "200000002,11,Earned,2026-09-21 17:00", headings="ClientId,Points,Action,ActionDateTime")
    answered = tieout("layout", first, answer="site\n")
    assert answered.code == 0, answered.err
    assert answered.err.count("Your answer") == 1
    assert tieout.night().json["posted"] == 2
    assert sent_at(workplace) == ["2026-09-21 00:00", "2026-09-22 00:00"]


@pytest.mark.long
def test_a_person_at_upload_is_asked_and_an_unattended_one_is_not(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.put("desk.csv", earned("200000003", time=LOCAL))
    unattended = tieout("upload", path, "--yes", "--plain", "--json")
    assert (unattended.code, unattended.json["rows_read"]) == (1, 0)
    assert tieout("upload", path, "--plain").code == 1  # nobody answers
    assert tieout("upload", path, "--plain", answer="1\ny\n").code == 0
    assert sent_at(workplace) == ["2026-09-20 17:00"]


def test_check_reads_by_the_document_and_notes_the_question(workplace: Workplace, tieout: Tieout) -> None:
    path = workplace.put("desk.csv", earned("200000004", time=LOCAL))
    told = tieout("check", path, "--json")
    found = told.json
    assert (told.code, found["accepted"], found["rejected"]) == (1, 1, 0)
    assert "as UTC: " in found["notes"][-1]["message"]
    say(workplace, "site")
    told = tieout("check", path, "--json")
    assert told.code == 0
    assert "read as the studio's time (" in told.json["notes"][-1]["message"]


@pytest.mark.first_case
@pytest.mark.parametrize("name", ["a.json", "a.xml"])
def test_the_documents_own_forms_are_in_utc_without_a_question(name: str, workplace: Workplace, tieout: Tieout) -> None:
    item = {"ClientId": "200000005", "Points": 3, "Action": "Earned", "ActionDateTime": "2026-09-20T17:00:00"}
    tags = "".join(f"<{key}>{value}</{key}>" for key, value in item.items())
    content = json.dumps([item]) if name == "a.json" else f"<rows><row>{tags}</row></rows>"
    say(workplace, "site")
    (workplace.inbox / name).write_text(content)
    assert tieout.night().json["posted"] == 1
    assert sent_at(workplace) == ["2026-09-20 17:00"]


@pytest.mark.long
def test_a_layout_says_it_for_its_own_sheets_alone(workplace: Workplace, tieout: Tieout) -> None:
    say(workplace, "utc", '[columns."desk"]\n"Client No." = "ClientId"\ntimes = "site"\n')
    workplace.put("desk.csv", f"200000006,3,Earned,{LOCAL}", headings="Client No.,Points,Action,ActionDateTime")
    workplace.put("export.csv", earned("200000006", time=LATER))
    assert tieout.night().json["posted"] == 2
    assert sent_at(workplace) == ["2026-09-21 00:00", "2026-09-21 17:00"]


def test_an_hour_that_the_studio_has_twice_or_never_is_a_row_with_a_sentence(
    workplace: Workplace, tieout: Tieout
) -> None:
    say(workplace, "site")
    rows = [earned("200000007", time=time) for time in ("2025-11-02 01:30", "2026-03-08 02:30", LOCAL)]
    told = tieout("check", workplace.put("desk.csv", *rows), "--json").json
    assert [(error["row"], error["code"]) for error in told["errors"]] == [
        (2, "action_time_ambiguous"),
        (3, "action_time_nonexistent"),
    ]
    assert told["accepted"] == 1


def test_an_answer_makes_no_old_row_new(workplace: Workplace, tieout: Tieout) -> None:
    say(workplace, "utc")
    workplace.put("a.csv", earned("200000008", time=LOCAL))
    assert tieout.night().json["posted"] == 1
    say(workplace, "site")
    workplace.put("b.csv", earned("200000008", time=LOCAL), earned("200000008", time=LATER))
    told = tieout.night().json
    assert (told["held"], told["posted"]) == (1, 1)
    assert len(workplace.commits("200000008")) == 2


@pytest.mark.long
def test_a_site_whose_times_were_read_before_is_read_as_before_with_a_note(
    workplace: Workplace, tieout: Tieout
) -> None:
    say(workplace, "utc")
    workplace.put("a.csv", earned("200000009", time=LOCAL))
    assert tieout.night().json["posted"] == 1
    say(workplace, None)
    later = workplace.put("b.csv", earned("200000009", time=LATER))
    uploaded = tieout("upload", later, "--plain", answer="y\n")
    assert (uploaded.code, sent_at(workplace)[-1]) == (0, "2026-09-21 17:00")
    assert "read as UTC, as they were until now for site" in uploaded.err
    assert "as they were until now" in tieout("check", later).out
    workplace.put("c.csv", earned("200000009", 11, time=LATER))
    told = tieout.night().json
    assert any("as they were until now" in note for note in told["notes"])


def test_a_wrong_word_in_the_settings_is_said(workplace: Workplace, tieout: Tieout) -> None:
    say(workplace, "local")
    assert tieout("check", workplace.put("a.csv", earned("1"))).code == 2
    say(workplace, None, '[columns."desk"]\ntimes = "utc"\ntimezone = "Europe/Berlin"\n')
    ended = tieout("check", workplace.put("a.csv", earned("1")))
    assert ended.code == 2
