"""Control totals: what must add up, and by how much it does not.

Every equation is a row with both sides, so that a reader sees the figures and not only that they differ.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from transforms.exact_sums import amount_sum, as_whole, whole_sum
from transforms.vocabulary import Kind

_TIES = ["name", "formula", "left", "right", "difference", "ties"]


_MEASURES = ("events", "points", "amount")
_NOTHING: dict[str, Any] = {"events": 0, "points": 0, "amount": Decimal(0)}
_Sums = dict[tuple[str, str], dict[str, Any]]
_NAME_OF_MEASURE = {"breaks": "Breaks", "points": "Points in breaks", "amount": "Amount in breaks"}
_ROLL_FORWARD = "open before + new + reopened - closed - resolved = open now"
_REGISTERED = "accepted in the ledger = batch totals at registration"


def tie_rows(totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the two equations that hold in every run, over rows and over events."""
    # Every row that was read has one fate, so none is lost between the sheet and the ledger.
    fates = ("accepted", "duplicate", "held", "rejected")
    with_a_fate = sum(totals[fate] for fate in fates)
    rows = equation("Rows", f"rows read = {' + '.join(fates)}", totals["rows_read"], with_a_fate)

    # Every event that the run answers for has one state, so none is lost between the ledger and the service. What an
    # earlier run left to send is carried in, and answered for as the run's own.
    states = ("posted", "refused", "unknown", "pending", "withheld")
    with_a_state = sum(totals[state] for state in states)
    to_answer_for = totals["carried_in"] + totals["accepted"]
    events = equation("Events", f"carried in + accepted = {' + '.join(states)}", to_answer_for, with_a_state)

    return [rows, events]


def tie_read_back(posted_count: int, compared_count: int) -> list[dict[str, Any]]:
    """Return the equation that every posted event was compared with what its service shows."""
    return [equation("Posted events read back", "posted = compared with the service", posted_count, compared_count)]


def tie_roll_forward(roll_forward: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the roll-forward of the breaks over all classes: in count, and in points and amount where there are any.

    What fails for one class and site is named, since two failures may cancel each other out.
    """
    rows = []
    for measure in _NAME_OF_MEASURE:
        lines = roll_forward[roll_forward["measure"].eq(measure)]
        # A ledger without any break ties all the same, and says so once; it has neither points nor amounts to tie.
        if len(lines) or measure == "breaks":
            rows.append(_rolled_over_all(measure, lines))
        failing = lines[lines["difference"].ne(0)]
        rows += [_rolled_of_class(measure, line) for line in failing.to_dict("records")]
    return rows


def _rolled_over_all(measure: str, lines: pd.DataFrame) -> dict[str, Any]:
    # An amount of no cents still shows them.
    nothing = Decimal("0.00") if measure == "amount" else 0
    now = sum(lines["open_now"], start=nothing)
    off = sum(lines["difference"], start=nothing)
    due = now + off
    return equation(_NAME_OF_MEASURE[measure], _ROLL_FORWARD, due, now)


def _rolled_of_class(measure: str, line: Mapping[Any, Any]) -> dict[str, Any]:
    of_class = f"{line['class']}{_of_site(line['site_id'])}"
    name = f"{_NAME_OF_MEASURE[measure]}: {of_class}"
    due = line["open_now"] + line["difference"]
    return equation(name, _ROLL_FORWARD, due, line["open_now"])


def _of_site(site_id: str | None) -> str:
    return f", site {site_id}" if site_id else ""


def equation(name: str, formula: str, left: int | Decimal, right: int | Decimal) -> dict[str, Any]:
    """Return one row of the frame of ties."""
    return {
        "name": name,
        "formula": formula,
        "left": left,
        "right": right,
        "difference": left - right,
        "ties": left == right,
    }


def tie_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the equations as a frame, one row each, in order."""
    return pd.DataFrame(list(rows), columns=_TIES)


def control_totals(
    accepted: pd.DataFrame, batches: Sequence[Mapping[str, Any]], posted: pd.DataFrame, service: pd.DataFrame
) -> pd.DataFrame:
    """Return events, points and amount by level, site and kind: the same figures at four places.

    file: ``accepted`` events as they stand in the ledger under their place in the file; batch: the totals written at
    registration, so that an event lost since would show; ledger: ``posted`` events; service: what it shows of them.
    The frames have kind, site_id, points and amount, one row per event.
    """
    rows = _by_kind("file", "accepted", accepted)
    rows += [_as_registered(batch) for batch in batches]
    rows += _by_kind("ledger", "posted", posted)
    rows += _by_kind("service", "read back", service)
    columns = ["level", "name", "site_id", "kind", "events", "points", "amount"]
    # As objects first: pandas would make floats of points with gaps.
    totals = pd.DataFrame(rows, columns=columns, dtype="object")
    texts = dict.fromkeys(["level", "name", "site_id", "kind"], "str")
    return totals.astype(texts).assign(events=totals["events"].astype("Int64"), points=as_whole(totals["points"]))


def _as_registered(batch: Mapping[str, Any]) -> dict[str, Any]:
    is_update = batch["kind"] == Kind.REWARD_UPDATE
    return {
        "level": "batch",
        "name": batch["file"],
        "site_id": batch["site_id"] or None,
        "kind": batch["kind"],
        "events": batch["event_count"],
        "points": batch["points"] or None,
        "amount": Decimal(batch["amount"]) if is_update else None,
    }


def tie_batches(totals: pd.DataFrame, accepted_rows_count: int) -> list[dict[str, Any]]:
    """Return the equations between the files' rows, the batches' totals at registration and the ledger's events.

    ``accepted_rows_count``: what the files themselves say. Events, points and amount over all, and one equation for
    each site and kind where one of them fails.
    """
    # The same figures from two sources that know nothing of each other: the events as they are now, and what was
    # written down before the rows became events.
    of_files = _sums(totals[totals["level"].eq("file")])
    of_batches = _sums(totals[totals["level"].eq("batch")])
    rows = [
        equation(
            "Accepted rows",
            "accepted rows of the files = batch totals",
            accepted_rows_count,
            _all(of_batches, "events"),
        )
    ]
    for measure in _MEASURES:
        left = _all(of_files, measure)
        right = _all(of_batches, measure)
        rows.append(equation(f"Accepted {measure}", _REGISTERED, left, right))
    return rows + _failing_batches(of_files, of_batches)


def _failing_batches(of_files: _Sums, of_batches: _Sums) -> list[dict[str, Any]]:
    """Return an equation for each site and kind that does not tie: over all, two of them may cancel each other out."""
    rows = []
    # What one side alone has is compared with nothing: it is just there that something was lost.
    for site_id, kind in sorted({*of_files, *of_batches}):
        file = of_files.get((site_id, kind), _NOTHING)
        batch = of_batches.get((site_id, kind), _NOTHING)
        for measure in _MEASURES:
            if file[measure] != batch[measure]:
                name = f"Accepted {measure}: {kind}{_of_site(site_id)}"
                rows.append(equation(name, _REGISTERED, file[measure], batch[measure]))
    return rows


def _sums(level: pd.DataFrame) -> _Sums:
    """Return events, points and amount by site and kind."""
    sums: _Sums = {}
    for row in level.to_dict("records"):
        site_id = "" if pd.isna(row["site_id"]) else row["site_id"]
        line = sums.setdefault((site_id, row["kind"]), dict(_NOTHING))
        for measure in _MEASURES:
            line[measure] += 0 if pd.isna(row[measure]) else row[measure]
    return sums


def _all(sums: _Sums, measure: str) -> Any:
    return sum((line[measure] for line in sums.values()), start=_NOTHING[measure])


def _by_kind(level: str, name: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for (kind, site_id), group in frame.groupby(["kind", "site_id"], sort=True):
        # An update has an amount and no points, any other event points and no amount.
        is_update = kind == Kind.REWARD_UPDATE
        row = {
            "level": level,
            "name": name,
            "site_id": site_id or None,
            "kind": kind,
            "events": len(group),
            "points": None if is_update else whole_sum(group["points"]),
            "amount": amount_sum(group["amount"]) if is_update else None,
        }
        rows.append(row)
    return rows
