"""A month, or any period: the walk from the sheets to the service, the rows behind each figure, and its signatures."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response

from flows.desk.blocks import TableToSee, table_to_see
from flows.desk.checklist import checklist, in_words
from flows.desk.house_clock import clock_at, house_clock
from flows.desk.line_rows import behind
from flows.desk.since_signed import change_lines
from flows.desk.visit import Visit, go, not_there
from flows.desk.walked import KINDS, Walk, step_name, walk_to_show
from flows.desk.words import for_a_studio
from flows.reports.binder.write import write_binder
from flows.reports.month import Month
from flows.reports.month_document import document_of, headline_of
from flows.reports.month_tables.balances import balances_of_month
from flows.reports.month_tables.beside import beside_the_last
from flows.reports.month_tables.by_name import by_source_of
from flows.reports.month_tables.differences import rolled_differences
from flows.reports.month_tables.lines import proof_of
from flows.reports.workbook.workbook import write_document_workbook
from flows.review.month import look_at_site_alone
from flows.review.sign import code_of, look_at, next_role, sign
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import storable
from transforms.totals.period import Period, month_of, parse_period
from transforms.vocabulary import Role, SignedAs, WalkLine

_YEARS = range(2000, 2100)
_MOST_ROWS = 100
_LONGEST = 300
_ROLES: Mapping[str, str] = {SignedAs.PREPARER: "prepared", SignedAs.APPROVER: "approved"}
_HOLDS: Mapping[str, str] = {
    "holds": "",
    "changed since": "something changed since",
    "replaced by a later one": "a later signature took its place",
}
_PDF = "application/pdf"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A workbook of a year is large: one at a time, or fifty who ask for one would take all memory.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class Seen:
    """A period as this person may see it; ``is_whole`` where it is over everything there is."""

    period: Period
    site_id: str | None
    month: Month
    is_whole: bool

    @property
    def link(self) -> str:
        """Where its page is."""
        return f"/months/{quote(self.period.name)}"

    @property
    def asked(self) -> str:
        """What its pages are asked with, so that they are of the same site."""
        return "" if self.site_id is None else "?" + urlencode({"site": self.site_id})


def find_period(name: str) -> Period | None:
    """Return the period that an address names, None where that is none."""
    period = parse_period(name)
    return period if period is not None and {period.since.year, period.until.year} <= set(_YEARS) else None


def see(visit: Visit) -> Seen | None:
    """Return what this person may see of the period that the address names; None where there is nothing of it."""
    return period_seen(visit, visit.path["period"], visit.request.query_params.get("site", ""))


def period_seen(visit: Visit, name: str, asked: str) -> Seen | None:
    """Return what this person may see of a period, of one site where one is asked for."""
    period = find_period(name)
    own = visit.sites(Role.REVIEWER)
    if period is None or (asked and asked not in own):
        return None
    if visit.is_over_all(Role.REVIEWER):
        return Seen(period, asked or None, collected(visit, period, asked or None), is_whole=True)
    settings, ledger, site_id = visit.desk.settings, visit.desk.ledger, asked or own[0]
    month = visit.desk.months.get(
        ledger, ("alone", period.name, site_id), lambda: look_at_site_alone(settings, ledger, period, site_id)
    )
    return Seen(period, site_id, month, is_whole=False)


def collected(visit: Visit, period: Period, site_id: str | None) -> Month:
    """Return a period for somebody who may see everything."""
    settings, ledger = visit.desk.settings, visit.desk.ledger
    key = ("whole", period.name, site_id or "")
    return visit.desk.months.get(ledger, key, lambda: look_at(settings, ledger, period, site_id))


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
        after=_after(seen.period),
        period_name=period_name,
        walk=desk.months.made_of(month, "walk", lambda: _walk(seen)),
        answers=headline_of(month).answers,
        sites=sites_to_choose(visit),
        clock=_clock(visit, seen),
        unread=[(in_words(row["what"], desk.site_name), row["why"]) for row in month.unread.to_dict("records")],
        signed=_signed(visit, month),
        house=house_clock(visit.desk).place,
        changes=_changes(visit, month) if seen.is_whole else [],
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


def sites_to_choose(visit: Visit) -> list[tuple[str, str]]:
    """Return the sites to choose among, "" for all of them where this person may see all; none where there is one."""
    own = [(site_id, visit.desk.site_name(site_id)) for site_id in visit.sites(Role.REVIEWER) if site_id]
    if len(visit.desk.site_ids) == 1 or (len(own) == 1 and not visit.is_over_all(Role.REVIEWER)):
        return []
    return [("", "all studios"), *own] if visit.is_over_all(Role.REVIEWER) else own


def _clock(visit: Visit, seen: Seen) -> str:
    """Say whose clock the days are by."""
    if seen.site_id is None and len({site.timezone for site in visit.desk.settings.mindbody.sites}) > 1:
        return "each studio's own clock"
    return f"the clock of {clock_at(visit.desk, seen.site_id).place}"


def period_name(period: Period) -> str:
    """Return what people call a period.

    >>> period_name(month_of(date(2026, 9, 3)))
    'September 2026'
    """
    if period == month_of(period.since):
        return f"{period.since:%B %Y}"
    if period.name == f"{period.since:%Y}":
        return period.name
    return f"{day_name(period.since)} to {day_name(period.until)}"


def day_name(day: date) -> str:
    """Return a day as people write it."""
    return f"{day.day} {day:%b %Y}"


def _after(period: Period) -> Period | None:
    """Return the month after a month, once it has begun."""
    if period != month_of(period.since):
        return None
    after = month_of(date.fromordinal(period.until.toordinal() + 1))
    return after if after.since <= utc_now().date() else None


def _signed(visit: Visit, month: Month) -> list[str]:
    clock = house_clock(visit.desk)
    lines = []
    for one in month.signatures:
        name = one["by_name"] if one["by_name"] == one["actor"] else f"{one['by_name']} ({one['actor']})"
        said = f": {one['reason']}" if one["reason"] else ""
        holds = _HOLDS.get(one["holds"], "")
        since = f" ({holds})" if holds else ""
        lines.append(f"{name} {_ROLES[one['role']]} it, {clock.tell_minute(one['at'])}{said}{since}")
    return lines


def _changes(visit: Visit, month: Month) -> Sequence[Any]:
    return change_lines(month.changed, house_clock(visit.desk), visit.desk.site_name)


def show_month_rows(visit: Visit) -> Response:
    """Show the rows behind one figure of the walk, each with its place in the sheet."""
    seen = see(visit)
    asked = visit.request.query_params
    line, kind = asked.get("line", ""), asked.get("kind", "")
    if seen is None or line not in set(WalkLine) or kind not in KINDS:
        return not_there(visit)
    page = page_asked(asked.get("page", ""))
    found = behind(visit.desk, seen.month, WalkLine(line), kind, (page - 1) * _MOST_ROWS, _MOST_ROWS)
    link = urlencode({name: asked[name] for name in ("line", "kind", "site") if asked.get(name)})
    return visit.show(
        "month_rows",
        seen=seen,
        title=period_name(seen.period),
        step=step_name(WalkLine(line)),
        kind=KINDS[kind],
        is_bad=line == WalkLine.NEEDS_FIXING,
        found=found,
        link=link,
        page=page,
        pages=max(1, -(-found.count // _MOST_ROWS)),
        clock=_clock(visit, seen),
    )


def page_asked(text: str) -> int:
    """Return the page that an address asks for, from 1.

    >>> page_asked("3"), page_asked("-1"), page_asked("x"), page_asked("²")
    (3, 1, 1, 1)
    """
    return max(int(text), 1) if re.fullmatch(r"[0-9]{1,8}", text) else 1


def give_month_pdf(visit: Visit) -> Response:
    """Give the two pages for the binder."""

    def write(month: Month, path: Path) -> None:
        write_binder(document_of(month), path, None)

    return _give(visit, ".pdf", _PDF, write)


def give_month_workbook(visit: Visit) -> Response:
    """Give the workbook of a period."""

    def write(month: Month, path: Path) -> None:
        write_document_workbook(document_of(month), path)

    return _give(visit, ".xlsx", _WORKBOOK, write)


def _give(visit: Visit, suffix: str, kind: str, write: Callable[[Month, Path], None]) -> Response:
    seen = see(visit)
    if seen is None:
        return not_there(visit)
    with _ONE_AT_A_TIME, TemporaryDirectory() as folder:
        path = Path(folder) / f"month{suffix}"
        write(seen.month, path)
        content = path.read_bytes()
    # A site's id is any text: in a header it has to be harmless.
    name = re.sub(r"[^\w.-]", "_", f"{seen.month.name}{suffix}", flags=re.ASCII)
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def show_signing(visit: Visit) -> Response:
    """Show what keeps the period from being signed, or let this person sign."""
    period = find_period(visit.path["period"])
    return not_there(visit) if period is None else _signing(visit, period)


def _signing(visit: Visit, period: Period, status: int = 200, told: str = "") -> Response:
    settings = visit.desk.settings
    month = collected(visit, period, None)
    role, why_not = None, ""
    try:
        role = next_role(settings, month, visit.account.name)
    except WrongUsage:
        why_not = _why_not(month)
    return visit.show(
        "signing",
        status,
        told=told,
        seen=Seen(period, None, month, is_whole=True),
        title=period_name(period),
        answers=headline_of(month).answers,
        checks=checklist(month, visit.desk.site_name),
        may_sign=role is not None and not month.in_the_way,
        role=role,
        why_not=why_not,
        code=code_of(month, role) if role is not None else "",
        is_again=bool(month.signatures),
        another_person=settings.sign.another_person,
        signed=_signed(visit, month),
        house=house_clock(visit.desk).place,
        changes=_changes(visit, month),
    )


def _why_not(month: Month) -> str:
    """Say why it is not this person's to sign now."""
    last = month.signatures[-1]
    if last["role"] == SignedAs.APPROVER:
        return "It is signed by both, and nothing changed since. There is nothing left to do."
    return "You prepared it. Somebody else who reviews all studios has to approve it."


def do_sign(visit: Visit) -> Response:
    """Sign what was shown, as who has signed in here."""
    period = find_period(visit.path["period"])
    if period is None:
        return not_there(visit)
    words = storable(visit.form.get("words").strip())
    if len(words) > _LONGEST:
        return _signing(visit, period, 422, f"Write up to {_LONGEST} signs.")
    if not visit.form.get("seen"):
        return _signing(visit, period, 409, "Look at it first, and sign what stands here.")
    name = visit.account.name
    settings, ledger = visit.desk.settings, visit.desk.ledger
    try:
        signed = sign(settings, ledger, period, user=name, by_name=name, reason=words, seen=visit.form.get("seen"))
    except WrongUsage as error:
        return _signing(visit, period, 409, for_a_studio(str(error)))
    if signed.role is None:
        return _signing(visit, period, 409, "Something is in the way now: see below. Nothing was signed.")
    return go(f"/months/{quote(period.name)}/sign")
