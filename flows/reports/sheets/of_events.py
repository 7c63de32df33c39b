"""Events by what has become of them: posted, refused, waiting, not posted, under watch."""

import pandas as pd

from flows.reports.report import Report, rows
from flows.reports.sheets.columns import (
    EVENT,
    OF_EVENT,
    ORIGIN,
    PLACE,
    action_at,
    in_order,
    local,
    split_points,
    with_local,
)
from flows.reports.table import Block, Column
from flows.reports.values import Show
from flows.reports.wording import RETRY, WAITING


def unknown_and_held(report: Report) -> Block:
    """Return every event that waits, with the command that decides it."""
    frame = in_order(rows(report, "waiting"), "state", "since", "event_id")
    frame = with_local(report, split_points(frame), "action_at", "since")
    states_and_ids = zip(frame["state"], frame["event_id"], strict=True)
    frame["command"] = [_command(state, event_id) for state, event_id in states_and_ids]
    return Block(
        name="Unknown and held",
        scope="all that waits, of this run and of earlier ones",
        note=(
            "Held: it waits for a person's OK. Unknown: the answer was lost. "
            "Why stands beside each, and nothing is sent before it is decided."
        ),
        empty="Nothing is held, and no answer was lost.",
        columns=(
            Column("state", "State", Show.TEXT, 10),
            Column("reason", "Why", Show.TEXT, 30),
            Column("command", "What to do", Show.TEXT, 42),
            *OF_EVENT,
            *action_at(report),
            local(report, "since_local", "Waits since"),
            *PLACE,  # the command names the event
        ),
        frame=frame,
    )


def posted(report: Report) -> Block:
    """Return every event that the run posted."""
    return Block(
        name="Posted",
        scope="the events of this run, and those it carried in and posted",
        note="One line per event that the service confirmed, or that reading back showed.",
        empty="Nothing was posted.",
        columns=(
            *OF_EVENT,
            Column("source", "Source", Show.TEXT, 19),
            Column("source_id", "Source id", Show.ID, 24),
            *action_at(report),
            local(report, "posted_local", "Posted at"),
            *PLACE,
            ORIGIN,
            EVENT,
        ),
        frame=with_local(report, split_points(rows(report, "posted")), "action_at", "posted_at"),
    )


def refused(report: Report) -> Block:
    """Return every event that was turned down, with the command that lets it be tried again."""
    frame = split_points(in_order(rows(report, "refused"), "file", "sheet", "+row", "event_id"))
    frame["command"] = [RETRY.format(id=event_id) for event_id in frame["event_id"]]
    return Block(
        name="Refused",
        scope="the events of this run, and those it carried in",
        note=(
            "The service said no, and nothing took effect. Correct the row and send the sheet again; "
            "where the cause is gone, let it be tried again as it is."
        ),
        empty="The service refused nothing.",
        columns=(
            Column("message", "What the service said", Show.TEXT, 50),
            Column("code", "Its code", Show.TEXT, 28),
            Column("command", "Once the cause is gone", Show.TEXT, 42),
            *OF_EVENT,
            *PLACE,  # the command names the event
            ORIGIN,
        ),
        frame=frame,
    )


def not_posted(report: Report) -> Block:
    """Return every event that is neither posted nor refused."""
    frame = split_points(in_order(rows(report, "not_posted"), "state", "file", "sheet", "+row", "event_id"))
    return Block(
        name="Not posted",
        scope="the events of this run, and those it carried in, that are neither posted nor refused",
        note="Ready: the next run sends it by itself. What is held or unknown waits: see Unknown and held.",
        empty="Every event was posted or refused.",
        columns=(
            Column("state", "State", Show.TEXT, 12),
            Column("reason", "Why", Show.TEXT, 44),
            *OF_EVENT,
            *action_at(report),
            *PLACE,
            ORIGIN,
            EVENT,
        ),
        frame=with_local(report, frame, "action_at"),
    )


def under_watch(report: Report) -> Block:
    """Return every event of which a late request may still take effect."""
    return Block(
        name="Under watch",
        scope="events of any run",
        note=(
            "Two or more requests of each may have left, and a late one may still take effect: every night looks "
            "again, until one begins after the time that is named. What is there twice opens a break by itself."
        ),
        empty="Nothing: of no event a second request may have left of late.",
        columns=(
            local(report, "watched_until_local", "Watched until"),
            Column("requests", "Requests", Show.COUNT, 10),
            Column("state", "State", Show.TEXT, 10),
            *OF_EVENT,
            *action_at(report),
            *PLACE,
            EVENT,
        ),
        frame=_watched_frame(report),
    )


def _watched_frame(report: Report) -> pd.DataFrame:
    frame = split_points(in_order(rows(report, "watched"), "watched_until_at", "event_id"))
    return with_local(report, frame, "watched_until_at", "action_at")


def _command(state: object, event_id: object) -> str:
    command = WAITING.get(str(state), "tieout trace {id}")
    shown_id = "ID" if pd.isna(event_id) else event_id  # type: ignore[call-overload]
    return command.format(id=shown_id)
