"""The sheets behind the summary, in their order.

The workbook makes one sheet of each block, the page one section. The six that finance opens come first; refused,
duplicate and skipped rows, what people decided, the days and the glossary follow.
"""

from flows.reports.balance_tables import clients_of
from flows.reports.once import once
from flows.reports.report import Report
from flows.reports.sheets.of_breaks import breaks_sheet
from flows.reports.sheets.of_days import by_day_sheet, by_night
from flows.reports.sheets.of_events import not_posted, posted, refused, under_watch, unknown_and_held
from flows.reports.sheets.of_rows import duplicates, noticed, rejected_rows, skipped_rows
from flows.reports.sheets.said import decisions_sheet, not_read, words
from flows.reports.summary_of_totals import control_totals, proof, totals_that_must_be_equal
from flows.reports.table import Block
from flows.reports.walk_table import currencies_count, walk_by_currency, walk_by_site


@once
def tables(report: Report) -> list[Block]:
    """Return the blocks behind the summary, in the order of the sheets."""
    return [
        walk_by_site(report),
        *([walk_by_currency(report)] if currencies_count(report) > 1 else []),
        breaks_sheet(report),
        rejected_rows(report),
        unknown_and_held(report),
        posted(report),
        clients_of(report),
        by_night(report),
        refused(report),
        not_posted(report),
        not_read(report),
        under_watch(report),
        decisions_sheet(report),
        duplicates(report),
        skipped_rows(report),
        noticed(report),
        by_day_sheet(report),
        proof(report),
        totals_that_must_be_equal(report),
        control_totals(report),
        words(),
    ]
