"""Totals of clients and nights, as the services show them."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from flows.reports.equal_totals.total import EqualTotal, Figure, Total
from flows.reports.equal_totals.walked import Walked, line_of_walk
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


def of_nights(report: Report) -> Iterator[EqualTotal]:
    """Give what the service shows by night against the walk, which knows beside it what a balance proves."""
    walked = Walked(report)
    nights = rows(report, "nights")
    if not walked.has(WalkLine.AT_SERVICE):
        return
    proved = walked.figure(WalkLine.PROVED, "events", *_OF_POINTS)
    events = walked.figure(WalkLine.AT_SERVICE, "events", *_OF_POINTS) - proved
    net = _net(walked, WalkLine.AT_SERVICE) - _net(walked, WalkLine.PROVED)
    how = " − of these proved by the balance" if proved else ""
    at_service = line_of_walk(WalkLine.AT_SERVICE, "= at the service, events earned + redeemed", "earned_events")
    yield EqualTotal(_night("events"), whole_sum(nights["service_events"]), at_service, events, how)
    in_points = line_of_walk(WalkLine.AT_SERVICE, "= at the service, points earned − redeemed", "earned_points")
    yield EqualTotal(_night("points"), whole_sum(nights["service_points"]), in_points, net, how)
    for measure in ("events", "points"):
        due = whole_sum(nights[f"ledger_{measure}"]) + whole_sum(nights[f"breaks_{measure}"])
        total = Total("By night", f"{_NET[measure]} in the ledger + by breaks", f"ledger_{measure}")
        yield EqualTotal(total, due, _night(measure), whole_sum(nights[f"service_{measure}"]))


_NET: Final = {"events": "events", "points": "net points"}


def _night(measure: str) -> Total:
    return Total("By night", f"{_NET[measure]} at the service", f"service_{measure}")


def _net(walked: Walked, line: WalkLine) -> Figure:
    return walked.figure(line, "points", Kind.EARNED) - walked.figure(line, "points", Kind.REDEEMED)
