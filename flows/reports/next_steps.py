"""What waits after a run, how often, what to do about it and the command to type; most urgent first."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from flows.reports.once import once
from flows.reports.open_breaks import is_open, open_differences
from flows.reports.report import Report, count, rows
from flows.reports.wording import RETRY
from flows.runtime.visible import visible
from transforms.vocabulary import Outcome, RunKind, State


@dataclass(frozen=True)
class NextStep:
    """One thing that waits, how often, what to do, and the command to type; `sheet` is where the rows are."""

    what: str
    how_many: int
    advice: str
    command: str
    sheet: str
    for_a_person: bool = True


@once
def next_steps(report: Report) -> list[NextStep]:
    """Return what waits, most urgent first; an empty list means that nobody has to do anything."""
    steps = [
        _correct_rejected_rows(report),
        _decide_held_events(report),
        _look_into_refused_events(report),
        _settle_unknown_events(report),
        _review_open_breaks(report),
        _read_what_was_not(report),
        _leave_pending_events(report),
    ]
    return [step for step in steps if step.how_many]


def _correct_rejected_rows(report: Report) -> NextStep:
    return NextStep(
        what="rejected rows",
        how_many=count(report, "rejected"),
        advice="Correct the named cells, then send the sheet again.",
        command="tieout upload FILE",
        sheet="Rejected rows",
    )


def _decide_held_events(report: Report) -> NextStep:
    # Here and below, a command that takes an id names the first case, so that it can be copied as it stands; the
    # others are in the sheet.
    event_id = _first_id(_waiting_in(report, State.HELD)["event_id"])
    return NextStep(
        what="held",
        how_many=_waiting_count(report, State.HELD),
        advice="Approve new events, discard the others.",
        command=f"tieout approve {event_id}",
        sheet="Unknown and held",
    )


def _look_into_refused_events(report: Report) -> NextStep:
    refused = rows(report, "refused")
    breaks = rows(report, "breaks")
    # Of earlier runs too: their breaks are open until the row is mended or tried again.
    of_breaks = breaks[is_open(breaks) & breaks["class"].eq(Outcome.REFUSED)]
    return NextStep(
        what="refused",
        how_many=len({*refused["event_id"], *of_breaks["event_id"].dropna()}),
        advice="Read what the service said; correct and send again, or once the cause is gone:",
        command=_retry_command(rows(report, "refused")),
        sheet="Refused",
    )


def _retry_command(refused: pd.DataFrame) -> str:
    """Name the code where all were refused for the same cause, which then is gone for all of them; else the first."""
    codes = refused["code"]
    is_one_cause = codes.notna().all() and codes.nunique() == 1
    if len(refused) > 1 and is_one_cause:
        code = visible(str(codes.iloc[0]))
        return f"tieout retry --code {code} --reason TEXT"
    return RETRY.format(id=_first_id(refused["event_id"]))


def _settle_unknown_events(report: Report) -> NextStep:
    # Reading back comes first: a person who says "not posted" of an event that took effect has it posted twice.
    return NextStep(
        what="unknown",
        how_many=_waiting_count(report, State.UNKNOWN),
        advice="Read back; where that cannot decide, a person may: tieout settle ID --as.",
        command="tieout settle",
        sheet="Unknown and held",
    )


def _review_open_breaks(report: Report) -> NextStep:
    # Refused and unknown events have their own lines above: counted here again, one event would be two questions.
    to_review = open_differences(report)
    break_id = _first_id(to_review["id"])
    return NextStep(
        what="open breaks",
        how_many=len(to_review),
        advice="Review each, and write down the reason.",
        command=f"tieout breaks acknowledge {break_id} --by NAME --reason TEXT",
        sheet="Breaks",
    )


def _read_what_was_not(report: Report) -> NextStep:
    # Not a number that is off, and not a question either; but whoever is not read may hide both.
    command = "tieout reconcile" if report.kind == RunKind.RECONCILE else "tieout run"
    return NextStep(
        what="not read",
        how_many=len(rows(report, "not_read")),
        advice="Nothing is known of them: see why, then read again.",
        command=command,
        sheet="Not read",
    )


def _leave_pending_events(report: Report) -> NextStep:
    return NextStep(
        what="pending",
        how_many=count(report, "pending"),
        advice="Nothing to do: the next run sends them.",
        command="tieout run",
        sheet="Not posted",
        for_a_person=False,
    )


def _waiting_in(report: Report, state: State) -> pd.DataFrame:
    waiting = rows(report, "waiting")
    return waiting[waiting["state"].eq(state)]


def _waiting_count(report: Report, state: State) -> int:
    """Count what waits of any run: a question of an earlier night is still a question."""
    # The totals count this run's events alone, so the figure here may be higher than theirs.
    return len(_waiting_in(report, state))


def _first_id(ids: "pd.Series[Any]") -> str:
    known = ids.dropna()
    if known.empty:
        return "ID"
    return visible(str(known.iloc[0]))
