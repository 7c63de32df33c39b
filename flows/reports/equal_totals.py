"""Totals that must be equal: for each total of a table the one of another table that counts the same, and both figures.

A reader who stops at a total follows it to the one that it must equal. What differs is an equation that does not tie
(`flows.reports.collect`), so that no table can lose a line without the headline saying so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from flows.reports.figures import breaks_by_age, by_day
from flows.reports.once import once
from flows.reports.open_breaks import is_open
from flows.reports.report import Report, is_of_a_period, rows
from flows.reports.values import CENTS, exact
from transforms.exact_sums import whole_sum
from transforms.totals.client_balances import FIGURES, balances_by_site
from transforms.totals.control_totals import equation
from transforms.totals.walk_steps import STEPS, summed
from transforms.vocabulary import Kind, State, WalkLine

Figure = int | Decimal
_WALK: Final = "Walk"
_OF_POINTS: Final = (Kind.EARNED, Kind.REDEEMED)


@dataclass(frozen=True)
class Total:
    """A total of a table: what it is called, and where it stands.

    ``column`` is the key of the column that it sums, "" for the count of the lines. ``line``: of the walk's, else the
    sums of the table.
    """

    block: str
    name: str
    column: str = ""
    line: str = ""


@dataclass(frozen=True)
class EqualTotal:
    """A total, and the one that it must equal; ``how`` says what has to be added or taken off first, "" for nothing."""

    total: Total
    figure: Figure
    other: Total
    other_figure: Figure
    how: str = ""

    @property
    def difference(self) -> Figure:
        """The one less the other; 0 where all is well."""
        return self.figure - self.other_figure


@once
def equal_totals(report: Report) -> list[EqualTotal]:
    """Return every total that another one must equal, in the order of the tables."""
    return [
        *_of_fates(report),
        *_of_walk_by_site(report),
        *_of_breaks(report),
        *_of_posted(report),
        *_of_clients(report),
        *_of_nights(report),
        *_of_refused(report),
        *_of_waiting(report),
        *_of_not_posted(report),
        *_of_days(report),
        *_of_control_totals(report),
    ]


def unequal(report: Report) -> list[dict[str, Any]]:
    """Return an equation for each total that is not what it must be."""
    return [
        equation(
            f"{one.total.block}: {one.total.name}",
            f"{one.total.block}, {one.total.name} = {one.other.block}, {one.other.name}{one.how}",
            one.figure,
            one.other_figure,
        )
        for one in equal_totals(report)
        if one.difference
    ]


@dataclass(frozen=True)
class Lead:
    """Where a total leads to, and what must be found there."""

    to: Total
    said: str


Place = tuple[str, str, str]  # block, line of the walk ("" for the sums), column


@once
def leads(report: Report) -> dict[Place, Lead]:
    """Return for each total where it leads to: both ways, since a reader may begin at either."""
    found: dict[Place, Lead] = {}
    for one in equal_totals(report):
        there = f"Must equal {one.other.block}, {one.other.name}{one.how}: {one.other_figure:,}"
        found.setdefault(place_of(one.total), Lead(one.other, there))
    for one in equal_totals(report):
        back = f"Must equal {one.total.block}, {one.total.name}: {one.figure:,}"
        found.setdefault(place_of(one.other), Lead(one.total, back))
    return found


def place_of(total: Total) -> Place:
    """Return where a total stands."""
    return total.block, total.line, total.column


class _Walked:
    """The walk of a report, by line."""

    def __init__(self, report: Report) -> None:
        self.frame = rows(report, "walk").fillna({"kind": ""})

    def has(self, *lines: WalkLine) -> bool:
        return bool(set(self.frame["line"]) & set(lines))

    def figure(self, line: WalkLine, measure: str, *kinds: str) -> Figure:
        found = self.frame[self.frame["kind"].isin(kinds)] if kinds else self.frame
        return summed(found, line, measure)  # type: ignore[no-any-return]


def _line(line: WalkLine, name: str, column: str) -> Total:
    return Total(_WALK, name, column, str(line))


def _of_fates(report: Report) -> Iterator[EqualTotal]:
    """Give the totals of the rows: those of the sheets, of the wrong ones and of the known ones."""
    walked = _Walked(report)
    # Of files that were taken in before sums of sheets were kept, the walk begins later.
    if not walked.has(WalkLine.IN_SHEETS):
        return
    rejected = rows(report, "rejected")
    wrong_rows = len(rejected[["file", "sheet", "row"]].astype("string").fillna("").drop_duplicates())
    of_fates = sum(int(report.totals[fate]) for fate in ("accepted", "duplicate", "held", "rejected"))
    yield _rows(walked, Total("Where every row went", "rows", "how_many"), of_fates, WalkLine.IN_SHEETS)
    yield _rows(walked, Total("Rejected rows", "rows with a wrong cell", "row"), wrong_rows, WalkLine.NEEDS_FIXING)
    yield _rows(walked, Total("Duplicates", "rows"), len(rows(report, "duplicates")), WalkLine.KNOWN)


def _rows(walked: _Walked, total: Total, figure: int, line: WalkLine) -> EqualTotal:
    other = _line(line, f"{line.replace('_', ' ')}, rows of all kinds", "earned_events")
    return EqualTotal(total, figure, other, walked.figure(line, "events"))


def _of_walk_by_site(report: Report) -> Iterator[EqualTotal]:
    walked = _Walked(report)
    by_site = rows(report, "walk").groupby("site_id", dropna=False)
    for line in STEPS:
        if walked.has(line):
            name = f"{line.replace('_', ' ')}, events of all sites"
            of_sites = sum(int(summed(of_site, line, "events")) for _, of_site in by_site)
            other = _line(line, f"{line.replace('_', ' ')}, events", "earned_events")
            yield EqualTotal(
                Total("Walk by site", name, "earned_events"), of_sites, other, walked.figure(line, "events")
            )


def _of_breaks(report: Report) -> Iterator[EqualTotal]:
    waiting = rows(report, "breaks")
    waiting = waiting[is_open(waiting)]
    rolled = rows(report, "roll_forward")
    ages = breaks_by_age(report)
    points = whole_sum(waiting["points"].astype("object"))
    amount = _amount(waiting["amount"])
    of_breaks = Total("Breaks", "lines")
    sum_of_points = Total("Breaks", "points", "points")
    yield EqualTotal(
        Total("Open breaks by age", "breaks", "breaks"), int(ages["breaks"].sum()), of_breaks, len(waiting)
    )
    yield EqualTotal(Total("Open breaks by age", "points", "points"), whole_sum(ages["points"]), sum_of_points, points)
    # Without a reading nothing was rolled forward.
    if rolled.empty:
        return
    now = Total("Roll-forward of breaks", "open now", "open_now")
    yield EqualTotal(of_breaks, len(waiting), now, _rolled(rolled, "breaks"), ", breaks")
    yield EqualTotal(sum_of_points, points, now, _rolled(rolled, "points"), ", points")
    yield EqualTotal(Total("Breaks", "amount", "amount"), amount, now, _rolled(rolled, "amount"), ", amount")


def _rolled(rolled: pd.DataFrame, measure: str) -> Figure:
    figures = rolled.loc[rolled["measure"].eq(measure), "open_now"]
    return _amount(figures) if measure == "amount" else whole_sum(figures.astype("object"))


def _of_posted(report: Report) -> Iterator[EqualTotal]:
    """Give what was posted against the walk, which takes off the updates that a later one replaced."""
    walked = _Walked(report)
    for total, figure, kinds, measure in _sums_of_posted(report):
        replaced = walked.figure(WalkLine.REPLACED, measure, *kinds)
        how = f" + replaced by a later update ({replaced:,})" if replaced else ""
        other = _of_line(WalkLine.POSTED, "= posted", kinds, measure)
        in_walk = walked.figure(WalkLine.POSTED, measure, *kinds)
        yield EqualTotal(total, figure, other, in_walk + replaced, how)


def _of_refused(report: Report) -> Iterator[EqualTotal]:
    walked = _Walked(report)
    for total, figure, kinds, measure in _sums(report, "refused", "Refused"):
        other = _of_line(WalkLine.TURNED_DOWN, "− turned down", kinds, measure)
        yield EqualTotal(total, figure, other, walked.figure(WalkLine.TURNED_DOWN, measure, *kinds))


_MEASURES: Final = {
    "": ("events", ()),
    "earned": ("points", (Kind.EARNED,)),
    "redeemed": ("points", (Kind.REDEEMED,)),
    "amount": ("amount", (Kind.REWARD_UPDATE,)),
}
_IN_WALK: Final = {"": "earned_events", "earned": "earned_points", "redeemed": "redeemed_points"}
_SAID: Final = {"": "events", "earned": "points earned", "redeemed": "points redeemed", "amount": "amount"}


@once
def _sums_of_posted(report: Report) -> list[tuple[Total, Figure, tuple[str, ...], str]]:
    return list(_sums(report, "posted", "Posted"))


def _sums(report: Report, frame: str, block: str) -> Iterator[tuple[Total, Figure, tuple[str, ...], str]]:
    """Give each total of a table of events: where it stands, its figure, and the kinds and measure that it is of."""
    # Of a million events the other columns would be copied for nothing.
    events = rows(report, frame)[["kind", "points", "amount"]]
    for column, (measure, kinds) in _MEASURES.items():
        of_kinds = events[events["kind"].isin(kinds)] if kinds else events
        yield Total(block, _SAID[column], column), _summed(of_kinds, measure), kinds, measure


def _summed(events: pd.DataFrame, measure: str) -> Figure:
    if measure == "events":
        return len(events)
    return _amount(events["amount"]) if measure == "amount" else whole_sum(events["points"])


def _of_line(line: WalkLine, name: str, kinds: tuple[str, ...], measure: str) -> Total:
    column = next(key for key, of_key in _MEASURES.items() if of_key == (measure, kinds))
    return _line(line, f"{name}, {_SAID[column]}", _IN_WALK.get(column, "reward_amount"))


def _of_clients(report: Report) -> Iterator[EqualTotal]:
    """Give what was posted to each client against all that was posted, and the sums of the balances.

    Of a period, and where nothing was read, earned and redeemed are those since the balance before.
    """
    clients = rows(report, "balances")
    if clients.empty:
        return
    posted = rows(report, "posted")
    sites = balances_by_site(clients)
    for kind, name in ((Kind.EARNED, "earned"), (Kind.REDEEMED, "redeemed")):
        total = Total("By client", f"points {name}", name)
        figure = whole_sum(clients[name].astype("object"))
        yield EqualTotal(Total("Balances", f"points {name}", name), whole_sum(sites[name]), total, figure)
        if not is_of_a_period(report):
            of_kind = whole_sum(posted.loc[posted["kind"].eq(kind), "points"])
            yield EqualTotal(total, figure, Total("Posted", f"points {name}", name), of_kind)
    of_sites = Total("Balances", "clients", "clients")
    yield EqualTotal(of_sites, whole_sum(sites["clients"]), Total("By client", "lines"), len(clients))
    yield _from_end_to_end(clients)


def _from_end_to_end(clients: pd.DataFrame) -> EqualTotal:
    known = clients[clients["difference"].notna()]
    sums = {figure: whole_sum(known[figure].astype("object")) for figure in FIGURES}
    led_to = sums["opening"] + sums["earned"] - sums["redeemed"]
    led_to += sums["others"] + sums["taken_back"] + sums["without_entry"]
    closing = Total("By client", "closing", "closing")
    opening = Total("By client", "opening and all that moved it", "opening")
    return EqualTotal(closing, sums["closing"], opening, led_to, ", where both ends are known")


def _of_nights(report: Report) -> Iterator[EqualTotal]:
    """Give what the service shows by night against the walk, which knows beside it what a balance proves."""
    walked = _Walked(report)
    nights = rows(report, "nights")
    if not walked.has(WalkLine.AT_SERVICE):
        return
    proved = walked.figure(WalkLine.PROVED, "events", *_OF_POINTS)
    events = walked.figure(WalkLine.AT_SERVICE, "events", *_OF_POINTS) - proved
    net = _net(walked, WalkLine.AT_SERVICE) - _net(walked, WalkLine.PROVED)
    how = " − of these proved by the balance" if proved else ""
    at_service = _line(WalkLine.AT_SERVICE, "= at the service, events earned + redeemed", "earned_events")
    yield EqualTotal(_night("events"), whole_sum(nights["service_events"]), at_service, events, how)
    in_points = _line(WalkLine.AT_SERVICE, "= at the service, points earned − redeemed", "earned_points")
    yield EqualTotal(_night("points"), whole_sum(nights["service_points"]), in_points, net, how)
    for measure in ("events", "points"):
        due = whole_sum(nights[f"ledger_{measure}"]) + whole_sum(nights[f"breaks_{measure}"])
        total = Total("By night", f"{_NET[measure]} in the ledger + by breaks", f"ledger_{measure}")
        yield EqualTotal(total, due, _night(measure), whole_sum(nights[f"service_{measure}"]))


_NET: Final = {"events": "events", "points": "net points"}


def _night(measure: str) -> Total:
    return Total("By night", f"{_NET[measure]} at the service", f"service_{measure}")


def _net(walked: _Walked, line: WalkLine) -> Figure:
    return walked.figure(line, "points", Kind.EARNED) - walked.figure(line, "points", Kind.REDEEMED)


def _of_waiting(report: Report) -> Iterator[EqualTotal]:
    """Give what waits, of any run, against what of it is held and what is in doubt."""
    states = rows(report, "waiting")["state"]
    asked = int(states.isin([State.HELD, State.UNKNOWN]).sum())
    yield EqualTotal(
        Total("Unknown and held", "lines"), len(states), Total("What waits", "held + unknown", "how_many"), asked
    )


def _of_not_posted(report: Report) -> Iterator[EqualTotal]:
    walked = _Walked(report)
    left = [WalkLine.NOT_SURE, WalkLine.STILL_TO_SEND, WalkLine.DISCARDED, WalkLine.HELD_BACK]
    in_walk = sum(int(walked.figure(line, "events")) for line in left)
    other = _line(WalkLine.NOT_SURE, "− not sure − still to send − discarded − held back, events", "earned_events")
    yield EqualTotal(Total("Not posted", "events"), len(rows(report, "not_posted")), other, in_walk)


def _of_days(report: Report) -> Iterator[EqualTotal]:
    days = by_day(report)
    for total, figure, _, measure in _sums_of_posted(report):
        column = total.column or "events"
        by_days = _amount(days[column]) if measure == "amount" else whole_sum(days[column])
        yield EqualTotal(Total("By day", total.name, column), by_days, total, figure)
    updates_count = int(rows(report, "posted")["kind"].eq(Kind.REWARD_UPDATE).sum())
    of_days = Total("By day", "reward updates", "updates")
    yield EqualTotal(of_days, whole_sum(days["updates"]), Total("Posted", "reward updates", "reward_id"), updates_count)


def _of_control_totals(report: Report) -> Iterator[EqualTotal]:
    totals = rows(report, "control_totals")
    walked = _Walked(report)
    if totals.empty:
        return
    accepted = whole_sum(totals.loc[totals["level"].eq("file"), "events"])
    posted = whole_sum(totals.loc[totals["level"].eq("ledger"), "events"])
    in_walk = _line(WalkLine.ACCEPTED, "= accepted, events of all kinds", "earned_events")
    of_files = Total("Control totals", "accepted, events of the files", "file")
    yield EqualTotal(of_files, accepted, in_walk, walked.figure(WalkLine.ACCEPTED, "events"))
    of_ledger = Total("Control totals", "posted, events in the ledger", "ledger")
    yield EqualTotal(of_ledger, posted, Total("Posted", "events"), len(rows(report, "posted")))


def _amount(figures: "pd.Series[Any]") -> Decimal:
    return sum(map(exact, figures.dropna()), start=CENTS)
