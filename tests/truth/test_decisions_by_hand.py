"""The sheet Decisions and the walk of the night after, held against what people said, counted by hand."""

from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import HEADINGS, open_workplace
from tests.truth.forms import page_tables, record_of, workbook_tables

# Client, points, action, and what Kim decides about each: one is approved by itself, one dropped, the rest goes.
ROWS = [
    ("200000001", 40, "Earned", "dropped"),
    ("200000002", 15, "Earned", "alone"),
    ("200000003", 25, "Earned", "rest"),
    ("200000003", 10, "Redeemed", "rest"),
]


def of(*fates: str) -> tuple[int, int, int]:
    """Return events, points earned and points redeemed of what was decided so."""
    rows = [(points, action) for _, points, action, fate in ROWS if fate in fates]
    earned = sum(points for points, action in rows if action == "Earned")
    return len(rows), earned, sum(points for points, _ in rows) - earned


def test_decisions_and_the_walk_after_them_are_what_people_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_sandbox(options=("--extra-clients", "3")) as ready:
        workplace = open_workplace(tmp_path, ready)
        tieout = Tieout(workplace, monkeypatch, capsys)
        sheet = tmp_path / "desk.csv"
        lines = [
            f"{client},{points},{action},{'Sale' if action == 'Earned' else ''},,2026-09-2{day}T17:00:00Z"
            for day, (client, points, action, _) in enumerate(ROWS)
        ]
        sheet.write_text("\n".join([HEADINGS, *lines]) + "\n", encoding="utf-8")
        assert tieout("plan", str(sheet)).code == 1
        rows = workplace.rows("SELECT event_id, run_id, client_id FROM events WHERE state = 'held'")
        ids = {row["client_id"]: row["event_id"] for row in rows}
        (plan_id,) = {row["run_id"] for row in rows}
        assert tieout("discard", ids["200000001"], "--by", "Kim", "--reason", "sold twice").code == 0
        assert tieout("approve", ids["200000002"], "--by", "Kim").code == 0
        assert tieout("approve", plan_id, "--by", "Lee").code == 0
        report = workplace.run().report

    wanted = {
        ("Kim", ids["200000001"], "sold twice"): of("dropped"),
        ("Kim", ids["200000002"], ""): of("alone"),
        ("Lee", plan_id, ""): of("rest"),
    }
    page = {
        name.replace("-", " ").capitalize(): table for name, table in page_tables(report.with_suffix(".html")).items()
    }
    for tables in (workbook_tables(report), page):
        assert {key(one): figures(one) for one in tables["Decisions"]} == wanted
    walked = {line: whole(record_of(report), line) for line in ("brought_forward", "discarded", "posted")}
    posted = of("alone", "rest")
    assert walked["posted"] == (posted[0], posted[1] + posted[2])
    assert walked["brought_forward"] == walked["posted"]
    assert whole(record_of(report), "at_service") == walked["posted"]


def key(line: dict[str, str]) -> tuple[str, str, str]:
    return line["Who"], line["About"].rpartition(" ")[2], line["Why"] or ""


def figures(line: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(line[name] or 0) for name in ("Events", "Points earned", "Points redeemed"))


def whole(record: dict[str, Any], line: str) -> tuple[int, int]:
    found = [one for one in record["walk"] if one["line"] == line]
    return sum(one["events"] for one in found), sum(one["points"] or 0 for one in found)
