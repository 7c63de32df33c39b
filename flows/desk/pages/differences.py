"""Differences: what is ours and what the service has, in words, narrowed down, and decided about, many at once."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from flows.desk.visit import Visit, go
from flows.desk.words import for_a_studio
from flows.people.accounts import ALL_SITES
from flows.reports.wording import BREAKS
from flows.review.break_list import OPEN, Wanted, list_breaks
from flows.review.breaks import break_history, decide_breaks
from flows.review.clocks import Clocks, clocks_of
from flows.runtime.errors import WrongUsage
from sql.break_decisions import Verb
from transforms.vocabulary import ReasonCode, Role, Target

_MOST_SHOWN = 50
_LONGEST = 500
_STATES = {"open": "open", "acknowledged": "somebody works on it", "resolved": "explained", "closed": "gone by itself"}
_VERBS = {Verb.ACKNOWLEDGE: "I work on it", Verb.RESOLVE: "It is explained", Verb.REOPEN: "Open it again"}
_REASONS: Mapping[ReasonCode, str] = {
    ReasonCode.ACCEPTED_DIFFERENCE: "known, and not worth correcting",
    ReasonCode.CORRECTED_AT_SERVICE: "put right at the service by hand",
    ReasonCode.DUPLICATE_OF_OTHER: "another difference is about the same",
    ReasonCode.ENTERED_BY_HAND: "somebody's own entry, and meant",
    ReasonCode.MISTAKE: "a mistake in the sheet, or of an earlier decision",
    ReasonCode.SERVICE_ERROR: "the service has it wrong",
    ReasonCode.TIMING: "it comes, or came, with another night",
    ReasonCode.OTHER: "as I write here",
}
_UTC_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) UTC\b")
_FIELDS = ("kind", "site", "client", "owner", "older", "all")


@dataclass(frozen=True)
class Difference:
    """One difference, as a person reads it."""

    break_id: str
    what: str
    whose: str
    ours: str
    theirs: str
    by_how_much: str
    since: str
    state: str
    owner: str
    told: str
    to_do: str


def show_differences(visit: Visit) -> Response:
    """List what differs, oldest first."""
    return _list(visit)


def _list(visit: Visit, status: int = 200, told: str = "") -> Response:
    asked = {name: visit.request.query_params.get(name, "").strip() for name in _FIELDS}
    found = _wanted(visit, asked)
    pages = max(1, -(-len(found) // _MOST_SHOWN))
    typed = visit.request.query_params.get("page", "1")
    page = min(max(int(typed) if typed.isdecimal() and len(typed) < 9 else 1, 1), pages)
    shown = found[(page - 1) * _MOST_SHOWN : page * _MOST_SHOWN]
    kept = {name: value for name, value in asked.items() if value}
    return visit.show(
        "differences",
        status,
        told=told,
        asked=asked,
        link=urlencode(kept),
        count=len(found),
        points=sum(record["points"] or 0 for record in found),
        kinds=Counter(record["class"] for record in found).most_common(),
        words={name: word.short for name, word in BREAKS.items()},
        sites=[(site_id, visit.desk.site_name(site_id)) for site_id in _sites(visit) if site_id],
        rows=[_difference(visit, record) for record in shown],
        page=page,
        pages=pages,
        verbs=_VERBS,
        reasons=_REASONS,
    )


def _sites(visit: Visit) -> list[str]:
    """Return where this person looks into differences; rewards, which are of no site, where they do so at all sites."""
    sites = visit.account.sites(Role.REVIEWER, visit.desk.site_ids)
    of_rewards = visit.account.may(Role.REVIEWER, ALL_SITES) or len(sites) == len(visit.desk.site_ids) == 1
    return [*sites, ALL_SITES] if of_rewards and ALL_SITES not in sites else sites


def _wanted(visit: Visit, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    days = asked["older"]
    wanted = Wanted(
        classes=(asked["kind"],) if asked["kind"] in BREAKS else (),
        site_id=asked["site"] or None,
        client_id=asked["client"] or None,
        owner=asked["owner"] or None,
        older_than=int(days) if days.isdecimal() and len(days) < 6 else None,
    )
    return _theirs(visit, wanted, only_open=not asked["all"])


def _theirs(visit: Visit, wanted: Wanted, *, only_open: bool) -> list[dict[str, Any]]:
    """Return the differences at the sites of this person: of others there is nothing to be seen or changed."""
    sites = set(_sites(visit))
    with visit.desk.ledger.read() as connection:
        records = list_breaks(connection, visit.desk.settings, wanted, only_open=only_open)
    return [record for record in records if (record["site_id"] or ALL_SITES) in sites]


def _difference(visit: Visit, record: Mapping[str, Any]) -> Difference:
    word = BREAKS[record["class"]]
    ours, theirs, by_how_much = _sides(record)
    is_reward = record["target"] == Target.REFERRAL_ROCK
    where = "" if is_reward or len(visit.desk.site_ids) == 1 else f", {visit.desk.site_name(record['site_id'] or '')}"
    day = record["opened_on"]
    return Difference(
        break_id=record["id"],
        what=word.short,
        whose=("a reward" if is_reward else f"client {record['client_id']}") + where,
        ours=ours,
        theirs=theirs,
        by_how_much=by_how_much,
        since=f"{day.day} {day:%b %Y}",
        state=_STATES.get(record["state"], record["state"]),
        owner=record["owner"] or record["assigned_to"] or "",
        told=_by_clock(
            for_a_studio(record["detail"] or word.meaning), clocks_of(visit.desk.settings), record["site_id"]
        ),
        to_do=for_a_studio(word.next_step) if record["state"] in OPEN else "",
    )


def _by_clock(text: str, clocks: Clocks, site_id: str | None) -> str:
    """Tell the times in a text by the studio's own clock; rewards have no studio, and keep theirs."""
    if not site_id:
        return text
    clock = clocks.of(site_id)
    return _UTC_TIME.sub(lambda found: clock.tell_minute(datetime.fromisoformat(found[1] + "+00:00")), text)


def _sides(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what we have, what the service has, and theirs less ours; a side that nobody could read says so."""
    sides = ("points_ledger", "points_service") if record["points"] is not None else ("amount_ledger", "amount_service")
    ours, theirs = (record[side] for side in sides)
    shown = [
        "not there" if side is None else f"{side:,}" if isinstance(side, int) else str(side) for side in (ours, theirs)
    ]
    if isinstance(ours, int) or isinstance(theirs, int):
        return shown[0], shown[1], f"{(theirs or 0) - (ours or 0):+,}"
    return shown[0], shown[1], ""


def do_decide(visit: Visit) -> Response:
    """Decide about all that are ticked, all or none; each has to be one of theirs."""
    verb, code, words = visit.form.get("verb"), visit.form.get("code"), visit.form.get("words").strip()
    ids = list(dict.fromkeys(visit.form.lists.get("id", ())))
    known = {record["id"] for record in _theirs(visit, Wanted(), only_open=verb != Verb.REOPEN)}
    if not ids:
        raise WrongUsage("Tick the differences first that it is about.")
    if verb not in list(Verb) or code not in list(ReasonCode):
        raise WrongUsage("Say what is decided, and why.")
    if not set(ids) <= known:
        raise WrongUsage("Somebody else was faster: one of them is not open any more. Nothing was changed.")
    if len(words) > _LONGEST or (code == ReasonCode.OTHER and not words):
        raise WrongUsage(f"Write why, in up to {_LONGEST} signs.")
    reason = f"{code}: {words}" if words else code
    decide_breaks(visit.desk.ledger, ids, Verb(verb), actor=visit.account.name, reason=reason)
    return go(f"/differences?{visit.form.get('link')}" if _is_link(visit.form.get("link")) else "/differences")


def _is_link(text: str) -> bool:
    return text.isascii() and text.isprintable() and "//" not in text


def show_difference(visit: Visit) -> Response:
    """Show one difference, and what was decided about it."""
    break_id = visit.path["break_id"]
    found: Sequence[dict[str, Any]] = [
        record for record in _theirs(visit, Wanted(), only_open=False) if record["id"] == break_id
    ]
    if not found:
        return visit.show("trouble", 404, title="There is nothing here", told="The list has all that is.")
    clock = clocks_of(visit.desk.settings).of(found[0]["site_id"])
    decisions = [
        (clock.tell_minute(one.at), one.actor, _VERBS.get(Verb(one.verb), one.verb), _why(one.reason))
        for one in break_history(visit.desk.ledger, break_id)
    ]
    return visit.show("difference", one=_difference(visit, found[0]), decisions=decisions)


def _why(reason: str) -> str:
    code, colon, words = reason.partition(":")
    said = _REASONS.get(ReasonCode(code)) if code in list(ReasonCode) else None
    if said is None:
        return reason
    return f"{said}: {words.strip()}" if colon else said
