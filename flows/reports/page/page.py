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
from flows.reports.table import Block, Column
from flows.reports.values import Show, Value, total, values, visible
from flows.reports.wording import headline

MOST_ROWS: Final = 500  # a page with more is slow on a phone; the workbook has them all
_NUMBERS: Final = (Show.COUNT, Show.AMOUNT, Show.QUANTITY)
_TIMES: Final = (Show.UTC, Show.LOCAL, Show.DATE)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_page(report: Report, path: Path) -> Path:
    """Write `report` to `path` and return it; a table shows its first 500 lines and says how many there are."""
    path.write_text(_page(report), encoding="utf-8")
    return path


def _page(report: Report) -> str:
    found, title = headline(report), escape(visible(report.title))
    shown = tables(report)
    zone = ZoneInfo(report.timezone)
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>",
            f'<a class="skip" href="#waits">Skip to what waits</a>\n<header><h1>{title}</h1>',
            f'<p class="verdict {found.tone}">{escape(found.sentence)}</p>',
            f"{_facts(report)}</header>",
            f'<nav aria-label="Parts of the report"><ul>{"".join(map(_link, shown))}</ul></nav>\n<main id="waits">',
            *(_section(section, zone) for section in sections(report)),
            _charts(report),
            *(_section(table, zone) for table in shown),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _style() -> str:
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def _facts(report: Report) -> str:
    return (
        "<dl>"
        + "".join(f"<div><dt>{name}</dt><dd>{escape(visible(text))}</dd></div>" for name, text in facts(report))
        + "</dl>"
    )


def _link(table: Block) -> str:
    return f'<li><a href="#{_anchor(table)}">{escape(table.name)}</a> ({len(table.frame):,})</li>'


def _anchor(table: Block) -> str:
    return table.name.lower().replace(" ", "-")


def _section(table: Block, zone: ZoneInfo) -> str:
    head = f'<section id="{_anchor(table)}"><h2>{escape(table.name)}</h2>'
    if table.frame.empty:
        return f'{head}<p class="empty">{escape(table.empty)}</p></section>'
    more = (
        f" The first {MOST_ROWS:,} of {len(table.frame):,} lines; the workbook has them all."
        if len(table.frame) > MOST_ROWS
        else ""
    )
    note = f'<p class="note">{escape(table.note + more)}</p>' if table.note + more else ""
    return f"{head}{note}{_table(table, zone)}</section>"


def _table(table: Block, zone: ZoneInfo) -> str:
    first = table.frame.head(MOST_ROWS)
    filled = [values(first[column.key], column.show, zone) for column in table.columns]
    lines = ["<tr>" + "".join(map(_cell, table.columns, line)) + "</tr>" for line in zip(*filled, strict=True)]
    heads = "".join(f'<th scope="col"{_side(column)}>{escape(column.heading)}</th>' for column in table.columns)
    name = escape(table.name)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}, table"><table><caption>{name}</caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{chr(10).join(lines)}</tbody>{_sums(table)}</table></div>"
    )


def _side(column: Column) -> str:
    return ' class="number"' if column.show in _NUMBERS else ""


def _cell(column: Column, value: Value) -> str:
    text = escape(_said(value))
    return f'<td class="{_looks(column, value)}">{f"<code>{text}</code>" if column.key == "command" else text}</td>'


def _looks(column: Column, value: Value) -> str:
    kinds = {**dict.fromkeys(_NUMBERS, "number"), **dict.fromkeys(_TIMES, "time")}
    is_wide = column.show is Show.TEXT and column.width >= 17 and value is not None
    wide = (" wide" + (" long" if column.width >= 40 else "")) if is_wide else ""
    odd = value is False if column.show is Show.FLAG else column.zero and value not in (0, None)
    return f"{kinds.get(column.show, column.show)}{wide}{' odd' if odd else ''}"


def _said(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "NO"
        case int() | Decimal():
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return str(value)


def _sums(table: Block) -> str:
    if not any(column.total for column in table.columns):
        return ""
    cells = [_sum(column, table.frame[column.key]) for column in table.columns[1:]]
    return f"<tfoot><tr><td>{escape(table.sum_name)}</td>{''.join(cells)}</tr></tfoot>"


def _sum(column: Column, figures: "pd.Series[Any]") -> str:
    return f'<td class="number">{total(figures, column.show):,}</td>' if column.total else "<td></td>"


def _charts(report: Report) -> str:
    ages, days = breaks_by_age(report), points_by_day(report)
    drawn = []
    if ages["breaks"].sum():
        told = ", ".join(f"{band}: {number}" for band, number in zip(ages["band"], ages["breaks"], strict=True))
        heights = [Series("Open breaks", "breaks", ages["breaks"].tolist())]
        drawn.append(("Open breaks by age", columns("Open breaks by age", f"{told}.", ages["band"].tolist(), heights)))
    if days["earned"].sum() + days["redeemed"].sum():
        told = f"{days['earned'].sum():,} points earned and {days['redeemed'].sum():,} redeemed, {len(days)} columns."
        heights = [Series(name.capitalize(), name, days[name].tolist()) for name in ("earned", "redeemed")]
        labels = [str(day)[5:] if len(str(day)) > 7 else str(day) for day in days["day"]]
        drawn.append(("Points posted by day", columns("Points posted by day", told, labels, heights)))
    figures = (f"<figure><figcaption>{name}</figcaption>{svg}</figure>" for name, svg in drawn)
    return f'<div class="charts">{"".join(figures)}</div>'
