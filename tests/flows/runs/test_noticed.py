"""What was noticed while a file was read is told in every output of the run that took it."""

import gzip
import json
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import text

from flows.ledger.connection import open_ledger
from flows.reports.snapshots import read_snapshot
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace

HEADINGS = "ClientId,Points,Action,ActionDateTime,Room"
ROW = "'{client},10,Earned,2026-09-20T17:00:00Z,Ann"
NOTICED = ("columns not read: Room", "read without the signs that a program put around it")


@pytest.mark.first_case
@pytest.mark.parametrize("command", [("run", "--plain"), ("upload", "{path}", "--yes", "--plain")])
def test_what_was_noticed_is_in_every_output(command: tuple[str, ...], workplace: Workplace, tieout: Tieout) -> None:
    client = workplace.ready["mindbody"]["client_ids"][-1 - len(command)]
    path = workplace.put("may.csv", ROW.format(client=client), headings=HEADINGS)
    ended = tieout(*(word.format(path=path) for word in command), "--json")
    assert (ended.code, ended.json["posted"]) == (0, 1)
    for noticed in NOTICED:
        assert any(noticed in note and note.startswith("may.csv: ") for note in ended.json["notes"])
    report = Path(ended.json["report"])
    listed = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))["notes"]
    assert [(note["file"], note["row"], note["column"]) for note in listed] == [
        ("may.csv", 1, None),
        ("may.csv", 2, "ClientId"),
    ]
    assert all(noticed in report.with_suffix(".html").read_text(encoding="utf-8") for noticed in NOTICED)
    page = openpyxl.load_workbook(report)["Noticed"]
    told = [str(cell.value) for row in page.iter_rows() for cell in row]
    assert all(any(noticed in cell for cell in told) for noticed in NOTICED)


def test_what_was_noticed_is_told_on_the_terminal_and_in_the_marked_copy(workplace: Workplace, tieout: Tieout) -> None:
    client = workplace.ready["mindbody"]["client_ids"][-7]
    path = workplace.put("june.csv", ROW.format(client=client), headings=HEADINGS)
    ended = tieout("upload", path, "--yes", "--plain")
    assert all(noticed in ended.out for noticed in NOTICED)
    (copy,) = (workplace.folder / "reports").glob("*/june.marked.xlsx")
    page = openpyxl.load_workbook(copy).active
    assert NOTICED[0] in page["F1"].comment.text
    assert NOTICED[1] in page["A2"].comment.text


@pytest.mark.long
def test_a_snapshot_of_before_which_has_no_notes_is_read(workplace: Workplace, tieout: Tieout) -> None:
    workplace.put("july.csv", ROW.format(client=workplace.ready["mindbody"]["client_ids"][-8]), headings=HEADINGS)
    run_id = tieout("run", "--plain", "--json").json["run_id"]
    path = workplace.folder / "snapshots" / f"{run_id}.json.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    (begin,) = [workplace for workplace, line in enumerate(lines) if line.startswith('{"frame": "notes"')]
    columns = len(json.loads(lines[begin])["types"])
    before = gzip.compress("".join([*lines[:begin], *lines[begin + 1 + columns :]]).encode())
    path.write_bytes(before)
    with open_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        of_snapshots = "FROM sqlite_master WHERE tbl_name = 'snapshots' AND type = 'trigger' AND sql LIKE '%UPDATE%'"
        (guard,) = connection.exec_driver_sql(f"SELECT name {of_snapshots}").scalars()
        connection.exec_driver_sql(f'DROP TRIGGER "{guard}"')
        said = {"hash": sha256(before).hexdigest(), "run_id": run_id}
        connection.execute(text("UPDATE snapshots SET sha256 = :hash WHERE run_id = :run_id"), said)
        report = read_snapshot(workplace.settings, connection, run_id)
    assert (len(report.notes), len(report.posted)) == (0, 1)
