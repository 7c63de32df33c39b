"""Files that are not as they were: told by report, JSON and notice, and nothing else comes of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from flows.ledger.connection import open_ledger
from sql.tables.files import files
from sql.tables.runs import runs
from tests.flows.command import Tieout
from tests.flows.notices.listener import Listener, listening
from tests.flows.workplace import Workplace, earned, open_workplace


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], listener: Listener) -> Workplace:
    workplace = open_workplace(tmp_path, ready)
    text = workplace.config.read_text("utf-8")
    return workplace.configure(f'{text}\n[notify]\nurls = ["{listener.message_url}"]\n')


def came_before(workplace: Workplace, rows_read: int, *nights_ago: int) -> None:
    """Let the ledger have had such a file in each of these nights."""
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        for ago in sorted(nights_ago, reverse=True):
            at = datetime.now(UTC) - timedelta(days=ago)
            run = {"run_id": f"n{ago}", "kind": "nightly", "started_at": at, "finished_at": at}
            connection.execute(insert(runs).values(**run))
            file = {"sha256": str(ago), "default_site_id": "-99", "name": f"visits_{ago}.csv", "run_id": f"n{ago}"}
            counts = {"rows_read": rows_read, "accepted": 0, "duplicate": rows_read, "held": 0, "rejected": 0}
            connection.execute(insert(files).values(**file, **counts, registered_at=at, series="visits_#.csv"))


def test_a_file_of_another_size_is_told_once_and_nothing_is_held(
    workplace: Workplace, tieout: Tieout, listener: Listener
) -> None:
    tieout("db", "upgrade")
    came_before(workplace, 40, 9, 10, 11, 12, 13)
    workplace.put("-99/visits_1.csv", earned("200000001"))
    night = tieout.night()
    said = "visits_1.csv: it has 1 rows, where the 5 files like it before had 40: see whether it is whole."
    assert (night.code, night.json["posted"], said in night.json["notes"]) == (0, 1, True)
    page = Path(night.json["report"]).with_suffix(".html").read_text("utf-8")
    assert "where the 5 files like it before had 40" in page
    (message,) = listener.messages
    assert (message["title"], said in message["message"]) == ("tieout: all is well, and a file is not as usual", True)
    tieout.night()
    assert len(listener.messages) == 1


def test_a_file_that_came_every_night_and_not_tonight_is_told(
    workplace: Workplace, tieout: Tieout, listener: Listener
) -> None:
    tieout("db", "upgrade")
    came_before(workplace, 40, 1, 2, 3, 4, 5)
    night = tieout.night()
    said = "no file like it of site -99 came tonight, where one came in each of the 5 nights before."
    assert any(note.endswith(said) and note.startswith("visits_1.csv: ") for note in night.json["notes"])
    assert night.code == 0
    assert [said in message["message"] for message in listener.messages] == [True]


def test_a_file_that_lies_there_and_cannot_be_read_has_come(workplace: Workplace, tieout: Tieout) -> None:
    tieout("db", "upgrade")
    came_before(workplace, 40, 1, 2, 3, 4, 5)
    workplace.put("-99/visits_7.csv", "1,2", headings="What,Else")
    ended = tieout("run", "--plain", "--json")
    assert (ended.code, [note for note in ended.json["notes"] if "came tonight" in note]) == (3, [])


@pytest.mark.long
def test_an_inbox_that_is_gone_says_nothing_of_what_came(workplace: Workplace, tieout: Tieout) -> None:
    tieout.night()
    came_before(workplace, 40, 1, 2, 3, 4, 5)
    workplace.inbox.rename(workplace.folder / "elsewhere")
    ended = tieout("run", "--plain", "--json")
    assert (ended.code, [note for note in ended.json["notes"] if "came tonight" in note]) == (3, [])


@pytest.mark.long
def test_nobody_who_does_not_want_to_be_told_is(workplace: Workplace, tieout: Tieout, listener: Listener) -> None:
    workplace.configure(workplace.config.read_text("utf-8") + "\n[inbox]\nnote_unusual = false\n")
    tieout("db", "upgrade")
    came_before(workplace, 40, 1, 2, 3, 4, 5)
    workplace.put("-99/visits_0.csv", earned("200000002"))
    assert (tieout.night().json["notes"], listener.messages) == ([], [])
