"""What somebody may see of a night: of everything there is, or of one studio alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import pandas as pd

from flows.desk.calendar import is_at, night_from
from flows.desk.checklist import in_words
from flows.desk.kept_nights import KeptNight
from flows.desk.visit import Visit
from flows.desk.walked import Walk, walk_to_show
from flows.desk.words import for_a_studio, points_told
from flows.reports.open_breaks import open_differences
from flows.reports.report import Report, rows
from flows.reports.unread import unread_in
from flows.reports.verdict import Answer, headline
from flows.runtime.errors import CouldNotRun
from sql.nights import night_of
from transforms.destinations import NotRead
from transforms.nights import Night
from transforms.totals.agreement import agrees
from transforms.totals.walk_steps import summed
from transforms.vocabulary import AT_A_SERVICE, Role, WalkLine


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
    everything = None if visit.is_over_all(Role.REVIEWER) else own[0]
    night, site_id = night_from(row), asked or everything
    try:
        return Seen(night, site_id, desk.nights.get(desk.settings, desk.ledger, row.run_id), "")
    except CouldNotRun as error:
        return Seen(night, site_id, None, _why_not(error))


def _why_not(error: CouldNotRun) -> str:
    said = str(error)
    if "was changed or is damaged" in said:
        return (
            "What was kept of this night is not what it was: somebody, or the disk, changed it. No figures are shown."
        )
    if "keeping house removed it" in said:
        return "Its figures were removed when they had grown old, as the settings say. The months keep theirs."
    return "Of this night no figures were kept."


def answers_of(seen: Seen) -> Sequence[Answer]:
    """Return the sentences on a night, of one studio what is about that alone; none without a report."""
    if seen.kept is None:
        return ()
    report = seen.kept.report
    if seen.site_id is None:
        return headline(report).answers
    return (_services(report, seen.site_id), _read(report, seen.site_id))


def _services(report: Report, site_id: str) -> Answer:
    """Say of one studio alone whether the service agreed as the night ended, by the rule of the whole night."""
    found = _differences_at(report, site_id)
    count = len(found)
    if count:
        points = sum(int(points) for points in found["points"].dropna())
        what = "1 difference was" if count == 1 else f"{count:,} differences were"
        return Answer("bad", f"The service did not agree, by {points_told(points)}: {what} open as the night ended.")
    walked = walk_at(report, site_id)
    not_compared = summed(walked, WalkLine.NOT_COMPARED, "events")
    unread_count = sum(one.kind in AT_A_SERVICE for one in _unread_at(report, site_id))
    if agrees(found, walked, uncompared_count=not_compared, unread_count=unread_count):
        return Answer("good", "The service agreed with all that was posted and looked at.")
    return Answer("wait", "Nobody could say as the night ended whether the service agrees.")


def _differences_at(report: Report, site_id: str) -> pd.DataFrame:
    found = open_differences(report)
    # A frame without rows may lack the column, and a break of a reward has no site.
    return found[found["site_id"].fillna("").eq(site_id)] if len(found) else found


def _read(report: Report, site_id: str) -> Answer:
    count = len(_unread_at(report, site_id))
    if not count:
        return Answer("good", "Nothing was left unread.")
    what = "1 thing was" if count == 1 else f"{count:,} things were"
    return Answer("wait", f"{what} not read, and nobody may conclude about it.")


def _unread_at(report: Report, site_id: str) -> list[NotRead]:
    return [one for one in unread_in(rows(report, "not_read")) if is_at(one, site_id)]


def walk_at(report: Report, site_id: str | None) -> pd.DataFrame:
    """Return the walk of a night, of one studio where one is named."""
    walked = rows(report, "walk")
    return walked if site_id is None else walked[walked["site_id"].fillna("").eq(site_id)]


def walk_of(seen: Seen) -> Walk | None:
    """Return the walk to show, whose figures lead to their rows; None without a report."""
    if seen.kept is None:
        return None
    # Of what an earlier night compared this one kept no rows.
    led = [line for line in WalkLine if line is not WalkLine.COMPARED_BEFORE]
    return walk_to_show(walk_at(seen.kept.report, seen.site_id), f"{seen.link}/rows", seen.site_id, led)


def unread_of(visit: Visit, seen: Seen) -> list[tuple[str, str]]:
    """Return what a night could not read, and why: of one studio what may be of that."""
    if seen.kept is None:
        return []
    told = unread_in(rows(seen.kept.report, "not_read"))
    if seen.site_id is None:
        return [_in_full(visit, one) for one in told]
    of_site = [one for one in told if is_at(one, seen.site_id)]
    if visit.is_over_all(Role.REVIEWER):
        return [_in_full(visit, one) for one in of_site]
    return [_told_to_one_studio(visit, one, seen.site_id) for one in of_site]


def _in_full(visit: Visit, one: NotRead) -> tuple[str, str]:
    return in_words(one, visit.desk.site_name), for_a_studio(one.why)


def _told_to_one_studio(visit: Visit, one: NotRead, site_id: str) -> tuple[str, str]:
    if one.site_id == site_id:
        return _in_full(visit, one)
    # The name of a sheet, and what is in the way of reading it, may tell of another studio.
    return "a sheet", "it could not be read, and nobody knows whose rows it holds"
