"""`tieout upload` before it posts: nothing is asked where nothing is new, and all is said before anything is sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned

_NEXT = iter(range(60))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--extra-clients", "60")) as found:
        yield found


@pytest.fixture
def client(ready: dict[str, Any]) -> str:
    return str(ready["mindbody"]["client_ids"][-1 - next(_NEXT)])


def copies(workplace: Workplace) -> list[Path]:
    return sorted([*workplace.folder.glob("reports/*/*.marked.xlsx"), *workplace.folder.glob("not-sent/*.marked.xlsx")])


def column(path: Path, heading: str) -> list[Any]:
    page = openpyxl.load_workbook(path).worksheets[0]
    texts = {cell.value: cell.column for cell in page[1]}
    return [page.cell(row, texts[heading]).value for row in range(2, page.max_row + 1)]


@pytest.mark.first_case
@pytest.mark.first_case
@pytest.mark.parametrize("again", ["same", "overlap"])
def test_nothing_new_is_nothing_to_ask(again: str, workplace: Workplace, tieout: Tieout, client: str) -> None:
    rows = [earned(client, 11), earned(client, 12)]
    path = workplace.put("../a.csv", *rows)
    assert tieout("upload", path, "--yes").code == 0
    if again == "overlap":
        path = workplace.put("../b.csv", rows[0])
    ended = tieout("upload", path)
    assert (ended.code, ended.out) == (0, "")
    assert "Post this?" not in ended.err
    assert "Nothing of it is new" in ended.err
    assert len(workplace.commits(client)) == 2
    assert len(copies(workplace)) == 1


@pytest.mark.long
def test_nothing_new_prints_the_documented_object(workplace: Workplace, tieout: Tieout, client: str) -> None:
    path = workplace.put("../a.csv", earned(client, 11))
    posted = tieout("upload", path, "--yes", "--json").json
    again = tieout("upload", path, "--json")
    assert (again.code, list(again.json)) == (0, list(posted))
    assert (again.json["run_id"], again.json["rows_read"], again.json["ties_out"]) == (None, 0, True)


@pytest.mark.long
def test_what_is_pending_of_others_is_not_sent_where_nothing_is_new(
    workplace: Workplace, tieout: Tieout, client: str
) -> None:
    path = workplace.put("../a.csv", earned(client, 11))
    assert tieout("upload", path, "--yes").code == 0
    plan_id = tieout("plan", workplace.put("../b.csv", earned(client, 12)), "--json").json["plan_id"]
    assert tieout("approve", plan_id).code == 0
    tieout("upload", path)
    assert len(workplace.commits(client)) == 1


def test_a_no_gives_the_file_back_marked_and_keeps_nothing(workplace: Workplace, tieout: Tieout, client: str) -> None:
    path = workplace.put("../a.csv", earned(client, 11), f"{client},ten,Earned,,,")
    ended = tieout("upload", path, answer="n\n")
    (copy,) = copies(workplace)
    assert (ended.code, str(copy) in ended.err) == (0, True)
    good, bad = column(copy, "Status")
    assert (good, bad.startswith("rejected: ")) == ("good, and not sent", True)
    assert column(copy, "Receipt") == [None, None]
    assert workplace.rows("SELECT count(*) AS n FROM files") == [{"n": 0}]
    mended = openpyxl.load_workbook(copy)
    mended.worksheets[0]["B3"] = "12"
    mended.save(copy)
    assert tieout("upload", copy, "--yes").code == 0
    assert sorted(line["points"] for line in workplace.commits(client)) == [11, 12]


@pytest.mark.long
def test_what_the_ledger_rejects_is_said_before_it_is_asked(workplace: Workplace, tieout: Tieout, client: str) -> None:
    first = tieout("upload", workplace.put("../a.csv", earned(client, 11)), "--yes", "--json")
    (copy,) = Path(first.json["report"]).parent.glob("*.marked.xlsx")
    book = openpyxl.load_workbook(copy)
    book.worksheets[0]["B2"] = "13"
    book.worksheets[0].append([client, "14", "Earned", "Sale", None, "2026-09-22T17:00:00Z"])
    book.save(copy)
    ended = tieout("upload", copy, answer="n\n")
    asked = ended.err.partition("Post this?")[0]
    assert "2 rows read, 1 good, 1 rejected." in asked
    assert "receipt_mismatch: 1" in asked


def test_a_row_that_would_be_held_is_named_with_its_reason_before_it_is_asked(
    workplace: Workplace, tieout: Tieout, client: str
) -> None:
    undated = f"{client},11,Earned,Sale,,"
    assert tieout("upload", workplace.put("../a.csv", undated), "--yes").code == 0
    ended = tieout("upload", workplace.put("../b.csv", undated, earned(client, 12)), answer="n\n")
    asked = ended.err.partition("Post this?")[0]
    assert "row 2: not sent; it would be held: no date" in asked
    held = tieout("upload", workplace.put("../c.csv", undated, earned(client, 13)), "--yes", "--json")
    assert (held.code, held.json["held"]) == (1, 1)


def test_a_planned_row_is_not_told_as_one_that_nobody_can_tell(
    workplace: Workplace, tieout: Tieout, client: str
) -> None:
    planned = tieout("plan", workplace.put("../a.csv", earned(client, 11)))
    assert "1 new, 0 known already, 0 to be decided" in planned.out
    night = tieout("run", "--plain")
    assert (night.code, "Nobody can tell" in night.out + night.err) == (1, False)
    (report,) = (workplace.folder / "reports").glob("*/nightly-*.html")
    text = report.read_text(encoding="utf-8")
    assert "planned by" in text
    assert "obody can tell" not in text


@pytest.mark.long
def test_only_bad_gives_the_rows_to_mend_alone(workplace: Workplace, tieout: Tieout, client: str) -> None:
    path = workplace.put("../a.csv", earned(client, 11), f"{client},ten,Earned,,,", earned(client, 12))
    ended = tieout("upload", path, "--yes", "--only-bad", "--json")
    assert (ended.code, ended.json["posted"]) == (1, 2)
    (copy,) = copies(workplace)
    assert column(copy, "Points") == ["ten"]
    assert column(copy, "Status")[0].startswith("row 3 rejected: ")
    assert any(str(copy) in note for note in ended.json["notes"])
    assert "--marked" in tieout("check", path, "--only-bad").err
    assert tieout("check", path, "--marked", workplace.folder / "bad.xlsx", "--only-bad").code == 1
    assert column(workplace.folder / "bad.xlsx", "Points") == ["ten"]
