"""Totals of rows, of the walk by site, and of what was accepted."""

from collections.abc import Iterator

import pandas as pd

from flows.reports.equal_totals.total import EqualTotal, Figure, Total
from flows.reports.equal_totals.walked import Walked, line_of_walk, walked_of
from flows.reports.report import Report, rows
from transforms.exact_sums import whole_sum
from transforms.totals.walk_steps import STEPS, summed
from transforms.vocabulary import WalkLine


def of_fates(report: Report) -> Iterator[EqualTotal]:
    """Give the totals of the rows: those of the sheets, of the wrong ones and of the known ones."""
    walked = walked_of(report)
    # Of files that were taken in before sums of sheets were kept, the walk begins later.
    if not walked.has(WalkLine.IN_SHEETS):
        return
    all_rows = sum(int(report.totals[fate]) for fate in ("accepted", "duplicate", "held", "rejected"))
    yield _rows(walked, Total("Where every row went", "rows", "how_many"), all_rows, WalkLine.IN_SHEETS)
    wrong = Total("Rejected rows", "rows with a wrong cell", "row")
    yield _rows(walked, wrong, _wrong_rows(report), WalkLine.NEEDS_FIXING)
    yield _rows(walked, Total("Duplicates", "rows"), len(rows(report, "duplicates")), WalkLine.KNOWN)


def _wrong_rows(report: Report) -> int:
    """Count the rows with a wrong cell, each once however many of its cells are wrong."""
    places = rows(report, "rejected")[["file", "sheet", "row"]]
    # A format without sheets names none.
    return len(places.astype("string").fillna("").drop_duplicates())


def _rows(walked: Walked, total: Total, figure: int, line: WalkLine) -> EqualTotal:
    other = line_of_walk(line, f"{line.replace('_', ' ')}, rows of all kinds", "earned_events")
    return EqualTotal(total, figure, other, walked.figure(line, "events"))


def of_walk_by_site(report: Report) -> Iterator[EqualTotal]:
    """Give the events of all sites against the walk over all of them."""
    walked = walked_of(report)
    by_site = [of_site for _, of_site in rows(report, "walk").groupby("site_id", dropna=False)]
    for line in STEPS:
        if not walked.has(line):
            continue
        step = line.replace("_", " ")
        of_sites = sum(int(summed(of_site, line, "events")) for of_site in by_site)
        total = Total("Walk by site", f"{step}, events of all sites", "earned_events")
        other = line_of_walk(line, f"{step}, events", "earned_events")
        yield EqualTotal(total, of_sites, other, walked.figure(line, "events"))


def of_control_totals(report: Report) -> Iterator[EqualTotal]:
    """Give what was accepted and posted by file against the walk."""
    totals = rows(report, "control_totals")
    if totals.empty:
        return
    in_walk = line_of_walk(WalkLine.ACCEPTED, "= accepted, events of all kinds", "earned_events")
    accepted = walked_of(report).figure(WalkLine.ACCEPTED, "events")
    of_files = Total("Control totals", "accepted, events of the files", "file")
    yield EqualTotal(of_files, _events_at(totals, "file"), in_walk, accepted)
    of_ledger = Total("Control totals", "posted, events in the ledger", "ledger")
    posted = Total("Posted", "events")
    yield EqualTotal(of_ledger, _events_at(totals, "ledger"), posted, len(rows(report, "posted")))


def _events_at(totals: pd.DataFrame, level: str) -> Figure:
    is_of_level = totals["level"].eq(level)
    return whole_sum(totals.loc[is_of_level, "events"])
