"""What page and workbook draw: a front with its sentences and blocks, and the blocks behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flows.reports.equal_totals.leads import Lead, Place, leads
from flows.reports.report import Report
from flows.reports.sheets.tables import tables
from flows.reports.summary import facts, sections
from flows.reports.table import Block
from flows.reports.verdict import Headline, headline


@dataclass(frozen=True)
class Document:
    """A report of whatever: a run, or a period."""

    title: str
    run_id: str  # what it is known by, in header and footer
    finished_at: datetime
    timezone: str
    found: Headline
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Block]  # of its front, in columns of the grid of ten
    tables: Sequence[Block]  # a sheet each
    leads: Mapping[Place, Lead] = field(default_factory=dict)  # totals that lead to others


def document_of_run(report: Report) -> Document:
    """Return what page and workbook draw of a run."""
    return Document(
        title=report.title,
        run_id=report.run_id,
        finished_at=report.finished_at,
        timezone=report.timezone,
        found=headline(report),
        facts=facts(report),
        sections=sections(report),
        tables=tables(report),
        leads=leads(report),
    )
