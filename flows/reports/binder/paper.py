"""What stands on the two pages of the binder: what was found, the walk, balances, differences, and who signs.

A paper is made of a document, as page and workbook are, so that a period has one as a night does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from flows.reports.document import Document
from flows.reports.table import Block
from flows.reports.values import Show
from flows.reports.verdict import Answer

_MOST_LINES: Final = 10  # of a table on the second page; the workbook has them all
_FIRST_PAGE: Final = ("Could not be read", "Changed since it was signed", "Walk")
_SECOND_PAGE: Final = ("Balances", "Roll-forward of breaks", "Differences carried in and out", "Breaks", "Differences")
_SIGNED: Final = "Signatures"
# Of a difference that one reviews on paper; the sheet has all of its columns.
_OF_BREAKS: Final = (
    "id",
    "short",
    "detail",
    "age_days",
    "client_id",
    "reward_id",
    "points",
    "amount",
    "state",
    "owner",
)


@dataclass(frozen=True)
class Paper:
    """Two pages; ``foot`` stands on each, beside its number. Who has signed is among the blocks of the second."""

    title: str
    answers: Sequence[Answer]
    facts: Sequence[tuple[str, str]]
    first: Sequence[Block]
    second: Sequence[Block]
    roles: Sequence[str]  # who is to sign on a line
    timezone: str
    foot: str


def paper_of(document: Document) -> Paper:
    """Return the two pages of a report."""
    by_name = {block.name: block for block in (*document.tables, *document.sections)}
    waits = Answer("good" if document.found.tone == "good" else "wait", document.found.waits)
    second = [by_name[name] for name in _SECOND_PAGE if name in by_name and len(by_name[name].frame)]
    signed = [by_name[_SIGNED]] if _SIGNED in by_name else []
    return Paper(
        title=document.title,
        answers=(*document.found.answers, waits),
        facts=document.facts,
        first=[_on_paper(by_name[name]) for name in _FIRST_PAGE if name in by_name],
        second=[_on_paper(_cut(block)) for block in (*second, *signed)],
        roles=("Prepared by", "Approved by"),
        timezone=document.timezone,
        foot=document.run_id,
    )


def _on_paper(block: Block) -> Block:
    """Return the block without what leads elsewhere: paper has no links."""
    kept = tuple(column for column in block.columns if column.show is not Show.LINK)
    if block.name in ("Breaks", "Differences"):
        kept = tuple(column for column in kept if column.key in _OF_BREAKS)
    return replace(block, columns=kept or block.columns)


def _cut(block: Block) -> Block:
    """Return the block with its first lines, and in its note how many there are; sums would be of those lines alone."""
    if len(block.frame) <= _MOST_LINES:
        return block
    note = f"{block.note} The first {_MOST_LINES:,} of {len(block.frame):,} lines; the workbook has them all."
    columns = tuple(replace(column, total=False) for column in block.columns)
    return replace(block, note=note.strip(), columns=columns, frame=block.frame.head(_MOST_LINES))
