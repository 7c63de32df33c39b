"""Write the report as one HTML page that needs nothing besides: no script, no font, no picture from elsewhere.

Every value is escaped, and a content policy forbids the page to load or run anything. It reads on a phone, prints in
landscape, follows the light or dark setting, and can be walked by keyboard and screen reader.
"""

from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from flows.reports.figures import breaks_by_age, points_by_day
from flows.reports.page.svg import Series, columns
from flows.reports.report import Report
from flows.reports.sheets import tables
from flows.reports.summary import facts, sections
from flows.reports.table import Block, Column, lines
from flows.reports.values import Show, Value, second_text, total
from flows.reports.wording import headline
from flows.runtime.visible import visible

MOST_ROWS: Final = 500  # a page with more is slow on a phone; the workbook has them all
_NUMBERS: Final = (Show.COUNT, Show.AMOUNT, Show.QUANTITY)
_TIMES: Final = (Show.UTC, Show.LOCAL, Show.DATE)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_page(report: Report, path: Path) -> Path:
    """Write `report` to `path` and return it; a block shows its first 500 lines and says how many there are."""
    path.write_text(_page(report), encoding="utf-8")
    return path


def _page(report: Report) -> str:
    found = headline(report)
    title = escape(visible(report.title))
    zone = ZoneInfo(report.timezone)
    blocks = tables(report)
    links = "".join(_link(block) for block in blocks)
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>",
            f'<a class="skip" href="#waits">Skip to what waits</a>\n<header><h1>{title}</h1>',
            f'<p class="verdict {found.tone}">{escape(found.sentence)}</p>',
            f"{_facts(report)}</header>",
            f'<nav aria-label="Parts of the report"><ul>{links}</ul></nav>\n<main id="waits">',
            *(_section(section, zone) for section in sections(report)),
            _charts(report),
            *(_section(block, zone) for block in blocks),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _style() -> str:
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def _facts(report: Report) -> str:
    pairs = [f"<div><dt>{name}</dt><dd>{escape(visible(text))}</dd></div>" for name, text in facts(report)]
    return f"<dl>{''.join(pairs)}</dl>"


def _link(block: Block) -> str:
    return f'<li><a href="#{_anchor(block)}">{escape(block.name)}</a> ({len(block.frame):,})</li>'


def _anchor(block: Block) -> str:
    return block.name.lower().replace(" ", "-")


def _section(block: Block, zone: ZoneInfo) -> str:
    head = f'<section id="{_anchor(block)}"><h2>{escape(block.name)}</h2>'
    if block.frame.empty:
        return f'{head}<p class="empty">{escape(block.empty)}</p></section>'
    note = block.note
    # A block that is cut must say so, or its lines would be taken for all; the sums below it are those of all lines.
    if len(block.frame) > MOST_ROWS:
        note += f" The first {MOST_ROWS:,} of {len(block.frame):,} lines; the workbook has them all."
    shown_note = f'<p class="note">{escape(note)}</p>' if note else ""
    return f"{head}{shown_note}{_table(block, zone)}</section>"


def _table(block: Block, zone: ZoneInfo) -> str:
    name = escape(block.name)
    heads = "".join(f'<th scope="col"{_side(column)}>{escape(column.heading)}</th>' for column in block.columns)
    body = "\n".join(_line(block, line) for line in lines(block, zone, MOST_ROWS))
    # A table that is wider than a phone scrolls by itself; the tab index lets a keyboard get into it.
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}, table"><table><caption>{name}</caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody>{_sums(block)}</table></div>"
    )


def _line(block: Block, line: tuple[Value, ...]) -> str:
    cells = [_cell(column, value) for column, value in zip(block.columns, line, strict=True)]
    return f"<tr>{''.join(cells)}</tr>"


def _side(column: Column) -> str:
    return ' class="number"' if column.show in _NUMBERS else ""


def _cell(column: Column, value: Value) -> str:
    text = escape(_said(value))
    if column.key == "command":
        text = f"<code>{text}</code>"
    return f'<td class="{_looks(column, value)}">{text}</td>'


def _looks(column: Column, value: Value) -> str:
    """Return the classes of a cell in the style sheet: its kind first, then how wide it is and whether it is off."""
    classes = [_kind(column)]
    # A browser would squeeze sentences to a word a line to make room for the other columns.
    if column.show is Show.TEXT and value is not None:
        if column.width >= 17:
            classes.append("wide")
        if column.width >= 40:
            classes.append("long")
    if _is_odd(column, value):
        classes.append("odd")
    return " ".join(classes)


def _kind(column: Column) -> str:
    if column.show in _NUMBERS:
        return "number"
    if column.show in _TIMES:
        return "time"
    return str(column.show)


def _is_odd(column: Column, value: Value) -> bool:
    # Null is not odd: what nobody could count is neither right nor wrong.
    if value is None:
        return False
    if column.show is Show.FLAG:
        return value is False
    return column.zero and value != 0


def _said(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            # In capitals, since color alone does not reach everybody, nor a printed page.
            return "yes" if value else "NO"
        case int() | Decimal():
            return f"{value:,}"
        case datetime():
            return second_text(value)
        case _:
            return str(value)


def _sums(block: Block) -> str:
    if not any(column.total for column in block.columns):
        return ""
    # The first column holds the name of the sums.
    cells = [_sum(column, block.frame[column.key]) for column in block.columns[1:]]
    return f"<tfoot><tr><td>{escape(block.sum_name)}</td>{''.join(cells)}</tr></tfoot>"


def _sum(column: Column, figures: "pd.Series[Any]") -> str:
    if not column.total:
        return "<td></td>"
    return f'<td class="number">{total(figures, column.show):,}</td>'


def _charts(report: Report) -> str:
    figures = _breaks_chart(breaks_by_age(report)) + _points_chart(points_by_day(report))
    return f'<div class="charts">{figures}</div>'


def _breaks_chart(ages: pd.DataFrame) -> str:
    """Draw the open breaks by age; nothing where there is none."""
    if not ages["breaks"].sum():
        return ""
    bands = ages["band"].tolist()
    breaks = ages["breaks"].tolist()
    told = ", ".join(f"{band}: {number}" for band, number in zip(bands, breaks, strict=True))
    series = [Series("Open breaks", "breaks", breaks)]
    return _figure("Open breaks by age", f"{told}.", bands, series)


def _points_chart(days: pd.DataFrame) -> str:
    """Draw the points posted by day, or by month; nothing where none was posted."""
    earned = days["earned"].sum()
    redeemed = days["redeemed"].sum()
    if not earned + redeemed:
        return ""
    told = f"{earned:,} points earned and {redeemed:,} redeemed, {len(days)} columns."
    labels = [_day_label(str(day)) for day in days["day"]]
    series = [
        Series("Earned", "earned", days["earned"].tolist()),
        Series("Redeemed", "redeemed", days["redeemed"].tolist()),
    ]
    return _figure("Points posted by day", told, labels, series)


def _day_label(day: str) -> str:
    """Return 07-02 of 2025-07-02; a month, 2025-07, stays as it is."""
    is_month = len(day) <= len("2025-07")
    return day if is_month else day[len("2025-") :]


def _figure(name: str, told: str, labels: list[str], series: list[Series]) -> str:
    svg = columns(name, told, labels, series)
    return f"<figure><figcaption>{name}</figcaption>{svg}</figure>"
