"""Read a table of a report back from each of its forms, as a person finds it: by its title and its headings."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

Table = list[dict[str, str]]


def workbook_tables(path: Path) -> dict[str, Table]:
    """Return the walk of the first sheet, and the tables of the others by name; numbers as they are stored."""
    book = load_workbook(path, data_only=True, read_only=True)
    found = {"Walk": _walk([list(row) for row in book.worksheets[0].iter_rows(values_only=True)])}
    for sheet in book.worksheets[1:]:
        rows = [list(row) for row in sheet.iter_rows(min_row=4, values_only=True)]
        headings = [str(name) for name in rows[0]]
        lines = [dict(zip(headings, map(plain, row), strict=False)) for row in rows[1:]]
        # A table without lines has one that says so.
        found[sheet.title] = [line for line in lines if sum(bool(value) for value in line.values()) > 1]
    return found


def _walk(rows: list[list[Any]]) -> Table:
    """Return the walk; of a cell that goes over several columns the first counts."""
    start = next(number for number, row in enumerate(rows) if str(row[0] or "").startswith("Walk:"))
    while rows[start][0] != "Step":
        start += 1
    headings = [str(name or f"-{place}") for place, name in enumerate(rows[start])]
    end = next(number for number, row in enumerate(rows) if number > start and not row[0])
    return [dict(zip(headings, map(plain, row), strict=True)) for row in rows[start + 1 : end]]


def plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value).replace(",", "")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.section = ""
        self.is_cell = False
        self.is_sum = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.section = str(dict(attrs)["id"])
            self.tables[self.section] = []
        elif tag == "tfoot":
            self.is_sum = True
        elif tag == "tr" and not self.is_sum:
            self.tables[self.section].append([])
        elif tag in ("td", "th") and not self.is_sum:
            self.is_cell = True
            self.tables[self.section][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tfoot":
            self.is_sum = False
        if tag in ("td", "th"):
            self.is_cell = False

    def handle_data(self, data: str) -> None:
        if self.is_cell:
            self.tables[self.section][-1][-1] += data


def page_tables(path: Path) -> dict[str, Table]:
    """Return the tables of the page by the anchor of their section; figures without their separators."""
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    found = {}
    for name, rows in page.tables.items():
        lines = [dict(zip(rows[0], map(_figure, row), strict=True)) for row in rows[1:]] if rows else []
        found[name] = lines
    return found


def _figure(text: str) -> str:
    if not re.fullmatch(r"-?[\d,]+(\.\d+)?", text):
        return text
    number = text.replace(",", "")
    return number.rstrip("0").rstrip(".") if "." in number else number


def record_of(workbook: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(workbook.with_suffix(".json").read_text(encoding="utf-8"))
    return record
