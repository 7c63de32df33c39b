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


def beside_the_last(month: Month) -> Block:
    """Return the chief lines beside those of the period before, with the change; without kinds that have nothing."""
    kinds = [beside for beside in _BESIDE if any(set(lines["kind"]) & {beside.kind} for lines in _both(month))]
    columns = [Column("step", "Step", Show.TEXT, 10 - 3 * len(kinds) if kinds else 10)]
    for beside in kinds:
        columns += [
            Column(f"{beside.key}_now", f"{beside.name} {month.period.short}", beside.show, 1),
            Column(f"{beside.key}_before", f"{beside.name} {month.period.before.short}", beside.show, 1),
            Column(f"{beside.key}_change", f"{beside.name} change", beside.show, 1),
        ]
    return Block(
        name="Beside the period before",
        scope=f"{month.period.spoken} and {month.period.before.spoken}, in points and amounts",
        note="",
        empty="Nothing is of either period.",
        columns=tuple(columns),
        frame=_beside(month, kinds),
        strong="is_total",
    )


class _Beside(NamedTuple):
    key: str
    kind: Kind
    measure: str
    name: str
    show: Show


_BESIDE: Final = (
    _Beside("earned", Kind.EARNED, "points", "Earned", Show.COUNT),
    _Beside("redeemed", Kind.REDEEMED, "points", "Redeemed", Show.COUNT),
    _Beside("amount", Kind.REWARD_UPDATE, "amount", "Rewards", Show.AMOUNT),
)


def _both(month: Month) -> tuple[pd.DataFrame, pd.DataFrame]:
    return month.walk, month.last


def _lines_of_both(month: Month) -> list[WalkLine]:
    """Return the totals and whatever either period has: each total follows from what stands above it."""
    found = {line for walked in _both(month) for line in walked["line"]}
    return [line for line in WALK if line in STEPS or line is WalkLine.IN_SHEETS or line in found]


def _beside(month: Month, kinds: Sequence[_Beside]) -> pd.DataFrame:
    lines = []
    for line in _lines_of_both(month) if kinds else ():
        step = step_of_period(line)
        told: dict[str, Any] = {"step": step, "is_total": line in STEPS or line is WalkLine.IN_SHEETS}
        for beside in kinds:
            now, before = (
                summed(walked[walked["kind"].eq(beside.kind)], line, beside.measure) for walked in _both(month)
            )
            cents = CENTS if beside.measure == "amount" else 0
            told[f"{beside.key}_now"] = now + cents
            told[f"{beside.key}_before"] = before + cents
            told[f"{beside.key}_change"] = now - before + cents
        lines.append(told)
    columns = ["step", "is_total", *(f"{one.key}_{when}" for one in kinds for when in ("now", "before", "change"))]
    return pd.DataFrame(lines, columns=columns, dtype="object")
