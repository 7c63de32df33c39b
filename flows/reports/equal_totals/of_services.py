"""Totals of clients and nights, as the services show them."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from flows.reports.equal_totals.total import EqualTotal, Figure, Total
from flows.reports.equal_totals.walked import Walked, line_of_walk, walked_of
from flows.reports.report import Report, is_of_a_period, rows
from transforms.exact_sums import whole_sum
from transforms.totals.client_balances import FIGURES, balances_by_site
from transforms.vocabulary import Kind, WalkLine

_OF_POINTS: Final = (Kind.EARNED, Kind.REDEEMED)


def of_clients(report: Report) -> Iterator[EqualTotal]:
    """Give what was posted to each client against all that was posted, and the sums of the balances.

    Of a period, and where nothing was read, earned and redeemed are those since the balance before.
    """
    clients = rows(report, "balances")
    if clients.empty:
        return
    sites = balances_by_site(clients)
    yield from _of_points(report, clients, sites, Kind.EARNED, "earned")
    yield from _of_points(report, clients, sites, Kind.REDEEMED, "redeemed")
    of_sites = Total("Balances", "clients", "clients")
    yield EqualTotal(of_sites, whole_sum(sites["clients"]), Total("By client", "lines"), len(clients))
    yield _from_end_to_end(clients)


def _of_points(
    report: Report, clients: pd.DataFrame, sites: pd.DataFrame, kind: Kind, column: str
) -> Iterator[EqualTotal]:
    name = f"points {column}"
    by_client, figure = Total("By client", name, column), whole_sum(clients[column].astype("object"))
    yield EqualTotal(Total("Balances", name, column), whole_sum(sites[column]), by_client, figure)
    if is_of_a_period(report):
        return
    posted = rows(report, "posted")
    of_kind = posted.loc[posted["kind"].eq(kind), "points"]
    yield EqualTotal(by_client, figure, Total("Posted", name, column), whole_sum(of_kind))


def _from_end_to_end(clients: pd.DataFrame) -> EqualTotal:
    known = clients[clients["difference"].notna()]
    sums = {figure: whole_sum(known[figure].astype("object")) for figure in FIGURES}
    posted = sums["earned"] - sums["redeemed"]
    moved_besides = sums["others"] + sums["taken_back"] + sums["without_entry"]
    closing = Total("By client", "closing", "closing")
    opening = Total("By client", "opening and all that moved it", "opening")
    led_to = sums["opening"] + posted + moved_besides
    return EqualTotal(closing, sums["closing"], opening, led_to, ", where both ends are known")


def of_nights(report: Report) -> Iterator[EqualTotal]:
    """Give what the service shows by night against the walk, which knows beside it what a balance proves."""
    walked = walked_of(report)
    if not walked.has(WalkLine.AT_SERVICE):
        return
    yield from _at_service(report, walked)
    nights = rows(report, "nights")
    for measure, name in _NET.items():
        due = whole_sum(nights[f"ledger_{measure}"]) + whole_sum(nights[f"breaks_{measure}"])
        shown = whole_sum(nights[f"service_{measure}"])
        total = Total("By night", f"{name} in the ledger + by breaks", f"ledger_{measure}")
        yield EqualTotal(total, due, _night(measure), shown)


def _at_service(report: Report, walked: Walked) -> Iterator[EqualTotal]:
    nights = rows(report, "nights")
    # No entry was read of what a balance proves.
    proved = walked.figure(WalkLine.PROVED, "events", *_OF_POINTS)
    how = " − of these proved by the balance" if proved else ""
    events = walked.figure(WalkLine.AT_SERVICE, "events", *_OF_POINTS) - proved
    in_events = line_of_walk(WalkLine.AT_SERVICE, "= at the service, events earned + redeemed", "earned_events")
    yield EqualTotal(_night("events"), whole_sum(nights["service_events"]), in_events, events, how)
    net = _net(walked, WalkLine.AT_SERVICE) - _net(walked, WalkLine.PROVED)
    in_points = line_of_walk(WalkLine.AT_SERVICE, "= at the service, points earned − redeemed", "earned_points")
    yield EqualTotal(_night("points"), whole_sum(nights["service_points"]), in_points, net, how)


_NET: Final = {"events": "events", "points": "net points"}


def _night(measure: str) -> Total:
    return Total("By night", f"{_NET[measure]} at the service", f"service_{measure}")


def _net(walked: Walked, line: WalkLine) -> Figure:
    earned = walked.figure(line, "points", Kind.EARNED)
    redeemed = walked.figure(line, "points", Kind.REDEEMED)
    return earned - redeemed
