"""What stands on the two pages of the binder: what was found, the walk, balances, differences, and who signs.

A paper is made of a document, as page and workbook are, so that a period has one as a night does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flows.reports.document import Document
from flows.reports.table import Block
from flows.reports.values import Show
from flows.reports.verdict import Answer

_MOST_LINES: Final = 10  # of a table on the second page; the workbook has them all
_FIRST_PAGE: Final = ("Could not be read", "Changed since it was signed", "Walk")
# What stands in a line stands side by side.
_SECOND_PAGE: Final = (
    ("Beside the period before", "Differences carried in and out"),
    ("Balances",),
    ("Roll-forward of breaks",),
    ("Breaks",),
    ("Differences",),
)
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
    second: Sequence[Sequence[Block]]  # those of one line stand side by side
    roles: Sequence[str]  # who is to sign on a line
    timezone: str
    foot: str


def paper_of(document: Document) -> Paper:
    """Return the two pages of a report."""
    by_name = {block.name: block for block in (*document.tables, *document.sections)}
    found = document.found
    waits = Answer("good" if found.tone == "good" else "wait", found.waits)
    return Paper(
        title=document.title,
        answers=(*found.answers, waits),
        facts=document.facts,
        first=[_on_paper(by_name[name]) for name in _FIRST_PAGE if name in by_name],
        second=_second_page(by_name),
        roles=("Prepared by", "Approved by"),
        timezone=document.timezone,
        foot=document.run_id,
    )


def _second_page(by_name: Mapping[str, Block]) -> list[list[Block]]:
    """Return the tables of the second page, a list for each line of it, without those that are empty."""
    lines = []
    for names in _SECOND_PAGE:
        blocks = [by_name[name] for name in names if name in by_name]
        filled = [_short(block) for block in blocks if len(block.frame)]
        if filled:
            lines.append(filled)
    # Who has signed stands there also where nobody has.
    if _SIGNED in by_name:
        lines.append([_short(by_name[_SIGNED])])
    return lines


def _on_paper(block: Block) -> Block:
    """Return the block without what leads elsewhere: paper has no links."""
    kept = [column for column in block.columns if column.show is not Show.LINK]
    if block.name in ("Breaks", "Differences"):
        kept = [column for column in kept if column.key in _OF_BREAKS]
    return replace(block, columns=tuple(kept) or block.columns)


def _short(block: Block) -> Block:
    return _on_paper(_cut(_open_first(block)))


def _open_first(block: Block) -> Block:
    """Return the differences of a period with those that are open before the others: paper has room for a few."""
    if "is_open" not in block.frame:
        return block
    in_order = block.frame.sort_values("is_open", ascending=False, kind="stable", ignore_index=True)
    return replace(block, frame=in_order)


def _cut(block: Block) -> Block:
    """Return the block with its first lines, and in its note how many there are; sums would be of those lines alone."""
    lines_count = len(block.frame)
    if lines_count <= _MOST_LINES or block.strong:
        return block
    note = f"{block.note} The first {_MOST_LINES:,} of {lines_count:,} lines; the workbook has them all."
    without_sums = [replace(column, total=False) for column in block.columns]
    return replace(
        block,
        note=note.strip(),
        columns=tuple(without_sums),
        frame=block.frame.head(_MOST_LINES),
    )
