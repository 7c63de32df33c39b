"""Nights: a calendar for each studio, and one night with the walk from the sheets to the services."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
from starlette.responses import Response

from flows.desk.calendar import DayState, collect_nights, is_at, night_from, site_month
from flows.desk.checklist import in_words
from flows.desk.house_clock import clock_at, house_clock, house_clocks
from flows.desk.kept_nights import KeptNight
from flows.desk.night_lines import behind_night
from flows.desk.pages.months import collected, page_asked, period_name, sites_to_choose
from flows.desk.visit import Visit, not_there
from flows.desk.walked import KINDS, step_name, walk_to_show
from flows.desk.words import for_a_studio, points_told
from flows.people.accounts import ALL_SITES
from flows.reports.binder.write import write_binder
from flows.reports.document import document_of_run
from flows.reports.open_breaks import open_differences
from flows.reports.report import Report, rows
from flows.reports.verdict import Answer, headline
from flows.reports.workbook.workbook import write_workbook
from flows.review.clocks import Clock
from flows.runtime.clock import utc_now
from flows.runtime.errors import CouldNotRun
from flows.status.collect import collect_status
from sql.nights import night_of, nights_around
from transforms.nights import Night, NightState, state_of_night
from transforms.spoken_times import spoken_date
from transforms.totals.period import Period, month_of, parse_period
from transforms.totals.walk_steps import summed
from transforms.vocabulary import Role, WalkLine

_MONTH = re.compile(r"20\d\d-\d\d")
_MOST_ROWS = 100
_PDF = "application/pdf"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ONE_AT_A_TIME = Lock()
_CHANGED = "signed, and changed since"
_MARKS: Mapping[DayState, str] = {
    DayState.AGREES: "✓",
    DayState.SIGNED: "✎",
    DayState.DIFFERS: "≠",
    DayState.INCOMPLETE: "!",
    DayState.RUNNING: "…",
}
_WORDS: Mapping[DayState, str] = {
    DayState.AGREES: "agrees: the service has what was posted, or all that differed is explained",
    DayState.SIGNED: "agrees, and its month is signed",
    DayState.DIFFERS: "differences that are still open, first seen in that night",
    DayState.INCOMPLETE: "incomplete: the night did not end, or something was not read",
    DayState.RUNNING: "at work now",
}


def show_nights(visit: Visit) -> Response:
    """Show the nights of a month at each studio of this person."""
    desk, now = visit.desk, utc_now()
    month = _month_asked(visit)
    with desk.ledger.read() as connection:
        facts = collect_nights(connection, month)
    signed = _how_signed(visit, facts.spans, month)
    if signed == _CHANGED:
        facts = replace(facts, spans=())
    # Rewards are of no studio: their nights are for those who review everything.
    own = [site_id for site_id in visit.sites(Role.REVIEWER) if site_id]
    if visit.is_over_all(Role.REVIEWER) and desk.settings.referral_rock.public_key is not None:
        own.append(ALL_SITES)
    after = month_of(month.until + timedelta(days=1))
    return visit.show(
        "nights",
        month=month,
        title=period_name(month),
        before=month.before,
        after=after if after.since <= now.date() else None,
        period_name=period_name,
        sites=[
            (_site_name(visit, site_id), site_month(facts, month, site_id, clock_at(desk, site_id), now))
            for site_id in own
        ],
        clocks={site_id: clock_at(desk, site_id).place for site_id in own},
        marks=_MARKS,
        words=_WORDS,
        missed=_missed(visit),
        signed=signed,
        quoted=quote,
    )


def _how_signed(visit: Visit, spans: Sequence[tuple[date, date]], month: Period) -> str:
    """Say whether the month was approved, and to those who review everything whether that still holds."""
    if not any(since <= month.since and month.until <= until for since, until in spans):
        return ""
    if (month.since, month.until) not in spans or not visit.is_over_all(Role.REVIEWER):
        return "signed"
    return _CHANGED if collected(visit, month, None).changed else "signed"


def _site_name(visit: Visit, site_id: str) -> str:
    return visit.desk.site_name(site_id) if site_id else "Rewards"


def _month_asked(visit: Visit) -> Period:
    asked = visit.request.query_params.get("month", "")
    period = parse_period(asked) if _MONTH.fullmatch(asked) else None
    clock = house_clock(visit.desk)
    return period or month_of(utc_now().astimezone(clock.zone).date())


def _missed(visit: Visit) -> list[str]:
    """Return the nights that were due and did not run, and the next one."""
    status = collect_status(visit.desk.settings, visit.desk.ledger)
    clock = house_clock(visit.desk)
    told = [f"The night of {clock.tell_minute(at)} was due, and did not run." for at in status.due.missed[-3:]]
    if status.due.late is not None:
        told.append(f"The night of {clock.tell_minute(status.due.late)} has not begun yet.")
    if told:
        told.append("Whoever looks after tieout has to look into that. The next night takes all that lies there.")
    return told


@dataclass(frozen=True)
class Seen:
    """A night as this person may see it; ``kept`` is None where ``why_not`` says why there is no report of it."""

    night: Night
    site_id: str | None  # None: everything
    kept: KeptNight | None
    why_not: str

    @property
    def link(self) -> str:
        """Where its page is."""
        return f"/nights/{quote(self.night.run_id, safe='')}"

    @property
    def asked(self) -> str:
        """What its pages are asked with, so that they are of the same studio."""
        return "" if self.site_id is None else "?" + urlencode({"site": self.site_id})


def see(visit: Visit) -> Seen | None:
    """Return what this person may see of a night; None where there is nothing of it."""
    asked = visit.request.query_params.get("site", "")
    own = visit.sites(Role.REVIEWER)
    if asked and asked not in own:
        return None
    desk = visit.desk
    with desk.ledger.read() as connection:
        row = night_of(connection, visit.path["run_id"])
    if row is None:
        return None
    site_id = asked or (None if visit.is_over_all(Role.REVIEWER) else own[0])
    try:
        return Seen(night_from(row), site_id, desk.nights.get(desk.settings, desk.ledger, row.run_id), "")
    except CouldNotRun as error:
        return Seen(night_from(row), site_id, None, _why_not(error))


def _why_not(error: CouldNotRun) -> str:
    said = str(error)
    if "was changed or is damaged" in said:
        return (
            "What was kept of this night is not what it was: somebody, or the disk, changed it. No figures are shown."
        )
    if "keeping house removed it" in said:
        return "Its figures were removed when they had grown old, as the settings say. The months keep theirs."
    return "Of this night no figures were kept."


def show_night(visit: Visit) -> Response:
    """Show one night: what was found, the walk, what was not read."""
    seen = see(visit)
    if seen is None:
        return not_there(visit)
    desk, night = visit.desk, seen.night
    clock = clock_at(desk, seen.site_id)
    with desk.ledger.read() as connection:
        beside = nights_around(connection, night.started_at)
    report = None if seen.kept is None else seen.kept.report
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
        answers=_answers(seen, report),
        walk=None if report is None else _walk(seen, report),
        unread=[] if report is None else _unread(visit, seen, report),
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


def _answers(seen: Seen, report: Report | None) -> Sequence[Answer]:
    if report is None:
        return ()
    if seen.site_id is None:
        return headline(report).answers
    return (_services(report, seen.site_id), _read(report, seen.site_id))


def _services(report: Report, site_id: str) -> Answer:
    """Say of one studio alone whether the service agreed as the night ended."""
    open_ones = open_differences(report)
    count = int(open_ones["site_id"].eq(site_id).sum()) if len(open_ones) else 0
    walked = _of_site(report, site_id)
    if count:
        points = sum(int(one) for one in open_ones.loc[open_ones["site_id"].eq(site_id), "points"].dropna())
        what = "1 difference was" if count == 1 else f"{count:,} differences were"
        return Answer("bad", f"The service did not agree, by {points_told(points)}: {what} open as the night ended.")
    if summed(walked, WalkLine.NOT_COMPARED, "events"):
        return Answer("wait", "Nobody could say as the night ended whether the service agrees.")
    return Answer("good", "The service agreed with all that was posted and looked at.")


def _read(report: Report, site_id: str) -> Answer:
    names = [what for what in rows(report, "not_read")["what"] if is_at(what, site_id)]
    if not names:
        return Answer("good", "Nothing was left unread.")
    what = "1 thing was" if len(names) == 1 else f"{len(names):,} things were"
    return Answer("wait", f"{what} not read, and nobody may conclude about it.")


def _of_site(report: Report, site_id: str | None) -> pd.DataFrame:
    walked = rows(report, "walk")
    return walked if site_id is None else walked[walked["site_id"].fillna("").eq(site_id)]


def _walk(seen: Seen, report: Report) -> Any:
    walked = _of_site(report, seen.site_id)
    led = [line for line in WalkLine if line is not WalkLine.COMPARED_BEFORE]
    return walk_to_show(walked, f"{seen.link}/rows", seen.site_id, led)


def _unread(visit: Visit, seen: Seen, report: Report) -> list[tuple[str, str]]:
    told = rows(report, "not_read").to_dict("records")
    if seen.site_id is None:
        return [(in_words(one["what"], visit.desk.site_name), for_a_studio(one["why"])) for one in told]
    own = [one for one in told if is_at(one["what"], seen.site_id)]
    whole = visit.is_over_all(Role.REVIEWER)
    # The name of a sheet, and what is in the way of reading it, may tell of another studio.
    return [
        (in_words(one["what"], visit.desk.site_name), for_a_studio(one["why"]))
        if whole or seen.site_id in one["what"]
        else ("a sheet", "it could not be read, and nobody knows whose rows it holds")
        for one in own
    ]


def show_night_rows(visit: Visit) -> Response:
    """Show the rows behind one figure of a night."""
    seen = see(visit)
    asked = visit.request.query_params
    line, kind = asked.get("line", ""), asked.get("kind", "")
    if seen is None or seen.kept is None or line not in set(WalkLine) or kind not in KINDS:
        return not_there(visit)
    page = page_asked(asked.get("page", ""))
    clocks = house_clocks(visit.desk)
    found = behind_night(
        seen.kept,
        clocks,
        WalkLine(line),
        kind,
        seen.site_id,
        (page - 1) * _MOST_ROWS,
        _MOST_ROWS,
        is_only_site=len(visit.desk.site_ids) == 1,
    )
    walked = _of_site(seen.kept.report, seen.site_id)
    counted = int(summed(walked[walked["kind"].fillna("").eq(kind)], WalkLine(line), "events"))
    clock = clock_at(visit.desk, seen.site_id)
    return visit.show(
        "night_rows",
        seen=seen,
        step=step_name(WalkLine(line)),
        kind=KINDS[kind],
        when=_begun(clock, seen.night),
        found=found,
        counted=counted,
        is_cut=WalkLine(line) is not WalkLine.OTHER_FIGURE and counted != found.events,
        link=urlencode({name: asked[name] for name in ("line", "kind", "site") if asked.get(name)}),
        is_only_site=len(visit.desk.site_ids) == 1,
        page=page,
        pages=max(1, -(-found.count // _MOST_ROWS)),
        clock=_clock_said(visit, seen, clock),
    )


def _clock_said(visit: Visit, seen: Seen, clock: Clock) -> str:
    is_several = len({site.timezone for site in visit.desk.settings.mindbody.sites}) > 1
    return "each studio's own clock" if seen.site_id is None and is_several else f"the clock of {clock.place}"


def give_night_pdf(visit: Visit) -> Response:
    """Give the two pages of a night."""

    def write(report: Report, path: Path) -> None:
        write_binder(document_of_run(report), path, None)

    return _give(visit, ".pdf", _PDF, write)


def give_night_workbook(visit: Visit) -> Response:
    """Give the workbook of a night."""
    return _give(visit, ".xlsx", _WORKBOOK, write_workbook)


def _give(visit: Visit, suffix: str, kind: str, write: Callable[[Report, Path], object]) -> Response:
    """Give what is made of the report over all studios, to those who review all."""
    seen = see(visit)
    if seen is None or seen.kept is None:
        return not_there(visit)
    with _ONE_AT_A_TIME, TemporaryDirectory() as folder:
        path = Path(folder) / f"night{suffix}"
        write(seen.kept.report, path)
        content = path.read_bytes()
    day = spoken_date(seen.night.started_at.date()).replace(" ", "-")
    headers = {"Content-Disposition": f'attachment; filename="night-{day}{suffix}"'}
    return Response(content, media_type=kind, headers=headers)
