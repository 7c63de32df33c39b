"""What the open breaks came to when a run ended, and every move since: what the roll-forward is reckoned from.

A closing is what the run saw open; the next one starts from it and not from the breaks as they are found, so that
anything that was changed in between without a move shows as a difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from sql.sums import kept, told
from sql.tables.breaks import break_moves, closing_lines, closings


class Move(StrEnum):
    """How a break comes to the open ones, or leaves them."""

    NEW = "new"
    REOPENED = "reopened"  # a person's decision was taken back
    CLOSED = "closed"  # a reading of the same place no longer shows it, or it became another class
    RESOLVED = "resolved"  # a person explained it


@dataclass(frozen=True)
class Closing:
    """What was open at the end of a run, one line per class and site, and the last move that it counts."""

    last_move_id: int
    lines: Sequence[Mapping[str, Any]]  # class, target, site_id, open_count, points, amount (Decimal)


def last_closing(connection: Connection) -> Closing:
    """Return the latest closing; an empty one before the first."""
    # The balance that the next roll-forward starts from. It is read from what was written down, and not reckoned anew:
    # a break that was lost since then has to show as a difference.
    latest = select(closings).order_by(closings.c.closing_id.desc()).limit(1)
    row = connection.execute(latest).one_or_none()
    if row is None:
        return Closing(0, [])
    of_closing = select(closing_lines).where(closing_lines.c.closing_id == row.closing_id)
    lines = connection.execute(of_closing).mappings()
    with_points = [{**line, "points": told(line)} for line in lines]
    return Closing(row.last_move_id, [_with_amount(line) for line in with_points])


def moves_since(connection: Connection, closing: Closing) -> list[dict[str, Any]]:
    """Return the moves after a closing, oldest first: class, target, site_id, move, points, amount (Decimal)."""
    is_after = break_moves.c.move_id > closing.last_move_id
    oldest_first = select(break_moves).where(is_after).order_by(break_moves.c.move_id)
    moves = connection.execute(oldest_first).mappings()
    return [_with_amount(dict(move)) for move in moves]


def _with_amount(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with its amount as a decimal; the ledger keeps it as text."""
    return {**row, "amount": Decimal(row["amount"])}


def keep_closing(connection: Connection, open_now: Sequence[Mapping[str, Any]], *, run_id: str, now: datetime) -> None:
    """Write down what is open at the end of a run."""
    # The list of open breaks and the last move must be of one moment: a person's decision between them would be counted
    # twice or never. The caller holds the ledger's turn, and so does everybody who decides.
    latest_move = select(func.coalesce(func.max(break_moves.c.move_id), 0))
    last_move_id = connection.execute(latest_move).scalar_one()
    closing = insert(closings).values(run_id=run_id, closed_at=now, last_move_id=last_move_id)
    closing_id = connection.execute(closing.returning(closings.c.closing_id)).scalar_one()
    lines = [_closing_line(closing_id, group) for group in _by_class_and_site(open_now)]
    if lines:
        connection.execute(insert(closing_lines), lines)


def _by_class_and_site(open_now: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the figures of open breaks, those of one class, target and site together."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for broken in open_now:
        row = figures(broken)
        key = (row["class"], row["target"], row["site_id"])
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def _closing_line(closing_id: int, group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up open breaks of one class, target and site."""
    first = group[0]
    points = sum(row["points"] for row in group)
    amount = sum(row["amount"] for row in group)
    return {
        "closing_id": closing_id,
        "class": first["class"],
        "target": first["target"],
        "site_id": first["site_id"],
        "open_count": len(group),
        **kept(points),
        "amount": str(amount),
    }


def record_move(
    connection: Connection, broken: Mapping[str, Any], move: Move, *, now: datetime, run_id: str | None = None
) -> None:
    """Write down that one break came or went; `run_id` is null for what a person decided."""
    _record(connection, [(broken, move)], now, run_id)


def record_changes(
    connection: Connection, before: Sequence[Row[Any]], after: Sequence[Row[Any]], *, now: datetime, run_id: str
) -> None:
    """Write down the moves between two lists of open breaks; one whose figures changed leaves and comes anew."""
    # Where a break became another class, or another sum, its old figures must leave the balance of open breaks and its
    # new ones come into it, or the roll-forward would not add up.
    gone = [(row, Move.CLOSED) for row in _not_among(before, after)]
    come = [(row, Move.NEW) for row in _not_among(after, before)]
    _record(connection, [*gone, *come], now, run_id)


def _not_among(rows: Sequence[Row[Any]], others: Sequence[Row[Any]]) -> list[Mapping[str, Any]]:
    """Return the breaks that are not among the others with the same figures."""
    figures_of_others = {other.break_id: figures(dict(other._mapping)) for other in others}
    missing: list[Mapping[str, Any]] = []
    for row in rows:
        broken = dict(row._mapping)
        if figures(broken) != figures_of_others.get(row.break_id):
            missing.append(broken)
    return missing


def figures(broken: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a break counts for: class, target, site, points and amount, none of them null."""
    return {
        "class": broken["class"],
        "target": broken["target"],
        "site_id": broken["site_id"] or "",
        "points": broken["points"] or 0,
        "amount": Decimal(broken["amount"] or 0),
    }


def _record(
    connection: Connection, moves: Sequence[tuple[Mapping[str, Any], Move]], now: datetime, run_id: str | None
) -> None:
    rows = []
    for broken, move in moves:
        counted = figures(broken)
        row = {
            **counted,
            "amount": str(counted["amount"]),
            "break_id": broken["break_id"],
            "move": str(move),
            "moved_at": now,
            "run_id": run_id,
        }
        rows.append(row)
    if rows:
        connection.execute(insert(break_moves), rows)
