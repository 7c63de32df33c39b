"""The chief lines beside those of the period before."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from flows.reports.month import Month
from flows.reports.table import Block, Column
from flows.reports.values import CENTS, Show
from flows.reports.walk_table import WALK, step_of_period
from transforms.totals.walk_steps import STEPS, summed
from transforms.vocabulary import Kind, WalkLine


class _Beside(NamedTuple):
    key: str
    kind: Kind
    measure: str
    name: str
    show: Show


def beside_the_last(month: Month) -> Block:
    """Return the chief lines beside those of the period before, with the change; without kinds that have nothing."""
    kinds = [beside for beside in _BESIDE if _has_any(month, beside.kind)]
    # The grid of the first sheet has ten columns.
    columns = [Column("step", "Step", Show.TEXT, 10 - 3 * len(kinds) if kinds else 10)]
    for beside in kinds:
        columns += _columns(month, beside)
    return Block(
        name="Beside the period before",
        scope=f"{month.period.spoken} and {month.period.before.spoken}, in points and amounts",
        note="",
        empty="Nothing is of either period.",
        columns=tuple(columns),
        frame=_beside(month, kinds),
        strong="is_total",
    )


def _has_any(month: Month, kind: Kind) -> bool:
    return any(walked["kind"].eq(kind).any() for walked in _both(month))


def _columns(month: Month, beside: _Beside) -> list[Column]:
    now, before = month.period.short, month.period.before.short
    return [
        Column(f"{beside.key}_now", f"{beside.name} {now}", beside.show, 1),
        Column(f"{beside.key}_before", f"{beside.name} {before}", beside.show, 1),
        Column(f"{beside.key}_change", f"{beside.name} change", beside.show, 1),
    ]


_BESIDE: Final = (
    _Beside("earned", Kind.EARNED, "points", "Earned", Show.COUNT),
    _Beside("redeemed", Kind.REDEEMED, "points", "Redeemed", Show.COUNT),
    _Beside("amount", Kind.REWARD_UPDATE, "amount", "Rewards", Show.AMOUNT),
)


def _both(month: Month) -> tuple[pd.DataFrame, pd.DataFrame]:
    return month.walk, month.last


def _lines_of_both(month: Month) -> list[WalkLine]:
    """Return the totals and whatever either period has: each total follows from what stands above it."""
    found = set(month.walk["line"]) | set(month.last["line"])
    return [line for line in WALK if _is_total(line) or line in found]


def _is_total(line: WalkLine) -> bool:
    return line in STEPS or line is WalkLine.IN_SHEETS


def _beside(month: Month, kinds: Sequence[_Beside]) -> pd.DataFrame:
    lines = []
    for line in _lines_of_both(month) if kinds else ():
        told: dict[str, Any] = {"step": step_of_period(line), "is_total": _is_total(line)}
        for beside in kinds:
            told |= _figures(month, line, beside)
        lines.append(told)
    columns = [f"{beside.key}_{when}" for beside in kinds for when in ("now", "before", "change")]
    return pd.DataFrame(lines, columns=["step", "is_total", *columns], dtype="object")


def _figures(month: Month, line: WalkLine, beside: _Beside) -> dict[str, Any]:
    now, before = (_figure(walked, line, beside) for walked in _both(month))
    # An amount shows its cents, also where it is zero.
    cents = CENTS if beside.measure == "amount" else 0
    return {
        f"{beside.key}_now": now + cents,
        f"{beside.key}_before": before + cents,
        f"{beside.key}_change": now - before + cents,
    }


def _figure(walked: pd.DataFrame, line: WalkLine, beside: _Beside) -> Any:
    of_kind = walked[walked["kind"].eq(beside.kind)]
    return summed(of_kind, line, beside.measure)
