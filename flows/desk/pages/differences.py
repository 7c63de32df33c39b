"""Differences: what is ours and what the service has, in words, narrowed down, and decided about, many at once."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from flows.desk.difference import REASONS, VERBS, difference_to_see, records_to_see
from flows.desk.parts import part_of, parts_of
from flows.desk.seen_periods import Seen, period_name, period_seen
from flows.desk.visit import Visit, go
from flows.people.accounts import ALL_SITES
from flows.reports.wording import BREAKS
from flows.review.break_list import FOR_MANY, overdue_days
from flows.review.breaks import decide_breaks
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import storable
from sql.break_decisions import Verb
from sql.break_pages import Narrowed, RuleParts, breaks_of_ids, count_breaks, page_of_breaks
from transforms.totals.differences import without_reason
from transforms.vocabulary import ReasonCode, Role

_MOST_SHOWN = 50
_MOST_AT_ONCE = 2_000
_LONGEST = 500
_LONGEST_ASKED = 1_000  # a client may have a number of hundreds of digits
_FIELDS = ("kind", "site", "client", "words", "owner", "reason", "older", "overdue", "all", "month", "without")


def show_differences(visit: Visit) -> Response:
    """List what differs, oldest first."""
    desk = visit.desk
    asked = _asked(visit.request.query_params)
    narrowed = _narrowed(visit, asked)
    with desk.ledger.read() as connection:
        counts = count_breaks(connection, narrowed)
        pages = parts_of(counts.count, _MOST_SHOWN)
        page = min(part_of(visit), pages)
        rows = page_of_breaks(connection, narrowed, (page - 1) * _MOST_SHOWN, _MOST_SHOWN)
    period = _period(visit, asked)
    return visit.show(
        "differences",
        asked=asked,
        is_narrowed=any(asked.values()),
        of_period="" if period is None else period_name(period.period),
        link=urlencode({name: value for name, value in asked.items() if value}),
        count=counts.count,
        points=counts.points,
        kinds=list(counts.by_class.items()),
        words={name: word.short for name, word in BREAKS.items()},
        sites=_sites_to_choose(visit),
        rows=[difference_to_see(desk, record) for record in records_to_see(desk, rows)],
        page=page,
        pages=pages,
        may_take_all=counts.count <= _MOST_AT_ONCE and pages > 1,
        verbs=VERBS,
        reasons=REASONS,
    )


def _sites_to_choose(visit: Visit) -> list[tuple[str, str]]:
    site_ids = sites_of(visit) or visit.desk.site_ids
    return [(site_id, visit.desk.site_name(site_id)) for site_id in site_ids if site_id]


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    return {name: storable(given.get(name, "").strip())[:_LONGEST_ASKED] for name in _FIELDS}


def sites_of(visit: Visit) -> Sequence[str] | None:
    """Return where this person looks into differences, "" among them for rewards; None where that is everywhere."""
    if visit.account.may(Role.REVIEWER, ALL_SITES):
        return None
    sites = visit.sites(Role.REVIEWER)
    # Where there is one studio, rewards are its own.
    return [*sites, ALL_SITES] if visit.is_over_all(Role.REVIEWER) else sites


def _narrowed(visit: Visit, asked: Mapping[str, str]) -> Narrowed:
    today = utc_now().date()
    overdue_on, overdue_on_at = overdue_days(visit.desk.settings)
    days = _number(asked["older"])
    # A month has differences that were resolved or gone since, too.
    is_about_open = not asked["all"] and not asked["month"]
    return Narrowed(
        site_ids=sites_of(visit),
        only_open=is_about_open,
        classes=(asked["kind"],) if asked["kind"] in BREAKS else (),
        site_id=asked["site"] or None,
        client_id=asked["client"] or None,
        words=asked["words"],
        owner=asked["owner"] or None,
        reason_code=asked["reason"] if asked["reason"] in set(ReasonCode) else None,
        opened_before_on=None if days is None else today - timedelta(days=days),
        overdue_on=overdue_on if asked["overdue"] else None,
        overdue_on_at=overdue_on_at,
        break_ids=_of_period(visit, asked),
        rules=[RuleParts(**vars(rule)) for rule in visit.desk.settings.reconcile.rules],
        today=today,
    )


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) < 6
    return int(text) if is_number else None


def _period(visit: Visit, asked: Mapping[str, str]) -> Seen | None:
    return period_seen(visit, asked["month"], asked["site"]) if asked["month"] else None


def _of_period(visit: Visit, asked: Mapping[str, str]) -> Sequence[str] | None:
    """Return the differences of a month, or those of them that have no reason yet, by the rule of signing it."""
    if not asked["month"]:
        return None
    seen = _period(visit, asked)
    if seen is None:
        return ()
    found = seen.month.differences
    if asked["without"]:
        found = without_reason(found)
    return [str(break_id) for break_id in found["break_id"]]


def find_theirs(visit: Visit, break_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return of these differences those of this person: of others there is nothing to be seen or changed."""
    sites = sites_of(visit)
    with visit.desk.ledger.read() as connection:
        rows = breaks_of_ids(connection, break_ids)
    if sites is not None:
        rows = [row for row in rows if (row.site_id or ALL_SITES) in sites]
    return records_to_see(visit.desk, rows)


def do_decide(visit: Visit) -> Response:
    """Decide about all that are ticked, or all that are listed, all or none; each has to be one of theirs."""
    form = visit.form
    verb, reason = _verb_and_reason(visit)
    ids = _all_listed(visit, verb) if form.get("which") == "all" else _ticked(visit, verb)
    try:
        decide_breaks(visit.desk.ledger, ids, verb, actor=visit.account.name, reason=reason)
    except WrongUsage:
        # Between the look and the decision somebody may have been faster: then that is what is said.
        _refuse_if_overtaken(visit, ids, verb)
        raise
    if form.get("back") and len(ids) == 1:
        return go(f"/differences/{ids[0]}")
    link = form.get("link")
    return go(f"/differences?{link}" if _is_link(link) else "/differences")


def _verb_and_reason(visit: Visit) -> tuple[Verb, str]:
    """Return what a form decides, and why; `WrongUsage` where it does not say so."""
    form = visit.form
    verb, code, words = form.get("verb"), form.get("code"), storable(form.get("words").strip())
    if verb not in list(Verb) or code not in list(ReasonCode):
        raise WrongUsage("Say what is decided, and why.")
    # "Other" says nothing by itself.
    is_unsaid = code == ReasonCode.OTHER and not words
    if is_unsaid or len(words) > _LONGEST:
        raise WrongUsage(f"Write why, in up to {_LONGEST} signs.")
    return Verb(verb), f"{code}: {words}" if words else code


def _ticked(visit: Visit, verb: Verb) -> list[str]:
    ids = list(dict.fromkeys(visit.form.lists.get("id", ())))
    if not ids:
        raise WrongUsage("Tick the differences first that it is about.")
    _refuse_if_overtaken(visit, ids, verb)
    return ids


def _refuse_if_overtaken(visit: Visit, ids: Sequence[str], verb: Verb) -> None:
    """Refuse what somebody has decided about meanwhile, or what is not theirs."""
    known = {record["id"]: record["state"] for record in find_theirs(visit, ids)}
    states = set(known.values())
    is_over = verb is not Verb.REOPEN and not states <= set(FOR_MANY[Verb.RESOLVE])
    if set(ids) != set(known) or is_over:
        raise WrongUsage("Somebody else was faster: one of them is not open any more. Nothing was changed.")
    if verb is Verb.ACKNOWLEDGE and "acknowledged" in states:
        raise WrongUsage("Somebody works on one of them already. Nothing was changed.")
    if verb is Verb.REOPEN and "open" in states:
        raise WrongUsage("One of them is open already. Nothing was changed.")


def _all_listed(visit: Visit, verb: Verb) -> list[str]:
    """Return all that the list holds which the decision is about; as many as the page said, or none is."""
    given = dict(_pairs(visit.form.get("link")))
    narrowed = _narrowed(visit, _asked(given))
    with visit.desk.ledger.read() as connection:
        count = count_breaks(connection, narrowed).count
        rows = page_of_breaks(connection, narrowed, 0, _MOST_AT_ONCE) if count <= _MOST_AT_ONCE else []
    # Somebody says "all 120": where there are 121 by now, one of them was seen by nobody.
    is_as_shown = str(count) == visit.form.get("count")
    if not is_as_shown or not rows:
        raise WrongUsage("The list is another one by now. Look again, and decide then. Nothing was changed.")
    ids = [row.break_id for row in rows if row.state in FOR_MANY[verb]]
    if not ids:
        raise WrongUsage("None of them waits for that.")
    return ids


def _pairs(link: str) -> list[tuple[str, str]]:
    return parse_qsl(link) if _is_link(link) else []


def _is_link(text: str) -> bool:
    return text.isascii() and text.isprintable() and "//" not in text
