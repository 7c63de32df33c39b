"""What a service may answer to a post, or a reading, that a balance cannot be reckoned from: for faults alone.

Each is a whole answer, and tells what became of the event; the balance beside it is missing, or is none.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from flows.sandbox.faults import FaultKind

_Answer = dict[str, Any]


def spoil_balance(kind: FaultKind, body: bytes, number: int) -> web.Response | None:
    """Return what becomes of the answer; None for the other faults."""
    spoil = _SPOILED.get(kind)
    return None if spoil is None else web.json_response(spoil(json.loads(body), number))


def _without_balance(answer: _Answer, _number: int) -> _Answer:
    return {name: value for name, value in answer.items() if name != "Balance"}


def _half_a_point_more(answer: _Answer, _number: int) -> _Answer:
    return answer | {"Balance": answer["Balance"] + 0.5}


def _off_by(answer: _Answer, number: int) -> _Answer:
    return answer | {"Balance": answer["Balance"] + number}


def _a_second_later(answer: _Answer, _number: int) -> _Answer:
    """Return the answer as a service gives it that rounds times up."""
    shown = [entry | {"ActionDateTime": _next_second(entry["ActionDateTime"])} for entry in answer["Transactions"]]
    return answer | {"Transactions": shown}


def _next_second(text: str) -> str:
    return (datetime.fromisoformat(text) + timedelta(seconds=1)).isoformat()


_SPOILED: Mapping[FaultKind, Callable[[_Answer, int], _Answer]] = {
    FaultKind.NO_BALANCE: _without_balance,
    FaultKind.READ_NO_BALANCE: _without_balance,
    FaultKind.HALF_BALANCE: _half_a_point_more,
    FaultKind.WRONG_BALANCE: _off_by,
    FaultKind.NEXT_SECOND: _a_second_later,
}
