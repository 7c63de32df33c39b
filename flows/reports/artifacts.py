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
from flows.reports.sheets import tables
from flows.reports.summary import facts, sections
from flows.reports.table import Block
from flows.reports.values import Value, values, visible
from flows.reports.wording import headline

MOST_ROWS: Final = 50
_IN_SUMMARY: Final = ("What waits", "What ties and what does not", "Where every row went", "What became of every event")
_AS_TABLES: Final = ("Breaks", "Rejected rows", "Unknown and held", "Refused")
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|!~$&])")


def prefect_artifacts(report: Report, files: Sequence[Path] = ()) -> list[Artifact]:
    """Return (key, kind, payload) for each artifact; keys are lower-case words with dashes, as Prefect asks.

    A markdown payload is text, a table payload a list of objects (at most 50), a link payload (address, text).
    """
    zone = ZoneInfo(report.timezone)
    shown = [table for table in tables(report) if table.name in _AS_TABLES and len(table.frame)]
    return [
        ("tieout-summary", "markdown", markdown(report)),
        *((f"tieout-{_key(table.name)}", "table", _objects(table, zone)) for table in shown),
        *((f"tieout-file-{_key(file.suffix)}", "link", (file.absolute().as_uri(), file.name)) for file in files),
    ]


def markdown(report: Report) -> str:
    """Return the summary of `report` as Markdown."""
    zone = ZoneInfo(report.timezone)
    head = [f"# {_plain(report.title)}", f"**{_plain(headline(report).sentence)}**"]
    known = ["\n".join(f"- {name}: {_plain(text)}" for name, text in facts(report))]
    parts = [_section(section, zone) for section in sections(report) if section.name in _IN_SUMMARY]
    return "\n\n".join([*head, *known, *parts]) + "\n"


def _section(section: Block, zone: ZoneInfo) -> str:
    heading = f"## {section.name}"
    if section.frame.empty:
        return f"{heading}\n\n{section.empty}"
    names = [column.heading for column in section.columns]
    lines = [[_plain(text) for text in line.values()] for line in _objects(section, zone)]
    return "\n".join([f"{heading}\n", *(f"| {' | '.join(line)} |" for line in [names, ["---"] * len(names), *lines])])


def _objects(table: Block, zone: ZoneInfo) -> list[dict[str, str]]:
    first = table.frame.head(MOST_ROWS)
    filled = [values(first[column.key], column.show, zone) for column in table.columns]
    names = [column.heading for column in table.columns]
    return [dict(zip(names, map(_said, line), strict=True)) for line in zip(*filled, strict=True)]


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
    return _MARKUP.sub(r"\\\1", visible(text))


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
