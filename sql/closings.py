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

from sql.tables import break_moves, closing_lines, closings

_ABOUT = ("class", "target", "site_id")


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
    latest = select(closings).order_by(closings.c.closing_id.desc()).limit(1)
    row = connection.execute(latest).one_or_none()
    if row is None:
        return Closing(0, [])
    lines = connection.execute(select(closing_lines).where(closing_lines.c.closing_id == row.closing_id)).mappings()
    return Closing(row.last_move_id, [{**line, "amount": Decimal(line["amount"])} for line in lines])


def moves_since(connection: Connection, closing: Closing) -> list[dict[str, Any]]:
    """Return the moves after a closing, oldest first: class, target, site_id, move, points, amount (Decimal)."""
    after = select(break_moves).where(break_moves.c.move_id > closing.last_move_id).order_by(break_moves.c.move_id)
    return [{**row, "amount": Decimal(row["amount"])} for row in connection.execute(after).mappings()]


def keep_closing(connection: Connection, open_now: Sequence[Mapping[str, Any]], *, run_id: str, now: datetime) -> None:
    """Write down what is open at the end of a run."""
    last_move_id = connection.execute(select(func.coalesce(func.max(break_moves.c.move_id), 0))).scalar_one()
    kept = insert(closings).values(run_id=run_id, closed_at=now, last_move_id=last_move_id)
    closing_id = connection.execute(kept.returning(closings.c.closing_id)).scalar_one()
    lines: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in map(figures, open_now):
        lines.setdefault(tuple(row[key] for key in _ABOUT), []).append(row)
    if lines:
        connection.execute(insert(closing_lines), [_line(closing_id, about, rows) for about, rows in lines.items()])


def _line(closing_id: int, about: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sums = {"points": sum(row["points"] for row in rows), "amount": str(sum(row["amount"] for row in rows))}
    return {"closing_id": closing_id, **dict(zip(_ABOUT, about, strict=True)), "open_count": len(rows), **sums}


def record_move(
    connection: Connection, broken: Mapping[str, Any], move: Move, *, now: datetime, run_id: str | None = None
) -> None:
    """Write down that one break came or went; `run_id` is null for what a person decided."""
    _record(connection, [(broken, move)], now, run_id)


def record_changes(
    connection: Connection, before: Sequence[Row[Any]], after: Sequence[Row[Any]], *, now: datetime, run_id: str
) -> None:
    """Write down the moves between two lists of open breaks; one whose figures changed leaves and comes anew."""
    left, came = ({row.break_id: dict(row._mapping) for row in rows} for rows in (before, after))
    moves = [(row, Move.CLOSED) for id_, row in left.items() if id_ not in came or figures(row) != figures(came[id_])]
    moves += [(row, Move.NEW) for id_, row in came.items() if id_ not in left or figures(row) != figures(left[id_])]
    _record(connection, moves, now, run_id)


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
    if moves:
        rows = [
            {**figures(row), "amount": str(figures(row)["amount"]), "break_id": row["break_id"], "move": str(move)}
            | {"moved_at": now, "run_id": run_id}
            for row, move in moves
        ]
        connection.execute(insert(break_moves), rows)
