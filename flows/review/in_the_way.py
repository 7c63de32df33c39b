"""What is in the way of signing a period: each check, and what of it is not done yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flows.reports.month import Month
from transforms.totals.client_balances import Proof
from transforms.totals.differences import without_reason
from transforms.totals.walk_steps import summed
from transforms.vocabulary import State, WalkLine

_MOST = 5


class Check(StrEnum):
    """What a period has to pass before it can be signed, in the order in which it is told."""

    IS_OVER = "is_over"
    TIES = "ties"
    IS_READ = "is_read"
    IS_READ_BY_ENTRY = "is_read_by_entry"  # and not proved by a balance alone
    IS_SURE = "is_sure"
    IS_EXPLAINED = "is_explained"


@dataclass(frozen=True)
class Obstacle:
    """A check that is not passed: how many things of what names keep it from that, and the line of a terminal."""

    check: Check
    count: int
    names: Sequence[str]
    told: str


def in_the_way(month: Month) -> list[str]:
    """Return why a period cannot be signed, a line each; none where nothing is in the way."""
    return [obstacle.told for obstacle in obstacles(month)]


def obstacles(month: Month) -> list[Obstacle]:
    """Return what keeps a period from being signed, in the order of the checks."""
    return [*_unfinished(month), *_untied(month), *_not_read(month), *_in_doubt(month), *_unexplained(month)]


def _unfinished(month: Month) -> Iterator[Obstacle]:
    if not month.is_over:
        told = f"the period is not over before the end of {month.period.until} by the clock of every site"
        yield Obstacle(Check.IS_OVER, 1, [month.period.name], told)


def _untied(month: Month) -> Iterator[Obstacle]:
    if not month.ties_out:
        off = _texts(month.ties[month.ties["ties"].eq(False)]["name"])
        yield Obstacle(Check.TIES, len(off), off, f"it does not tie: {some(off)}")


def _not_read(month: Month) -> Iterator[Obstacle]:
    read = f"`tieout month {month.period.name} --read` reads it anew"
    if len(month.unread):
        what = _texts(month.unread["what"])
        told = f"{len(what):,} could not be read, or nobody has: {some(what)}; {read}"
        yield Obstacle(Check.IS_READ, len(what), what, told)
    alone = month.balances[month.balances["proof"].eq(Proof.BALANCE)]
    if len(alone):
        whose = [f"client {row.client_id} of site {row.site_id}" for row in alone.itertuples()]
        told = f"{len(alone):,} proved by the balance alone since before its end: {some(whose)}; {read}"
        yield Obstacle(Check.IS_READ_BY_ENTRY, len(alone), whose, told)


def _in_doubt(month: Month) -> Iterator[Obstacle]:
    count = summed(month.walk, WalkLine.NOT_SURE, "events")
    if count:
        ids = _texts(month.events.loc[month.events["state"].eq(State.UNKNOWN), "event_id"])
        told = f"{count:,} in doubt, and nobody knows whether posted: {some(ids)}; `tieout settle`"
        yield Obstacle(Check.IS_SURE, int(count), ids, told)


def _unexplained(month: Month) -> Iterator[Obstacle]:
    ids = _texts(without_reason(month.differences)["break_id"])
    if ids:
        told = (
            f"{len(ids):,} differences have no reason: {some(ids)}; `tieout breaks` lists them, and `tieout breaks "
            "acknowledge` or `resolve` gives one"
        )
        yield Obstacle(Check.IS_EXPLAINED, len(ids), ids, told)


def _texts(names: Any) -> list[str]:
    return [str(name) for name in names]


def some(names: Sequence[str]) -> str:
    """Name the first few, and say how many more there are."""
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
