"""The report as Prefect artifacts: a summary in Markdown, small tables, and links to the files.

Prefect is not imported here: the flow publishes what it gets. Markdown from data is shown as it is, not obeyed.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from flows.ledger.summary import Artifact
from flows.reports.report import Report
from flows.reports.sheets.tables import tables
from flows.reports.summary import facts, sections
from flows.reports.table import Block, lines
from flows.reports.values import Value
from flows.reports.verdict import headline
from flows.runtime.visible import visible

MOST_ROWS: Final = 50
_IN_SUMMARY: Final = ("Walk", "What waits", "Where every row went", "What became of every event")
_AS_TABLES: Final = ("Breaks", "Rejected rows", "Unknown and held", "Refused")
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|!~$&])")


def prefect_artifacts(report: Report, files: Sequence[Path] = (), *, with_rows: bool) -> list[Artifact]:
    """Return (key, kind, payload) for each artifact; keys are lower-case words with dashes, as Prefect asks.

    A markdown payload is text, a table payload a list of objects (at most 50), a link payload (address, text). Tables
    name clients and what stood in cells: who sees Prefect is not always who may see those, so they are made where
    the settings ask for them (``with_rows``). The summary has counts alone.
    """
    summary: Artifact = ("tieout-summary", "markdown", markdown(report))
    as_tables = _tables(report) if with_rows else []
    links = [_link(file) for file in files]
    return [summary, *as_tables, *links]


def _tables(report: Report) -> list[Artifact]:
    zone = ZoneInfo(report.timezone)
    # An empty table would be one more thing to open in Prefect, to see that there is nothing to see.
    shown = [block for block in tables(report) if block.name in _AS_TABLES and len(block.frame)]
    return [(f"tieout-{_key(block.name)}", "table", _objects(block, zone)) for block in shown]


def _link(file: Path) -> Artifact:
    address = file.absolute().as_uri()
    return f"tieout-file-{_key(file.suffix)}", "link", (address, file.name)


def markdown(report: Report) -> str:
    """Return the summary of `report` as Markdown."""
    zone = ZoneInfo(report.timezone)
    known = [f"- {name}: {_plain(text)}" for name, text in facts(report)]
    shown = [section for section in sections(report) if section.name in _IN_SUMMARY]
    paragraphs = [
        f"# {_plain(report.title)}",
        f"**{_plain(headline(report).sentence)}**",
        "\n".join(known),
        *(_section(section, zone) for section in shown),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _section(section: Block, zone: ZoneInfo) -> str:
    heading = f"## {section.title}"
    if section.frame.empty:
        return f"{heading}\n\n{section.empty}"
    names = [column.heading for column in section.columns]
    table = [_table_line(names), _table_line(["---"] * len(names))]
    for line in lines(section, zone, MOST_ROWS):
        cells = [_plain(_said(value)) for value in line]
        table.append(_table_line(cells))
    return "\n".join([f"{heading}\n", *table])


def _table_line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _objects(block: Block, zone: ZoneInfo) -> list[dict[str, str]]:
    names = [column.heading for column in block.columns]
    objects = []
    for line in lines(block, zone, MOST_ROWS):
        said = [_said(value) for value in line]
        objects.append(dict(zip(names, said, strict=True)))
    return objects


def _said(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "NO"
        case str():
            return value
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _plain(text: str) -> str:
    # A client's name or a cell of a sheet may hold Markdown or HTML, and Prefect's page would draw it.
    return _MARKUP.sub(r"\\\1", visible(text))


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
