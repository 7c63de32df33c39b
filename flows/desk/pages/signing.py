"""Signing a period: what is in the way of it, who signed, and the signature of who has signed in here."""

from urllib.parse import quote

from starlette.responses import Response

from flows.desk.checklist import checklist
from flows.desk.house_clock import house_clock
from flows.desk.seen_periods import Seen, collected, find_period, period_name
from flows.desk.since_signed import changes_of, signed_lines
from flows.desk.visit import Visit, go, not_there
from flows.desk.words import for_a_studio
from flows.reports.month import Month
from flows.reports.month_document import headline_of
from flows.review.sign import code_of, next_role, sign
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import storable
from transforms.totals.period import Period
from transforms.vocabulary import SignedAs

_LONGEST = 300


def show_signing(visit: Visit) -> Response:
    """Show what keeps the period from being signed, or let this person sign."""
    period = find_period(visit.path["period"])
    return not_there(visit) if period is None else _show(visit, period)


def _show(visit: Visit, period: Period, status: int = 200, told: str = "") -> Response:
    settings, desk = visit.desk.settings, visit.desk
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
        checks=checklist(month, desk.site_name),
        may_sign=role is not None and not month.in_the_way,
        role=role,
        why_not=why_not,
        # A signature is of exactly what is shown here, and of nothing that comes to it meanwhile.
        code=code_of(month, role) if role is not None else "",
        is_again=bool(month.signatures),
        another_person=settings.sign.another_person,
        signed=signed_lines(desk, month),
        house=house_clock(desk).place,
        changes=changes_of(desk, month),
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
    words, seen = storable(visit.form.get("words").strip()), visit.form.get("seen")
    if len(words) > _LONGEST:
        return _show(visit, period, 422, f"Write up to {_LONGEST} signs.")
    if not seen:
        return _show(visit, period, 409, "Look at it first, and sign what stands here.")
    name, desk = visit.account.name, visit.desk
    try:
        signed = sign(desk.settings, desk.ledger, period, user=name, by_name=name, reason=words, seen=seen)
    except WrongUsage as error:
        return _show(visit, period, 409, for_a_studio(str(error)))
    if signed.role is None:
        return _show(visit, period, 409, "Something is in the way now: see below. Nothing was signed.")
    return go(f"/months/{quote(period.name)}/sign")
