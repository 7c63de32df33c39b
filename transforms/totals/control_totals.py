"""Control totals: what must add up, and by how much it does not.

Every equation is a row with both sides, so that a reader sees the figures and not only that they differ.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from transforms.vocabulary import Kind

_TIES = ["name", "formula", "left", "right", "difference", "ties"]


def tie_rows(totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the two equations that hold in every run, over rows and over events."""
    fates = ("accepted", "duplicate", "held", "rejected")
    states = ("posted", "refused", "unknown", "pending")
    return [
        equation("Rows", f"rows read = {' + '.join(fates)}", totals["rows_read"], sum(totals[key] for key in fates)),
        equation(
            "Events",
            f"carried in + accepted = {' + '.join(states)}",
            totals["carried_in"] + totals["accepted"],
            sum(totals[key] for key in states),
        ),
    ]


def tie_read_back(posted_count: int, compared_count: int) -> list[dict[str, Any]]:
    """Return the equation that every posted event was compared with what its service shows."""
    return [equation("Posted events read back", "posted = compared with the service", posted_count, compared_count)]


def tie_roll_forward(roll_forward: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the roll-forward of the breaks over all classes: in count, and in points and amount where there are any.

    What fails for one class and site is named, since two failures may cancel each other out.
    """
    names = {"breaks": "Breaks", "points": "Points in breaks", "amount": "Amount in breaks"}
    formula = "open before + new + reopened - closed - resolved = open now"
    rows = []
    for measure, name in names.items():
        lines = roll_forward[roll_forward["measure"].eq(measure)]
        # An amount of no cents still shows them.
        nothing = Decimal("0.00") if measure == "amount" else 0
        now, off = sum(lines["open_now"], start=nothing), sum(lines["difference"], start=nothing)
        rows += [equation(name, formula, now + off, now)] if len(lines) or measure == "breaks" else []
        failing = lines[lines["difference"].ne(0)].itertuples()
        rows += [_rolled(name, formula, line) for line in failing]
    return rows


def _rolled(name: str, formula: str, line: Any) -> dict[str, Any]:
    about = f"{name}: {line[2]}" + (f", site {line.site_id}" if line.site_id else "")
    return equation(about, formula, line.open_now + line.difference, line.open_now)


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
    rows += [
        {
            "level": "batch",
            "name": batch["file"],
            "site_id": batch["site_id"] or None,
            "kind": batch["kind"],
            "events": batch["event_count"],
            "points": batch["points"] or None,
            "amount": Decimal(batch["amount"]) if batch["kind"] == Kind.REWARD_UPDATE else None,
        }
        for batch in batches
    ]
    rows += _by_kind("ledger", "posted", posted)
    rows += _by_kind("service", "read back", service)
    columns = ["level", "name", "site_id", "kind", "events", "points", "amount"]
    return pd.DataFrame(rows, columns=columns).astype({"events": "Int64", "points": "Int64"})


def tie_batches(totals: pd.DataFrame, accepted_rows_count: int) -> list[dict[str, Any]]:
    """Return the equations between the files' rows, the batches' totals at registration and the ledger's events.

    ``accepted_rows_count``: what the files themselves say. Events, points and amount over all, and one equation for
    each site and kind where one of them fails.
    """
    file, batch = (_sums(totals[totals["level"].eq(level)]) for level in ("file", "batch"))
    formula = "accepted in the ledger = batch totals at registration"
    rows = [
        equation(
            "Accepted rows", "accepted rows of the files = batch totals", accepted_rows_count, _all(batch, "events")
        ),
        *(equation(f"Accepted {measure}", formula, _all(file, measure), _all(batch, measure)) for measure in _MEASURES),
    ]
    for site_id, kind in sorted({*file, *batch}):
        for measure in _MEASURES:
            left, right = (side.get((site_id, kind), _NOTHING)[measure] for side in (file, batch))
            if left != right:
                about = f"Accepted {measure}: {kind}" + (f", site {site_id}" if site_id else "")
                rows.append(equation(about, formula, left, right))
    return rows


_MEASURES = ("events", "points", "amount")
_NOTHING: dict[str, Any] = {"events": 0, "points": 0, "amount": Decimal(0)}
_Sums = dict[tuple[str, str], dict[str, Any]]


def _sums(level: pd.DataFrame) -> _Sums:
    sums: _Sums = {}
    for row in level.astype(object).where(level.notna(), None).to_dict("records"):
        line = sums.setdefault((row["site_id"] or "", row["kind"]), dict(_NOTHING))
        for measure in _MEASURES:
            line[measure] += row[measure] or 0
    return sums


def _all(sums: _Sums, measure: str) -> Any:
    return sum((line[measure] for line in sums.values()), start=_NOTHING[measure])


def _by_kind(level: str, name: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for (kind, site_id), group in frame.groupby(["kind", "site_id"], sort=True):
        is_update = kind == Kind.REWARD_UPDATE
        amounts = [amount for amount in group["amount"] if not pd.isna(amount)]
        rows.append(
            {
                "level": level,
                "name": name,
                "site_id": site_id or None,
                "kind": kind,
                "events": len(group),
                "points": None if is_update else int(group["points"].sum()),
                "amount": sum(amounts, start=Decimal(0)) if is_update else None,
            }
        )
    return rows
