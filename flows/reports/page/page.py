"""Write the report as one HTML page that needs nothing besides: no script, no font, no picture from elsewhere.

The template escapes every value, and a content policy forbids the page to load or run anything. It reads on a phone,
prints in landscape, follows the light or dark setting, and can be walked by keyboard and screen reader.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from flows.reports.document import Document, document_of_run
from flows.reports.equal_totals.leads import Lead, Place
from flows.reports.figures import breaks_by_age, points_by_day
from flows.reports.page.cells import Cell, cell, has_sums, is_number, sum_cells
from flows.reports.page.charts import breaks_chart, points_chart
from flows.reports.report import Report
from flows.reports.table import Block, lines
from flows.runtime.visible import visible
from flows.runtime.whole_file import written_whole

MOST_ROWS: Final = 500  # a page with more is slow on a phone; the workbook has them all
_FITS_ON_A_PAGE: Final = 26  # lines of a table, printed
_FOLDER: Final = Path(__file__).parent
STYLE: Final = _FOLDER / "page.css"  # the desk's pages begin with it
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_page(report: Report, path: Path) -> Path:
    """Write `report` to `path` and return it; a block shows its first 500 lines and says how many there are."""
    with written_whole(path) as part:
        part.write_text(_page(report), encoding="utf-8")
    return path


def write_document_page(document: Document, path: Path) -> Path:
    """Write a report of a period to `path` and return it."""
    with written_whole(path) as part:
        part.write_text(_drawn(document, charts=""), encoding="utf-8")
    return path


def _page(report: Report) -> str:
    charts = breaks_chart(breaks_by_age(report)) + points_chart(points_by_day(report))
    return _drawn(document_of_run(report), charts)


def _drawn(document: Document, charts: str) -> str:
    zone = ZoneInfo(document.timezone)
    anchors = _Anchors(
        blocks={_anchor(block.name) for block in (*document.sections, *document.tables)},
        leads=document.leads,
    )
    return _template().render(
        title=visible(document.title),
        found=document.found,
        facts=[(name, visible(text)) for name, text in document.facts],
        sections=[_shown(block, zone, anchors) for block in document.sections],
        blocks=[_shown(block, zone, anchors) for block in document.tables],
        # Both are ours: the style sheet is a file beside this one, and the charts escape what they are told.
        charts=Markup(charts),  # noqa: S704
        style=Markup(STYLE.read_text(encoding="utf-8")),  # noqa: S704
        policy=_POLICY,
    )


@cache
def _template() -> Template:
    # Whatever the name of a template: a value is escaped unless it says itself that it is markup.
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.jinja")


@dataclass(frozen=True)
class _Anchors:
    """What the page has to lead to, and which totals lead where."""

    blocks: Collection[str]
    leads: Mapping[Place, Lead]

    def leading(self, cell: Cell, place: Place) -> Cell:
        """Let a total lead to the one that it must equal."""
        lead = self.leads.get(place)
        if lead is None or not cell.text:
            return cell
        anchor = _anchor(lead.to.block)
        if anchor not in self.blocks:
            return cell
        # A walk of a night without rows has no lines: its place is there all the same.
        return cell.leading_to(f"{anchor}-{lead.to.line}" if lead.to.line else anchor, lead.said)


@dataclass(frozen=True)
class _Heading:
    heading: str
    is_number: bool


@dataclass(frozen=True)
class _Line:
    cells: list[Cell]
    is_strong: bool  # a total among the lines
    anchor: str  # "" for a line that nothing leads to


@dataclass(frozen=True)
class _Table:
    """A block as the template draws it."""

    name: str
    scope: str
    anchor: str
    note: str
    empty: str
    count: str
    looks: str  # classes of the style sheet
    columns: list[_Heading]
    lines: list[_Line]
    sums: list[Cell]


def _shown(block: Block, zone: ZoneInfo, anchors: _Anchors) -> _Table:
    note = block.note
    # A block that is cut must say so, or its lines would be taken for all; the sums below it are those of all lines.
    if len(block.frame) > MOST_ROWS:
        note += f" The first {MOST_ROWS:,} of {len(block.frame):,} lines; the workbook has them all."
    return _Table(
        name=block.name,
        scope=block.scope,
        anchor=_anchor(block.name),
        note=note,
        empty=block.empty,
        count=f"{len(block.frame):,}",
        looks=_looks(block),
        columns=[_Heading(column.heading, is_number(column)) for column in block.columns],
        lines=_lines(block, zone, anchors),
        sums=_sums(block, anchors),
    )


def _looks(block: Block) -> str:
    """Return how a table is laid out: one that fits is not broken by the end of a printed page."""
    looks = {
        "wide": len(block.columns) > 8,
        "short": len(block.frame) <= _FITS_ON_A_PAGE,
        "walked": bool(block.strong),
    }
    return " ".join(name for name, holds in looks.items() if holds)


def _lines(block: Block, zone: ZoneInfo, anchors: _Anchors) -> list[_Line]:
    line_count = len(block.frame)
    flags = block.frame[block.strong].tolist() if block.strong else [False] * line_count
    names = block.frame[block.line].tolist() if block.line else [""] * line_count
    # A block that is cut shows fewer lines than it has.
    in_order = zip(lines(block, zone, MOST_ROWS), flags, names, strict=False)
    return [
        _Line(
            cells=_cells(block, values, name, anchors),
            is_strong=bool(is_strong),
            anchor=f"{_anchor(block.name)}-{name}" if name else "",
        )
        for values, is_strong, name in in_order
    ]


def _cells(block: Block, values: Sequence[Any], name: str, anchors: _Anchors) -> list[Cell]:
    """Return the cells of one line; a line that has a name leads from each figure to what it must equal."""
    cells = []
    for column, value in zip(block.columns, values, strict=True):
        one = cell(column, value)
        if name:
            one = anchors.leading(one, (block.name, name, column.key))
        cells.append(_leading(one, anchors))
    return cells


def _sums(block: Block, anchors: _Anchors) -> list[Cell]:
    """Return the line of sums, each leading to the total that it must equal; none where nothing is to be summed."""
    is_counted = has_sums(block) or (block.name, "", "") in anchors.leads
    if block.frame.empty or not is_counted:
        return []
    # The first cell counts the lines, and leads by no column.
    keys = ["", *(column.key for column in block.columns[1:])]
    cells = zip(sum_cells(block), keys, strict=True)
    return [anchors.leading(one, (block.name, "", key)) for one, key in cells]


def _leading(one: Cell, anchors: _Anchors) -> Cell:
    """Let a cell that names a block lead to it, where the page has one."""
    target = _anchor(one.text)
    return one if not one.is_link or target not in anchors.blocks else one.leading_to(target)


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
