"""The first page: drop a sheet, take a blank one, and what became of the last ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.responses import Response

from flows.desk.became import Became, Count, became
from flows.desk.parts import part_of
from flows.desk.sheets import DeskSheet, newest_sheets, take_sheet
from flows.desk.visit import Desk, Visit, go
from flows.intake.blank_workbook import write_blank_of
from flows.review.clocks import clocks_of
from flows.runtime.errors import WrongUsage
from transforms.vocabulary import Role, Stage

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STAGES: Mapping[Stage, tuple[str, str]] = {
    Stage.OPEN: ("not posted yet", "wait"),
    Stage.POSTING: ("posting now", "wait"),
    Stage.WAITING: ("waiting for OK", "wait"),
    Stage.STUCK: ("stopped", "bad"),
    Stage.DONE: ("done", "good"),
    Stage.DROPPED: ("dropped", "wait"),
}


@dataclass(frozen=True)
class Line:
    """One sheet of the list."""

    sheet: DeskSheet
    state: str
    tone: str
    when: str
    counts: Sequence[Count]
    can_undo: bool


def show_home(visit: Visit) -> Response:
    """Show where to drop a sheet, and the last ones."""
    desk = visit.desk
    seen = visit.account.sites(Role.VIEWER, desk.site_ids)
    asked = visit.request.query_params.get("site", "")
    site_id = asked if asked in seen else seen[0]
    part = part_of(visit)
    sheets, has_older = newest_sheets(desk, site_id, part)
    with_became = zip(sheets, became(desk, sheets), strict=True)
    return visit.show(
        "home",
        site_id=site_id,
        site_name=desk.site_name(site_id),
        sites=[(one, desk.site_name(one)) for one in seen],
        may_send=visit.account.may(Role.UPLOADER, site_id),
        lines=[_line(desk, sheet, of_sheet) for sheet, of_sheet in with_became],
        part=part,
        has_older=has_older,
        most=desk.settings.desk.max_upload_mb,
    )


def _line(desk: Desk, sheet: DeskSheet, became: Became) -> Line:
    state, tone = _STAGES[sheet.stage]
    if sheet.stage is Stage.DONE and became.needs_a_look:
        state, tone = "needs a look", "wait"
    is_over = sheet.stage in (Stage.DONE, Stage.STUCK)
    clock = clocks_of(desk.settings).of(sheet.site_id)
    return Line(
        sheet=sheet,
        state=state,
        tone=tone,
        when=clock.tell_minute(sheet.uploaded_at.replace(second=0)),
        counts=became.counts,
        can_undo=is_over and became.can_undo,
    )


def do_upload(visit: Visit) -> Response:
    """Take a sheet in, and show how it is read."""
    site_id = visit.form.get("site")
    if site_id not in visit.account.sites(Role.UPLOADER, visit.desk.site_ids):
        return visit.show("trouble", 403, title="That is not yours to do", told="Choose a studio of yours.")
    sent = visit.form.file
    if sent is None or not sent.filename:
        raise WrongUsage("Choose a sheet first, then send it.")
    sheet_id = take_sheet(visit.desk, sent.file, sent.filename, site_id, visit.account.name)
    return go(f"/sheets/{sheet_id}")


def give_blank(visit: Visit) -> Response:
    """Hand out a blank sheet, whose headings leave nothing open."""
    desk = visit.desk
    site_id = visit.request.query_params.get("site", "")
    if site_id not in visit.account.sites(Role.VIEWER, desk.site_ids):
        site_id = visit.account.sites(Role.VIEWER, desk.site_ids)[0]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rewards.xlsx"
        # Of rewards alone there are no sites.
        write_blank_of(path, desk.settings, site_id or None)
        content = path.read_bytes()
    return attached(content, "points-sheet.xlsx")


def attached(content: bytes, name: str) -> Response:
    """Return a workbook to save; its name is one of ours, or harmless."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    headers = {"Content-Disposition": f'attachment; filename="{plain}"'}
    return Response(content, media_type=_WORKBOOK, headers=headers)
