"""Make once what several forms of one report show: the workbook, the page, the terminal and Prefect's artifacts."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from flows.reports.report import Report

_Made = TypeVar("_Made")


def once(make: Callable[[Report], _Made]) -> Callable[[Report], _Made]:
    """Return what was made of a report before; it goes with the report, and nobody changes it."""
    made: WeakKeyDictionary[Report, _Made] = WeakKeyDictionary()

    @wraps(make)
    def make_once(report: Report) -> _Made:
        if report not in made:
            made[report] = make(report)
        return made[report]

    return make_once
