"""One difference: what both sides have, what was said and decided, files, whose it is, and what takes it back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row
from starlette.responses import FileResponse, Response

from flows.desk.difference import REASONS, VERBS, difference_to_see, why
from flows.desk.house_clock import house_clocks
from flows.desk.pages.differences import find_theirs
from flows.desk.sheets import harmless_name
from flows.desk.visit import Visit, go, not_there
from flows.desk.words import points_told
from flows.review.attachments import attachment_path, why_not_as_attached
from flows.review.break_list import OPEN
from flows.review.breaks import Attached, break_comments, break_history, comment_break, give_break
from flows.review.clocks import Clock
from flows.review.decide import approve, discard
from flows.review.offset import can_be_offset, offset_of, propose_offset
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import storable
from sql.break_decisions import Verb
from sql.break_pages import breaks_of_ids
from transforms.vocabulary import Action, Role, State

_LONGEST = 2_000
_LONGEST_NAME = 80
_OFFSET_STANDS = {
    State.READY: "It has the OK: the next night posts it.",
    State.SENDING: "It is being posted.",
    State.POSTED: "It was posted.",
    State.UNKNOWN: "It is not sure yet whether it was posted: the next night looks.",
    State.REFUSED: "The service turned it down.",
    State.DISCARDED: "It was left out: nothing was taken back.",
}


@dataclass(frozen=True)
class Said:
    """One thing that was said or decided."""

    when: str
    who: str
    what: str
    file: str = ""
    file_at: str = ""  # where it is to be had
    file_trouble: str = ""


def show_difference(visit: Visit) -> Response:
    """Show one difference, with its history."""
    return _show(visit)


def _show(visit: Visit, status: int = 200, told: str = "") -> Response:
    found = find_theirs(visit, [visit.path["break_id"]])
    if not found:
        return not_there(visit)
    record, desk = found[0], visit.desk
    proposed = offset_of(desk.ledger, record["id"])
    with desk.ledger.read() as connection:
        row = breaks_of_ids(connection, [record["id"]])[0]
    clock = house_clocks(desk).of(record["site_id"])
    return visit.show(
        "difference",
        status,
        told=told,
        one=difference_to_see(desk, record),
        is_open=record["state"] in OPEN,
        given_to=row.given_to or "",
        due_on="" if row.due_on is None else row.due_on.isoformat(),
        most=desk.settings.desk.max_upload_mb,
        today=utc_now().date().isoformat(),
        history=_history(visit, record["id"], clock),
        place=clock.place,
        verbs={verb: said for verb, said in VERBS.items() if _fits(verb, record["state"])},
        reasons=REASONS,
        offset="" if proposed is None else _entry(proposed),
        offset_stands="" if proposed is None else _OFFSET_STANDS.get(State(proposed.state), ""),
        offset_waits=proposed is not None and proposed.state == State.HELD,
        may_ok=proposed is not None and may_let_go(visit, record["site_id"] or "", proposed),
        can_offset=can_be_offset(desk.settings, row._mapping, proposed),
    )


def _fits(verb: Verb, state: str) -> bool:
    is_open = state in OPEN
    if verb is Verb.REOPEN:
        return state != "open"
    return is_open and not (verb is Verb.ACKNOWLEDGE and state == "acknowledged")


def _entry(proposed: Row[Any]) -> str:
    verb = "earned" if proposed.action == Action.EARNED else "redeemed"
    by = "tieout" if proposed.requested_by == "tieout" else proposed.requested_by
    return f"{verb} {points_told(proposed.points)}, to take the extra entry back; proposed by {by}"


def may_let_go(visit: Visit, site_id: str, proposed: Row[Any]) -> bool:
    """Return whether this person may let it go: who gives the OK here, and another one than who asked, where set."""
    is_other = not visit.desk.settings.desk.second_person or proposed.requested_by != visit.account.name
    return visit.account.may(Role.APPROVER, site_id) and is_other


def _history(visit: Visit, break_id: str, clock: Clock) -> Sequence[Said]:
    decided = [
        (one.at, Said(clock.tell_minute(one.at), one.actor, f"{_decided(one.verb)}; {why(one.reason)}"))
        for one in break_history(visit.desk.ledger, break_id)
    ]
    said = [(one.at, _comment(visit, break_id, one, clock)) for one in break_comments(visit.desk.ledger, break_id)]
    return [one for _, one in sorted([*decided, *said], key=_when)]


def _when(pair: tuple[datetime, Said]) -> datetime:
    return pair[0]


def _decided(verb: str) -> str:
    return VERBS[Verb(verb)].lower().replace("i work", "I work") if verb in set(Verb) else verb


def _comment(visit: Visit, break_id: str, row: Row[Any], clock: Clock) -> Said:
    if row.file_sha256 is None:
        return Said(clock.tell_minute(row.at), row.actor, row.comment)
    trouble = why_not_as_attached(visit.desk.settings, row.file_sha256)
    at = f"/differences/{quote(break_id, safe='')}/files/{row.comment_id}"
    return Said(clock.tell_minute(row.at), row.actor, row.comment, row.file_name, "" if trouble else at, trouble)


def do_comment(visit: Visit) -> Response:
    """Keep what this person says, with a file."""
    break_id = visit.path["break_id"]
    if not find_theirs(visit, [break_id]):
        return not_there(visit)
    words, file = storable(visit.form.get("words").strip()), visit.form.file
    if len(words) > _LONGEST:
        return _show(visit, 422, f"Write up to {_LONGEST:,} signs.")
    has_file = file is not None and bool(file.filename)
    if not words and not has_file:
        return _show(visit, 422, "Write something, or choose a file.")
    attached = Attached(harmless_name(file.filename or ""), file.file) if file is not None and has_file else None
    try:
        comment_break(
            visit.desk.settings,
            visit.desk.ledger,
            break_id,
            actor=visit.account.name,
            text=words or "a file",
            file=attached,
        )
    except WrongUsage as error:
        return _show(visit, 422, str(error))
    return go(f"/differences/{break_id}")


def give_file(visit: Visit) -> Response:
    """Give a file that somebody attached, as it was; it is opened by no browser, whatever it holds."""
    break_id, asked = visit.path["break_id"], visit.path["file_id"]
    if not find_theirs(visit, [break_id]) or not re.fullmatch(r"[0-9]{1,9}", asked):
        return not_there(visit)
    found = [one for one in break_comments(visit.desk.ledger, break_id) if one.comment_id == int(asked)]
    if not found or found[0].file_sha256 is None:
        return not_there(visit)
    settings, sha256 = visit.desk.settings, found[0].file_sha256
    if why_not_as_attached(settings, sha256):
        return visit.show("trouble", 410, title="The file is not what it was", told="It was changed, or it is gone.")
    path: Path = attachment_path(settings, sha256)
    # By a type that nothing opens by itself, and as a download: a page of somebody else's must not act as one of ours.
    name = quote(harmless_name(found[0].file_name), safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


def do_give(visit: Visit) -> Response:
    """Let the difference be somebody's, until a day."""
    break_id = visit.path["break_id"]
    found = find_theirs(visit, [break_id])
    if not found:
        return not_there(visit)
    if found[0]["state"] not in OPEN:
        raise WrongUsage("It is not open any more, so nobody has to look at it.")
    name, day = storable(visit.form.get("to").strip()), visit.form.get("due").strip()
    if len(name) > _LONGEST_NAME:
        return _show(visit, 422, f"A name has up to {_LONGEST_NAME} signs.")
    try:
        due_on = date.fromisoformat(day) if day else None
    except ValueError:
        return _show(visit, 422, "Write the day as 2026-12-31, or leave it empty.")
    give_break(visit.desk.ledger, break_id, actor=visit.account.name, to=name, due_on=due_on)
    return go(f"/differences/{break_id}")


def do_propose(visit: Visit) -> Response:
    """Propose the entry that takes the extra one back; nothing is posted before somebody gives the OK."""
    break_id = visit.path["break_id"]
    if not find_theirs(visit, [break_id]):
        return not_there(visit)
    words = storable(visit.form.get("words").strip())[:_LONGEST]
    if not words:
        return _show(visit, 422, "Say why, for whoever asks later.")
    propose_offset(visit.desk.settings, visit.desk.ledger, break_id, by=visit.account.name, reason=words)
    return go(f"/differences/{break_id}")


def do_offset(visit: Visit) -> Response:
    """Let what was proposed be posted by the next night, or leave it out: who gives the OK at its studio."""
    break_id = visit.path["break_id"]
    with visit.desk.ledger.read() as connection:
        found = breaks_of_ids(connection, [break_id])
    # Where somebody may not even look there is nothing.
    if not found or not visit.account.may(Role.VIEWER, found[0].site_id or ""):
        return not_there(visit)
    proposed = offset_of(visit.desk.ledger, break_id)
    if proposed is None or proposed.state != State.HELD:
        raise WrongUsage("Somebody else has decided about that.")
    if not may_let_go(visit, found[0].site_id or "", proposed):
        raise WrongUsage("Somebody else has to give the OK to that.")
    settings, ledger, by = visit.desk.settings, visit.desk.ledger, visit.account.name
    if visit.form.get("decision") == "ok":
        approve(settings, ledger, proposed.event_id, by, "at its difference, at the desk")
    else:
        discard(settings, ledger, proposed.event_id, by, "left out at its difference, at the desk")
    return go("/waiting" if visit.form.get("back") == "waiting" else f"/differences/{break_id}")
