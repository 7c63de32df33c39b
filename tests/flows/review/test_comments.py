"""What is said of a difference, and the file that is kept with it, by the command that a person types."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.doctor.ledger import _examine_chain
from flows.ledger.connection import open_ledger
from flows.review.attachments import MOST_BYTES
from flows.runtime.clock import clock_set_to
from sql.breaks import update_breaks
from sql.runs import start_run
from tests.flows.command import Command
from tests.flows.workplace import Workplace, open_workplace
from tests.sql.test_breaks import FOUND, NOW

BREAK = str(FOUND["break_id"])
READY = {
    "url": "http://127.0.0.1:9",
    "mindbody": {
        "api_key": "k",
        "username": "u",
        "password": "p",
        "site_id": "-99",
        "timezone": "America/Los_Angeles",
    },
    "referral_rock": {"public_key": "a", "private_key": "b"},
}


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    place = open_workplace(tmp_path, READY)
    with open_ledger(place.settings) as ledger, ledger.begin() as connection:
        start_run(connection, "night-1", "nightly", NOW)
        update_breaks(connection, [FOUND], [], run_id="night-1", now=NOW)
    return place


def test_a_comment_is_told_with_its_file_and_says_when_that_was_changed(
    workplace: Workplace, bare_tieout: Command
) -> None:
    config = ("--config", workplace.config)
    mail = workplace.folder / "mail.eml"
    mail.write_text("They gave 5 points by hand.", encoding="utf-8")
    said = ("--by", "Ann", "--text", "The studio wrote back")
    assert bare_tieout("breaks", "comment", BREAK, *said, "--attach", mail, *config).code == 0
    assert bare_tieout("breaks", "comment", BREAK, *said, *config).code == 0
    first, second = bare_tieout("breaks", "history", BREAK, "--json", *config).json
    assert (first["verb"], first["reason"], first["file"]) == ("comment", "The studio wrote back", "mail.eml")
    assert (first["file_is_as_attached"], second["file"]) == (True, None)
    kept = Path(first["path"])
    assert (kept.name, kept.read_bytes()) == (first["sha256"], mail.read_bytes())
    kept.write_text("They gave 50 points by hand.", encoding="utf-8")
    assert "the file was changed since" in bare_tieout("breaks", "history", BREAK, *config).out
    kept.unlink()
    told = bare_tieout("breaks", "history", BREAK, *config).out
    assert "the file is gone" in told
    assert "0 decisions and 2 comments" in told
    # The break itself stays as it was.
    assert workplace.breaks() == {BREAK: FOUND["class"]}


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "large", "no such break", "no words"])
def test_what_cannot_be_kept_is_a_line_and_leaves_nothing(
    workplace: Workplace, bare_tieout: Command, kind: str
) -> None:
    file = workplace.folder / "file.bin"
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        with file.open("wb") as written:
            written.truncate({"empty": 0, "large": MOST_BYTES + 1}.get(kind, 9))
    break_id = "ffff" if kind == "no such break" else BREAK
    text = " " if kind == "no words" else "look"
    ended = bare_tieout(
        "breaks", "comment", break_id, "--by", "Ann", "--text", text, "--attach", file, "--config", workplace.config
    )
    assert (ended.code, "Traceback" in ended.err) == (2, False)
    assert bare_tieout("breaks", "history", BREAK, "--json", "--config", workplace.config).json == []
    if kind != "no words":
        assert not list(workplace.folder.glob("attachments/*/*"))


def test_doctor_names_a_comment_that_does_not_follow(workplace: Workplace, bare_tieout: Command) -> None:
    bare_tieout("breaks", "comment", BREAK, "--by", "Ann", "--text", "look", "--config", workplace.config)
    with open_ledger(workplace.settings) as ledger:
        assert _examine_chain(ledger).mend == ""
        with ledger.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER break_comments_no_update")
            connection.exec_driver_sql("UPDATE break_comments SET actor = 'Bob'")
        assert "break_comments" in _examine_chain(ledger).mend


def test_one_is_given_to_somebody_and_the_list_and_the_history_tell_it(
    workplace: Workplace, bare_tieout: Command
) -> None:
    config = ("--config", str(workplace.config))
    given = bare_tieout("breaks", "give", BREAK, "--by", "Ana", "--to", "Kim", "--until", "2026-03-05", *config)
    assert given.code == 0, given
    listed = bare_tieout("breaks", "--owner", "Kim", "--overdue", "--json", *config).json
    assert [(one["id"], one["assigned_to"], one["due_on"]) for one in listed] == [(BREAK, "Kim", "2026-03-05")]
    assert "given to Kim until 5 Mar 2026" in bare_tieout("breaks", "history", BREAK, *config).out
    wrong = bare_tieout("breaks", "give", BREAK, "--by", "Ana", "--until", "soon", *config)
    assert wrong.code == 2
    assert "no day: write one as 2026-12-31" in wrong.err


@pytest.mark.parametrize(
    ("now", "overdue_count"),
    [
        pytest.param(datetime(2026, 3, 6, 7, 59, tzinfo=UTC), 0, id="last minute of the day in Los Angeles"),
        pytest.param(datetime(2026, 3, 6, 8, tzinfo=UTC), 1, id="midnight there"),
    ],
)
def test_what_is_due_on_a_day_is_overdue_once_it_is_over_in_the_studio(
    workplace: Workplace, bare_tieout: Command, now: datetime, overdue_count: int
) -> None:
    config = ("--config", str(workplace.config))
    with clock_set_to(now):
        bare_tieout("breaks", "give", BREAK, "--by", "Ana", "--to", "Kim", "--until", "2026-03-05", *config)
        assert len(bare_tieout("breaks", "--overdue", "--json", *config).json) == overdue_count
        (one,) = bare_tieout("breaks", "--json", *config).json
        assert one["is_overdue"] is (overdue_count == 1)
