"""What is said by member of an enum is said of each of them: a new one is forgotten nowhere.

A mapping that has no word for some members on purpose says here which ones.
"""

import ast
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
_PACKAGES = ("transforms", "sql", "flows")
# Module and name, and the members that the mapping leaves out.
_LEAVES_OUT: Mapping[str, set[str]] = {
    # Files that cannot be read at all are told by what could not be read of them.
    "transforms.check.messages:SENTENCES": {
        "FILE_UNREADABLE",
        "FILE_ENCRYPTED",
        "HEADING_NOT_FOUND",
        "COLUMN_MISSING",
        "HEADING_TWICE",
    },
    # Only these two are ever posted.
    "sql.reversals:_OPPOSITE": {"RETURNED", "REMOVED", "LATE_CANCELED"},
    # What a standing rule decided is told by its own words.
    "flows.desk.row_story:_SAID": {"RULE_POSTED", "RULE_NOT_POSTED"},
    "flows.review.story.happened:_DECIDED": {"RULE_POSTED", "RULE_NOT_POSTED"},
    # A command that was typed wrongly never ran.
    "flows.cli.demo:_MEANING": {"WRONG_USAGE"},
    "flows.notices.run_end:_TITLES": {"TIES_OUT", "WRONG_USAGE"},
    "flows.reports.source_ids:_WHY": {"CONFIRMED"},
    # A match is no break.
    "flows.reports.wording:BREAKS": {"MATCHED"},
    "flows.reports.wording:WAITING": {"READY", "SENDING", "POSTED", "REFUSED", "DISCARDED"},
    # Only what is behind no posted event of ours.
    "transforms.outcomes:OF_ENTRIES": {
        "MATCHED",
        "LATE",
        "MISSING_REMOTE",
        "AMOUNT_MISMATCH",
        "TIME_MISMATCH",
        "REFUSED",
    },
    # What is accepted or posted is counted by lines of its own.
    "transforms.totals.walk:_OF_FATES": {"ACCEPTED"},
    "transforms.totals.walk:_OF_STATES": {"POSTED"},
    # Runs without a report.
    "flows.reports.collect.of_run:_TITLES": {"PLAN", "REVERSE", "DECIDE", "RECOVER"},
    # An event in one of these states has nothing to say there.
    "flows.desk.pages.clients:_STATES": {"POSTED"},
    "flows.desk.pages.difference:_OFFSET_STANDS": {"HELD"},
    "flows.desk.row_story:_MOVED": {"SENDING"},
    "flows.review.retry:_DECIDED_ELSEWHERE": {"REFUSED"},
    "flows.review.reverse:_NOT_POSTED": {"SENDING", "POSTED", "UNKNOWN"},
    "flows.review.reverse:_NOTHING_TO_TAKE_BACK": {"SENDING", "POSTED", "UNKNOWN"},
    # One event and one client are held by themselves.
    "sql.guards:_OF_SITES": {"POINTS_PER_EVENT", "POINTS_PER_CLIENT"},
    "sql.lookalike_words:_STANDS": {"SENDING", "REFUSED", "UNKNOWN", "DISCARDED"},
    "flows.desk.rows_to_see:_CHANGED": {"READY", "SENDING", "REFUSED", "UNKNOWN", "DISCARDED"},
    "flows.review.taken_in:_WORDS": {"HELD", "POSTED", "REFUSED", "UNKNOWN", "DISCARDED"},
    "flows.reports.month_tables.walked:_SHEETS": {"BROUGHT_FORWARD", "POSTED_BEFORE", "COMPARED_BEFORE"},
}
# What only some members have at all, such as a hint for a cell, or are by their nature.
_FOR_SOME = {
    "transforms.check.failures:FIELD_OF_CODE",
    "transforms.check.suggestions:_BY_VALUE",
    "transforms.check.suggestions:_ADVICE",
    "transforms.totals.walk_steps:STEPS",
    "transforms.totals.walk_steps:_FORMULAS",
    "flows.desk.night_rows:_FOUND",
    # Elsewhere the row was posted, or the report's own next step fits a page.
    "flows.desk.difference:_OUR_PART",
    "flows.desk.difference:_TO_DO",
    "flows.reports.values:_READERS",
    "flows.reports.workbook.workbook:_TIME_WIDTH",
    "flows.sandbox.faults:ONLY",
    "flows.sandbox.odd_balances:_SPOILED",
}


class _Said(NamedTuple):
    """A mapping whose keys are members of one enum."""

    where: str
    missing: set[str]


def _assigned(path: Path) -> Iterator[str]:
    """Give the names that a module itself assigns, and does not import."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _mappings() -> Iterator[_Said]:
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name == "__main__.py" or "migrations" in path.parts:
                continue
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            module = import_module(name)
            for variable in _assigned(path):
                value = getattr(module, variable, None)
                enums = {type(key) for key in value if isinstance(key, Enum)} if isinstance(value, Mapping) else set()
                if len(enums) == 1:
                    missing = {member.name for member in enums.pop() if member not in value}
                    yield _Said(f"{name}:{variable}", missing)


@pytest.fixture(scope="module")
def mappings() -> list[_Said]:
    return list(_mappings())


def test_what_is_said_by_member_is_said_of_each_of_them(mappings: list[_Said]) -> None:
    of_each = [one for one in mappings if one.where not in _FOR_SOME]
    forgotten = {one.where: one.missing - _LEAVES_OUT.get(one.where, set()) for one in of_each}
    told_by_now = {one.where: _LEAVES_OUT.get(one.where, set()) - one.missing for one in of_each}
    wrong = [f"{where} has no line for {', '.join(sorted(names))}" for where, names in forgotten.items() if names]
    wrong += [f"{where} has a line for {', '.join(sorted(names))}" for where, names in told_by_now.items() if names]
    # A line each, since these are the places to go to.
    assert not wrong, "\n".join(wrong)


def test_every_mapping_that_leaves_something_out_is_there(mappings: list[_Said]) -> None:
    assert len(mappings) > 40
    assert {*_LEAVES_OUT, *_FOR_SOME} <= {one.where for one in mappings}
