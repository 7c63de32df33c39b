"""A month, or any period: the walk from the sheets to the service, the rows behind each figure, and files of it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from starlette.responses import Response

from flows.desk.blocks import TableToSee, table_to_see
from flows.desk.checklist import in_words
from flows.desk.house_clock import house_clock, house_today
from flows.desk.line_rows import behind
from flows.desk.made_files import give_made
from flows.desk.parts import MOST_SHOWN, part_of, parts_of
from flows.desk.seen_periods import Seen, month_after, period_name, see, sites_to_choose, whose_clock
from flows.desk.since_signed import changes_of, signed_lines
from flows.desk.visit import Visit, not_there
from flows.desk.walked import KINDS, Walk, step_name, walk_to_show
from flows.reports.binder.write import write_binder
from flows.reports.document import Document
from flows.reports.month import Month
from flows.reports.month_document import document_of, headline_of
from flows.reports.month_tables.balances import balances_of_month
from flows.reports.month_tables.beside import beside_the_last
from flows.reports.month_tables.by_name import by_source_of
from flows.reports.month_tables.differences import rolled_differences
from flows.reports.month_tables.lines import proof_of
from flows.reports.unread import unread_in
from flows.reports.workbook.workbook import write_document_workbook
from transforms.vocabulary import WalkLine


def show_month(visit: Visit) -> Response:
    """Show the walk of a period, beside the period before, with balances, differences, and who signed."""
    seen = see(visit)
    if seen is None:
        return not_there(visit)
    desk, month = visit.desk, seen.month
    return visit.show(
        "month",
        seen=seen,
        title=period_name(seen.period),
        before=seen.period.before,
        after=month_after(seen.period, house_today(desk)),
        period_name=period_name,
        walk=desk.months.made_of(month, "walk", lambda: _walk(seen)),
        answers=headline_of(month).answers,
        sites=sites_to_choose(visit),
        clock=whose_clock(visit, seen.site_id),
        unread=[(in_words(one, desk.site_name), one.why) for one in unread_in(month.unread)],
        signed=signed_lines(desk, month),
        house=house_clock(desk).place,
        # What changed may be of any studio.
        changes=changes_of(desk, month) if seen.is_whole else [],
        tables=desk.months.made_of(month, "tables", lambda: _tables(visit, month)),
    )


def _walk(seen: Seen) -> Walk:
    return walk_to_show(seen.month.walk, f"{seen.link}/rows", seen.site_id, list(seen.month.rows))


def _tables(visit: Visit, month: Month) -> Mapping[str, TableToSee]:
    blocks = {
        "beside": beside_the_last(month),
        "balances": balances_of_month(month),
        "rolled": rolled_differences(month),
        "source": by_source_of(month),
        "proof": proof_of(month),
    }
    return {name: table_to_see(visit.desk, block, month.timezone) for name, block in blocks.items()}


def show_month_rows(visit: Visit) -> Response:
    """Show the rows behind one figure of the walk, each with its place in the sheet."""
    seen = see(visit)
    asked = visit.request.query_params
    line, kind = asked.get("line", ""), asked.get("kind", "")
    if seen is None or line not in set(WalkLine) or kind not in KINDS:
        return not_there(visit)
    page = part_of(visit)
    found = behind(visit.desk, seen.month, WalkLine(line), kind, (page - 1) * MOST_SHOWN, MOST_SHOWN)
    return visit.show(
        "month_rows",
        seen=seen,
        title=period_name(seen.period),
        step=step_name(WalkLine(line)),
        kind=KINDS[kind],
        is_bad=line == WalkLine.NEEDS_FIXING,
        found=found,
        link=urlencode({name: asked[name] for name in ("line", "kind", "site") if asked.get(name)}),
        page=page,
        pages=parts_of(found.count),
        clock=whose_clock(visit, seen.site_id),
    )


def give_month_pdf(visit: Visit) -> Response:
    """Give the two pages for the binder."""

    def write(document: Document, path: Path) -> None:
        write_binder(document, path, None)

    return _give(visit, ".pdf", write)


def give_month_workbook(visit: Visit) -> Response:
    """Give the workbook of a period."""
    return _give(visit, ".xlsx", write_document_workbook)


def _give(visit: Visit, suffix: str, write: Callable[[Document, Path], object]) -> Response:
    seen = see(visit)
    if seen is None:
        return not_there(visit)
    month = seen.month
    # A site's id is any text: in a header it has to be harmless.
    name = re.sub(r"[^\w.-]", "_", month.name, flags=re.ASCII)
    return give_made(name, suffix, lambda path: write(document_of(month), path))
