"""Files that are wrong as a whole: they stay, or leave for `rejected/` with the reason, by setting."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.notices.listener import Listener, listening
from tests.flows.workplace import Workplace, earned, open_workplace

NO_POINTS = "ClientId,Action"
_clients = iter(range(200000001, 200000060))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "60")) as found:
        yield found


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], listener: Listener) -> Workplace:
    workplace = open_workplace(tmp_path, ready)
    text = workplace.config.read_text("utf-8")
    inbox = "\n[inbox]\nmove_rejected = true\n"
    return workplace.configure(f'{text}{inbox}\n[notify]\nurls = ["{listener.message_url}"]\n')


def rejected(workplace: Workplace) -> dict[str, Path]:
    """Return what lies in `rejected/`, by its name without the hash."""
    found = [path for path in (workplace.folder / "rejected").rglob("*") if path.is_file()]
    return {".".join(part for part in path.name.split(".") if len(part) != 12): path for path in found}


def test_a_wrong_file_leaves_with_its_reason_and_a_marked_copy(
    workplace: Workplace, tieout: Tieout, listener: Listener
) -> None:
    wrong = workplace.put("-99/march.csv", "1,Earned", headings=NO_POINTS)
    content = wrong.read_bytes()
    good = workplace.put("-99/good.csv", earned(str(next(_clients))))
    night = tieout("run", "--plain", "--json")
    assert (night.code, night.json["posted"], [one["what"] for one in night.json["not_read"]]) == (3, 1, ["march.csv"])
    assert [path.is_file() for path in (wrong, good)] == [False, False]
    found = rejected(workplace)
    assert sorted(found) == ["march.csv", "march.csv.reason.txt", "march.marked.xlsx"]
    assert found["march.csv"].read_bytes() == content
    assert found["march.csv"].parent.parent.name == "-99"
    reason = found["march.csv.reason.txt"].read_text("utf-8")
    assert reason.startswith(f"march.csv was not taken: {night.json['not_read'][0]['why']}\n")
    assert night.json["run_id"] in reason
    cells = [cell.value for row in openpyxl.load_workbook(found["march.marked.xlsx"]).active for cell in row]
    assert night.json["not_read"][0]["why"] in cells
    assert any("march.csv is wrong as a whole and lies in rejected/-99/" in note for note in night.json["notes"])
    # Told once; the night after has nothing to do with it, and does not say that all is well again.
    assert tieout("run", "--plain").code == 0
    assert [message["title"] for message in listener.messages] == ["tieout: could not run to the end"]


def test_a_file_of_no_known_kind_leaves_without_a_marked_copy(workplace: Workplace, tieout: Tieout) -> None:
    (workplace.inbox / "a.docx").write_bytes(b"\x00\x01" * 400)
    assert tieout("run", "--plain").code == 3
    found = rejected(workplace)
    assert sorted(found) == ["a.docx", "a.docx.reason.txt"]
    assert "Marked copy: none" in found["a.docx.reason.txt"].read_text("utf-8")


@pytest.mark.long
def test_it_may_be_mended_and_put_back(workplace: Workplace, tieout: Tieout) -> None:
    workplace.put("a.csv", "1,Earned", headings=NO_POINTS)
    tieout("run", "--plain")
    workplace.put("a.csv", earned(str(next(_clients))))
    assert tieout.night().json["posted"] == 1


def test_by_default_it_stays(workplace: Workplace, tieout: Tieout) -> None:
    workplace.configure(workplace.config.read_text("utf-8").replace("move_rejected = true", ""))
    wrong = workplace.put("a.csv", "1,Earned", headings=NO_POINTS)
    assert tieout("run", "--plain").code == 3
    assert (wrong.is_file(), (workplace.folder / "rejected").exists()) == (True, False)


@pytest.mark.parametrize("by_hand", [True, False], ids=["upload", "a question"])
def test_what_is_not_wrong_as_a_whole_or_not_of_the_inbox_stays(
    workplace: Workplace, tieout: Tieout, by_hand: bool
) -> None:
    if by_hand:
        path = workplace.put("../a.csv", "1,Earned", headings=NO_POINTS)
        assert tieout("upload", path, "--yes", "--plain").code == 3
    else:
        path = workplace.put("a.csv", "200000001,5,Earned,2026-09-20T17:00:00Z", headings="ClientId,Points,Action,Date")
        assert tieout("run", "--plain").code == 1
    assert (path.is_file(), rejected(workplace)) == (True, {})


def test_where_it_cannot_be_kept_it_stays(workplace: Workplace, tieout: Tieout) -> None:
    (workplace.folder / "rejected").write_text("no folder")
    wrong = workplace.put("a.csv", "1,Earned", headings=NO_POINTS)
    ended = tieout("run", "--plain")
    assert (ended.code, wrong.is_file()) == (3, True)
    assert "a.csv stays in the inbox, since it cannot be moved to rejected/" in ended.err


@pytest.mark.long
def test_a_killed_night_moves_it_the_next_time(
    workplace: Workplace, tieout: Tieout, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.marked_copy import set_aside

    wrong = workplace.put("a.csv", "1,Earned", headings=NO_POINTS)

    def die(*_: object) -> bool:
        raise KeyboardInterrupt

    clear: Callable[..., bool] = set_aside.clear_file
    monkeypatch.setattr(set_aside, "clear_file", die)
    tieout("run", "--plain")
    monkeypatch.setattr(set_aside, "clear_file", clear)
    assert wrong.is_file()
    tieout("run", "--plain")
    assert (wrong.is_file(), sorted(rejected(workplace))) == (
        False,
        ["a.csv", "a.csv.reason.txt", "a.marked.xlsx"],
    )
