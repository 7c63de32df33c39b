"""One night: what was found, the walk from the sheets to the services, the rows behind a figure, and files of it."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.responses import Response

from flows.desk.house_clock import clock_at, house_clocks
from flows.desk.made_files import give_made
from flows.desk.night_lines import behind_night
from flows.desk.parts import MOST_SHOWN, part_of, parts_of
from flows.desk.seen_nights import answers_of, see, unread_of, walk_at, walk_of
from flows.desk.seen_periods import period_name, sites_to_choose, whose_clock
from flows.desk.visit import Visit, not_there
from flows.desk.walked import KINDS, step_name
from flows.desk.words import for_a_studio
from flows.reports.binder.write import write_binder
from flows.reports.document import document_of_run
from flows.reports.report import Report
from flows.reports.workbook.workbook import write_workbook
from flows.review.clocks import Clock
from flows.runtime.clock import utc_now
from sql.nights import nights_around
from transforms.nights import Night, NightState, state_of_night
from transforms.spoken_times import spoken_date
from transforms.totals.period import month_of
from transforms.totals.walk_steps import summed
from transforms.vocabulary import WalkLine


def show_night(visit: Visit) -> Response:
    """Show one night: what was found, the walk, what was not read."""
    seen = see(visit)
    if seen is None:
        return not_there(visit)
    desk, night = visit.desk, seen.night
    clock = clock_at(desk, seen.site_id)
    with desk.ledger.read() as connection:
        beside = nights_around(connection, night.started_at)
    return visit.show(
        "night",
        seen=seen,
        when=_begun(clock, night),
        place=clock.place,
        until="" if night.finished_at is None else clock.tell_minute(night.finished_at.replace(second=0)),
        stands=state_of_night(night, utc_now()),
        states=NightState,
        # What could not be done may name any studio.
        failure=for_a_studio(night.failure) if night.failure and seen.site_id is None else "",
        answers=answers_of(seen),
        walk=walk_of(seen),
        unread=unread_of(visit, seen),
        sites=sites_to_choose(visit),
        site=desk.site_name(seen.site_id) if seen.site_id and len(desk.site_ids) > 1 else "",
        before=beside.before_id,
        after=beside.after_id,
        month=month_of(night.started_at.astimezone(clock.zone).date()),
        period_name=period_name,
        quoted=quote,
    )


def _begun(clock: Clock, night: Night) -> str:
    """Tell when a night began, to the minute."""
    return clock.tell_minute(night.started_at.replace(second=0))


def show_night_rows(visit: Visit) -> Response:
    """Show the rows behind one figure of a night."""
    seen = see(visit)
    asked = visit.request.query_params
    named, kind = asked.get("line", ""), asked.get("kind", "")
    if seen is None or seen.kept is None or named not in set(WalkLine) or kind not in KINDS:
        return not_there(visit)
    desk, line, page = visit.desk, WalkLine(named), part_of(visit)
    is_only_site = len(desk.site_ids) == 1
    found = behind_night(
        seen.kept,
        house_clocks(desk),
        line,
        kind,
        seen.site_id,
        (page - 1) * MOST_SHOWN,
        MOST_SHOWN,
        is_only_site=is_only_site,
    )
    counted = _counted(seen.kept.report, seen.site_id, line, kind)
    return visit.show(
        "night_rows",
        seen=seen,
        step=step_name(line),
        kind=KINDS[kind],
        when=_begun(clock_at(desk, seen.site_id), seen.night),
        found=found,
        counted=counted,
        # The figure may count more than was kept row by row; this one counts by how much, and no rows.
        is_cut=line is not WalkLine.OTHER_FIGURE and counted != found.events,
        link=urlencode({name: asked[name] for name in ("line", "kind", "site") if asked.get(name)}),
        is_only_site=is_only_site,
        page=page,
        pages=parts_of(found.count),
        clock=whose_clock(visit, seen.site_id),
    )


def _counted(report: Report, site_id: str | None, line: WalkLine, kind: str) -> int:
    """Return how many rows the figure counts."""
    walked = walk_at(report, site_id)
    of_kind = walked[walked["kind"].fillna("").eq(kind)]
    return int(summed(of_kind, line, "events"))


def give_night_pdf(visit: Visit) -> Response:
    """Give the two pages of a night."""

    def write(report: Report, path: Path) -> None:
        write_binder(document_of_run(report), path, None)

    return _give(visit, ".pdf", write)


def give_night_workbook(visit: Visit) -> Response:
    """Give the workbook of a night."""
    return _give(visit, ".xlsx", write_workbook)


def _give(visit: Visit, suffix: str, write: Callable[[Report, Path], object]) -> Response:
    """Give what is made of the report over all studios, to those who review all."""
    seen = see(visit)
    if seen is None or seen.kept is None:
        return not_there(visit)
    report = seen.kept.report
    day = spoken_date(seen.night.started_at.date()).replace(" ", "-")
    return give_made(f"night-{day}", suffix, lambda path: write(report, path))
