"""What is in the way of signing a period: each check, and what of it is not done yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flows.reports.month import Month
from flows.reports.unread import unread_in
from transforms.destinations import NotRead, client_not_read
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
    things: Sequence[NotRead] = ()  # where it is about things that were not read: what the names are of


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
    if month.ties_out:
        return
    is_off = month.ties["ties"].eq(False)
    names = _texts(month.ties.loc[is_off, "name"])
    yield Obstacle(Check.TIES, len(names), names, f"it does not tie: {some(names)}")


def _not_read(month: Month) -> Iterator[Obstacle]:
    read = f"`tieout month {month.period.name} --read` reads it anew"
    if len(month.unread):
        things = unread_in(month.unread)
        names = [one.what for one in things]
        told = f"{len(names):,} could not be read, or nobody has: {some(names)}; {read}"
        yield Obstacle(Check.IS_READ, len(names), names, told, things)
    # A balance that proves a month was read after some of it, and says nothing of single entries.
    clients = _proved_by_balance_alone(month)
    if clients:
        names = [one.what for one in clients]
        told = f"{len(names):,} proved by the balance alone since before its end: {some(names)}; {read}"
        yield Obstacle(Check.IS_READ_BY_ENTRY, len(names), names, told, clients)


def _proved_by_balance_alone(month: Month) -> list[NotRead]:
    balances = month.balances
    alone = balances[balances["proof"].eq(Proof.BALANCE)]
    why = "proved by the balance alone"
    return [client_not_read(str(row.site_id), str(row.client_id), why) for row in alone.itertuples()]


def _in_doubt(month: Month) -> Iterator[Obstacle]:
    count = int(summed(month.walk, WalkLine.NOT_SURE, "events"))
    if not count:
        return
    is_unknown = month.events["state"].eq(State.UNKNOWN)
    event_ids = _texts(month.events.loc[is_unknown, "event_id"])
    told = f"{count:,} in doubt, and nobody knows whether posted: {some(event_ids)}; `tieout settle`"
    yield Obstacle(Check.IS_SURE, count, event_ids, told)


def _unexplained(month: Month) -> Iterator[Obstacle]:
    break_ids = _texts(without_reason(month.differences)["break_id"])
    if not break_ids:
        return
    count = "1 difference has" if len(break_ids) == 1 else f"{len(break_ids):,} differences have"
    told = (
        f"{count} no reason: {some(break_ids)}; `tieout breaks` lists them, and `tieout "
        "breaks acknowledge` or `resolve` gives one"
    )
    yield Obstacle(Check.IS_EXPLAINED, len(break_ids), break_ids, told)


def _texts(names: Any) -> list[str]:
    return [str(name) for name in names]


def some(names: Sequence[str]) -> str:
    """Name the first few, and say how many more there are."""
    shown = ", ".join(names[:_MOST])
    more_count = len(names) - _MOST
    return f"{shown} and {more_count:,} more" if more_count > 0 else shown
