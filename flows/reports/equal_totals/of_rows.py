"""Totals of rows, of the walk by site, and of what was accepted."""

from collections.abc import Iterator

from flows.reports.equal_totals.total import EqualTotal, Total
from flows.reports.equal_totals.walked import Walked, line_of_walk
from flows.reports.report import Report, rows
from transforms.exact_sums import whole_sum
from transforms.totals.walk_steps import STEPS, summed
from transforms.vocabulary import WalkLine


def of_fates(report: Report) -> Iterator[EqualTotal]:
    """Give the totals of the rows: those of the sheets, of the wrong ones and of the known ones."""
    walked = Walked(report)
    # Of files that were taken in before sums of sheets were kept, the walk begins later.
    if not walked.has(WalkLine.IN_SHEETS):
        return
    rejected = rows(report, "rejected")
    wrong_rows = len(rejected[["file", "sheet", "row"]].astype("string").fillna("").drop_duplicates())
    of_fates = sum(int(report.totals[fate]) for fate in ("accepted", "duplicate", "held", "rejected"))
    yield _rows(walked, Total("Where every row went", "rows", "how_many"), of_fates, WalkLine.IN_SHEETS)
    yield _rows(walked, Total("Rejected rows", "rows with a wrong cell", "row"), wrong_rows, WalkLine.NEEDS_FIXING)
    yield _rows(walked, Total("Duplicates", "rows"), len(rows(report, "duplicates")), WalkLine.KNOWN)


def _rows(walked: Walked, total: Total, figure: int, line: WalkLine) -> EqualTotal:
    other = line_of_walk(line, f"{line.replace('_', ' ')}, rows of all kinds", "earned_events")
    return EqualTotal(total, figure, other, walked.figure(line, "events"))


def of_walk_by_site(report: Report) -> Iterator[EqualTotal]:
    """Give the events of all sites against the walk over all of them."""
    walked = Walked(report)
    by_site = rows(report, "walk").groupby("site_id", dropna=False)
    for line in STEPS:
        if walked.has(line):
            name = f"{line.replace('_', ' ')}, events of all sites"
            of_sites = sum(int(summed(of_site, line, "events")) for _, of_site in by_site)
            other = line_of_walk(line, f"{line.replace('_', ' ')}, events", "earned_events")
            yield EqualTotal(
                Total("Walk by site", name, "earned_events"), of_sites, other, walked.figure(line, "events")
            )


def of_control_totals(report: Report) -> Iterator[EqualTotal]:
    """Give what was accepted and posted by file against the walk."""
    totals = rows(report, "control_totals")
    walked = Walked(report)
    if totals.empty:
        return
    accepted = whole_sum(totals.loc[totals["level"].eq("file"), "events"])
    posted = whole_sum(totals.loc[totals["level"].eq("ledger"), "events"])
    in_walk = line_of_walk(WalkLine.ACCEPTED, "= accepted, events of all kinds", "earned_events")
    of_files = Total("Control totals", "accepted, events of the files", "file")
    yield EqualTotal(of_files, accepted, in_walk, walked.figure(WalkLine.ACCEPTED, "events"))
    of_ledger = Total("Control totals", "posted, events in the ledger", "ledger")
    yield EqualTotal(of_ledger, posted, Total("Posted", "events"), len(rows(report, "posted")))
