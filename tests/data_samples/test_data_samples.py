"""The samples hold what their README says, and the services take the rows that are meant to be good."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import defusedxml.ElementTree
import openpyxl
import pytest

from flows.sandbox import start_sandbox
from tests.flows.sandbox.talk import REWARDS, UPDATE, Talk, open_talk

SAMPLES = Path(__file__).parents[2] / "data_samples"
README = (SAMPLES / "README.md").read_text("utf-8")
BOOK = "01_front_desk_rewards.xlsx"
Row = dict[str, Any]


def _workbook(sheet: str, heading_row: int) -> dict[int, Row]:
    """Return the filled rows below the headings by their number, the total left out."""
    rows = list(openpyxl.load_workbook(SAMPLES / BOOK)[sheet].iter_rows(values_only=True))
    names = [str(name).replace(" ", "") for name in rows[heading_row - 1]]
    numbered = enumerate(rows[heading_row:], heading_row + 1)
    filled = {number: dict(zip(names, row, strict=True)) for number, row in numbered if any(row) and row[0] != "Total"}
    return {number: {k: v for k, v in row.items() if v is not None and k != "Note"} for number, row in filled.items()}


def _export() -> dict[int, Row]:
    with (SAMPLES / "02_bookings_export.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {number: {k.replace(" ", ""): v for k, v in row.items() if v} for number, row in enumerate(rows, 2)}


def _json(name: str) -> dict[int, Row]:
    return dict(enumerate(json.loads((SAMPLES / name).read_text("utf-8"), parse_float=Decimal), 1))


def _xml() -> dict[int, Row]:
    root = defusedxml.ElementTree.parse(SAMPLES / "03_reward_updates.xml").getroot()
    return {number: {field.tag: field.text for field in item} for number, item in enumerate(root, 1)}


def _samples() -> dict[str, dict[int, Row]]:
    return {
        "01 `Rewards`": _workbook("Rewards", 4),
        "01 `Reward updates`": _workbook("Reward updates", 1),
        "02": _export(),
        "03": _xml(),
        "04": _json("04_reward_updates.json"),
        "05": _json("05_client_rewards.json"),
    }


def _fates() -> dict[tuple[str, int], str]:
    """Return the fate that the README gives to (part, row): posted, refused, rejected, duplicate or held."""
    fates = {}
    for where, fate in re.findall(r"^\| (0\d[^|]*?) \| [^|]* \| (?:both )?(\w+)[^|]*\|$", README, re.MULTILINE):
        part, rows = re.fullmatch(r"(0\d(?: `[^`]+`)?),? (.+)", where).groups()
        numbers = [int(number) for number in re.findall(r"\d+", rows)]
        numbers = range(numbers[0], numbers[-1] + 1) if " to " in rows else numbers
        fates.update({(part, number): fate for number in numbers})
    return fates


def _events(*wanted: str) -> Iterator[tuple[str, Row]]:
    """Yield (part, row) of the rows with these fates; a row that the README does not name is to be posted."""
    fates = _fates()
    for part, rows in _samples().items():
        yield from ((part, row) for number, row in rows.items() if fates.get((part, number), "posted") in wanted)


def _reward(row: Row) -> Row:
    """Return a Mindbody row as the service wants it."""
    body = {name: value for name, value in row.items() if name not in ("SiteID", "Notes")}
    body = {{"ClientID": "ClientId", "SourceID": "SourceId"}.get(k, k): v for k, v in body.items()}
    body |= {name: int(body[name]) for name in ("Points", "SourceId") if name in body}
    body["Action"] = body["Action"].strip().capitalize()
    if "ActionDateTime" in body:
        at = datetime.fromisoformat(str(body["ActionDateTime"]))
        body["ActionDateTime"] = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return body


def _update(row: Row) -> Row:
    """Return a Referral Rock row as the service wants it."""
    body = {{"RewardID": "rewardId", "PayoutID": "payoutId"}.get(k, k[0].lower() + k[1:]): v for k, v in row.items()}
    body |= {name: float(body[name]) for name in ("amount",) if name in body}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in body.items()}


def _bodies(*wanted: str) -> tuple[list[Row], list[Row]]:
    """Return (rewards in order of time, updates in order of the files)."""
    found = list(_events(*wanted))
    rewards = [_reward(row) for _, row in found if "Points" in row]
    updates = [_update(row) for _, row in found if "Points" not in row]
    return sorted(rewards, key=lambda body: body.get("ActionDateTime", "9")), updates


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    with start_sandbox() as ready:
        yield open_talk(ready)


def test_services_take_the_good_rows_and_refuse_the_others(talk: Talk):
    rewards, updates = _bodies("posted")
    answers = [talk.post_json(REWARDS, body) for body in rewards]
    assert [answer for status, answer in answers if status != 200] == []
    assert [answer["message"] for body in updates for answer in talk.post_json(UPDATE, [body])[1]] == [""] * 7
    rewards, updates = _bodies("refused")
    assert [talk.post_json(REWARDS, body)[0] for body in rewards] == [400, 400, 404, 400]
    assert all(answer["message"] for body in updates for answer in talk.post_json(UPDATE, [body])[1])
    assert len(talk.log()) == 30


def test_readme_gives_the_totals_of_what_is_posted():
    rewards, updates = _bodies("posted")
    earned, redeemed = (
        sum(body["Points"] for body in rewards if body["Action"] == action) for action in ("Earned", "Redeemed")
    )
    amount = sum(Decimal(str(body["amount"])) for body in updates if "amount" in body)
    assert f"{earned} points earned, {redeemed} points redeemed, and rewards set to {amount:.2f}" in README


def test_readme_counts_add_up():
    fates = [
        {
            fate: sum(1 for found, _ in _events(fate) if found.startswith(part))
            for fate in ("duplicate", "held", "rejected")
        }
        for part in ("01", "02", "03", "04", "05")
    ]
    rows = [
        sum(len(rows) for part, rows in _samples().items() if part.startswith(f"0{number}")) for number in range(1, 6)
    ]
    counted = [[count, count - sum(fate.values()), *fate.values()] for count, fate in zip(rows, fates, strict=True)]
    counted.append([sum(column) for column in zip(*counted, strict=True)])
    table = re.findall(r"\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", README, re.MULTILINE)
    assert [[int(cell) for cell in line] for line in table] == counted


def test_workbook_has_titles_a_blank_row_and_a_total():
    sheet = openpyxl.load_workbook(SAMPLES / BOOK)["Rewards"]
    assert [sheet.cell(row, 1).value is None for row in (1, 2, 3, 4, 11)] == [False, False, True, False, True]
    points = [row["Points"] for row in _workbook("Rewards", 4).values()]
    assert (sheet.cell(27, 1).value, sheet.cell(27, 3).value) == ("Total", sum(points))


def test_workbook_has_text_ids_and_real_dates():
    row = _workbook("Rewards", 4)[8]
    assert (row["ClientID"], row["ActionDateTime"]) == ("000000123", datetime(2026, 9, 2, 18, 5))  # noqa: DTZ001  (as cells are)


def test_export_overlaps_with_the_workbook():
    book, export = _workbook("Rewards", 4), _export()
    pairs = {2: 5, 3: 6, 4: 7, 5: 14, 6: 15, 12: 22}
    assert [_reward(export[ours]) for ours in pairs] == [_reward(book[theirs]) for theirs in pairs.values()]


def test_weather_clients_have_the_events_that_the_readme_names():
    rows = [row for rows in _samples().values() for row in rows.values()]
    actions = {wanted: [r["Action"] for r in rows if wanted in r.values()] for wanted in ("100000009", "100000010")}
    assert actions == {"100000009": ["Earned", "Redeemed"], "100000010": ["Earned", "Earned"]}


def test_files_are_small():
    assert {path.name: path.stat().st_size for path in SAMPLES.iterdir() if path.stat().st_size > 20_000} == {}
