"""One difference: what both sides have, what was said and decided, files, whose it is, and what takes it back."""

import re
from collections.abc import Mapping, Sequence
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
    with desk.ledger.read() as connection:
        row = breaks_of_ids(connection, [record["id"]])[0]
    proposed = offset_of(desk.ledger, record["id"])
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
        history=_history(visit, record["id"], clock),
        place=clock.place,
        verbs={verb: said for verb, said in VERBS.items() if _fits(verb, record["state"])},
        reasons=REASONS,
        can_offset=can_be_offset(desk.settings, row._mapping, proposed),
        **_offset_to_see(visit, record, proposed),
    )


def _offset_to_see(visit: Visit, record: Mapping[str, Any], proposed: Row[Any] | None) -> dict[str, Any]:
    """Return what a page shows of the entry that is proposed to take the extra one back, and who may let it go."""
    if proposed is None:
        return {"offset": "", "offset_stands": "", "offset_waits": False, "may_ok": False}
    return {
        "offset": _entry(proposed),
        "offset_stands": _OFFSET_STANDS.get(State(proposed.state), ""),
        "offset_waits": proposed.state == State.HELD,
        "may_ok": may_let_go(visit, record["site_id"] or "", proposed),
    }


def _fits(verb: Verb, state: str) -> bool:
    if verb is Verb.REOPEN:
        return state != "open"
    if verb is Verb.ACKNOWLEDGE and state == "acknowledged":
        return False
    return state in OPEN


def _entry(proposed: Row[Any]) -> str:
    verb = "earned" if proposed.action == Action.EARNED else "redeemed"
    return f"{verb} {points_told(proposed.points)}, to take the extra entry back; proposed by {proposed.requested_by}"


def may_let_go(visit: Visit, site_id: str, proposed: Row[Any]) -> bool:
    """Return whether this person may let it go: who gives the OK here, and another one than who asked, where set."""
    needs_another = visit.desk.settings.desk.second_person
    is_their_own = proposed.requested_by == visit.account.name
    if needs_another and is_their_own:
        return False
    return visit.account.may(Role.APPROVER, site_id)


def _history(visit: Visit, break_id: str, clock: Clock) -> Sequence[Said]:
    """Return what was decided and what was said, in the order in which it was."""
    ledger = visit.desk.ledger
    told = [(one.at, _decision(one, clock)) for one in break_history(ledger, break_id)]
    told += [(one.at, _comment(visit, break_id, one, clock)) for one in break_comments(ledger, break_id)]
    return [said for _, said in sorted(told, key=_when)]


def _decision(row: Row[Any], clock: Clock) -> Said:
    return Said(clock.tell_minute(row.at), row.actor, f"{_decided(row.verb)}; {why(row.reason)}")


def _when(pair: tuple[datetime, Said]) -> datetime:
    return pair[0]


def _decided(verb: str) -> str:
    if verb not in set(Verb):
        return verb
    return VERBS[Verb(verb)].lower().replace("i work", "I work")


def _comment(visit: Visit, break_id: str, row: Row[Any], clock: Clock) -> Said:
    when = clock.tell_minute(row.at)
    if row.file_sha256 is None:
        return Said(when, row.actor, row.comment)
    trouble = why_not_as_attached(visit.desk.settings, row.file_sha256)
    file_at = f"/differences/{quote(break_id, safe='')}/files/{row.comment_id}"
    return Said(
        when=when,
        who=row.actor,
        what=row.comment,
        file=row.file_name,
        # What is not as it was attached is not given out.
        file_at="" if trouble else file_at,
        file_trouble=trouble,
    )


def do_comment(visit: Visit) -> Response:
    """Keep what this person says, with a file."""
    break_id = visit.path["break_id"]
    if not find_theirs(visit, [break_id]):
        return not_there(visit)
    words = storable(visit.form.get("words").strip())
    if len(words) > _LONGEST:
        return _show(visit, 422, f"Write up to {_LONGEST:,} signs.")
    attached = _attached(visit)
    if not words and attached is None:
        return _show(visit, 422, "Write something, or choose a file.")
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


def _attached(visit: Visit) -> Attached | None:
    file = visit.form.file
    # A browser sends a nameless part where nobody chose a file.
    if file is None or not file.filename:
        return None
    return Attached(harmless_name(file.filename), file.file)


def give_file(visit: Visit) -> Response:
    """Give a file that somebody attached, as it was; it is opened by no browser, whatever it holds."""
    break_id, asked = visit.path["break_id"], visit.path["file_id"]
    if not find_theirs(visit, [break_id]) or not re.fullmatch(r"[0-9]{1,9}", asked):
        return not_there(visit)
    comment = _comment_with_file(visit, break_id, int(asked))
    if comment is None:
        return not_there(visit)
    settings, sha256 = visit.desk.settings, comment.file_sha256
    if why_not_as_attached(settings, sha256):
        return visit.show("trouble", 410, title="The file is not what it was", told="It was changed, or it is gone.")
    path: Path = attachment_path(settings, sha256)
    # By a type that nothing opens by itself, and as a download: a page of somebody else's must not act as one of ours.
    name = quote(harmless_name(comment.file_name), safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


def _comment_with_file(visit: Visit, break_id: str, comment_id: int) -> Row[Any] | None:
    for comment in break_comments(visit.desk.ledger, break_id):
        if comment.comment_id == comment_id and comment.file_sha256 is not None:
            return comment
    return None


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
    desk, by = visit.desk, visit.account.name
    with desk.ledger.read() as connection:
        found = breaks_of_ids(connection, [break_id])
    # Where somebody may not even look there is nothing.
    if not found or not visit.account.may(Role.VIEWER, found[0].site_id or ""):
        return not_there(visit)
    proposed = offset_of(desk.ledger, break_id)
    if proposed is None or proposed.state != State.HELD:
        raise WrongUsage("Somebody else has decided about that.")
    if not may_let_go(visit, found[0].site_id or "", proposed):
        raise WrongUsage("Somebody else has to give the OK to that.")
    if visit.form.get("decision") == "ok":
        approve(desk.settings, desk.ledger, proposed.event_id, by, "at its difference, at the desk")
    else:
        why_not = "left out at its difference, at the desk"
        discard(desk.settings, desk.ledger, proposed.event_id, by, why_not, waits_still=True)
    is_from_waiting = visit.form.get("back") == "waiting"
    return go("/waiting" if is_from_waiting else f"/differences/{break_id}")
