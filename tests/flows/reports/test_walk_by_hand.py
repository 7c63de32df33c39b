"""The figures of the walk, counted anew from the sheets and the service's own log: nothing of the product counts."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.workplace import HEADINGS, PASSWORD, Workplace, further_sites, open_workplace

# One client's entry lands twice, one is answered and never lands.
FAULTS = "mb:twice=200000001*1,mb:phantom=200000002*1"
SITED = f"SiteId,{HEADINGS}"
UPDATES = "RewardId,PayoutId,Amount"
FIRST = [
    "-99,200000001,10,Earned,Sale,,2026-09-20T17:00:00Z",
    "-99,200000002,20,Earned,Sale,,2026-09-20T17:00:00Z",
    "-99,200000003,30,Earned,Sale,,2026-09-20T17:00:00Z",
    "-99,200000003,5,Redeemed,,,2026-09-21T17:00:00Z",
    "1001,200000004,7,Earned,Sale,,2026-09-20T17:00:00Z",
    "1001,200000004,2,Redeemed,,,2026-09-21T17:00:00Z",
    "1001,nobody,9,Earned,Sale,,2026-09-20T17:00:00Z",
    "1001,,4,Earned,Sale,,2026-09-20T17:00:00Z",
    "1001,200000005,6,Earnd,Sale,,2026-09-20T17:00:00Z",
    "-99,200000005,ten,Redeemed,,,2026-09-20T17:00:00Z",
]
SECOND = [
    *FIRST[2:6],
    "1001,200000005,11,Earned,Sale,,2026-09-20T17:00:00Z",
]
Figures = dict[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True)
class Nights:
    workplace: Workplace
    first: dict[str, Any]
    second: dict[str, Any]
    summary: dict[str, Any]
    rewards: list[str]
    log: list[dict[str, Any]]
    log_of_first: list[dict[str, Any]]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("walk")
    with start_sandbox(
        state=folder / "sandbox.db", faults=FAULTS, options=("--more-sites", "1", "--extra-clients", "6")
    ) as ready:
        workplace = open_workplace(folder, ready)
        text = workplace.config.read_text(encoding="utf-8")
        sites = further_sites({"1001": PASSWORD})
        workplace.configure(text + sites)
        rewards = ready["referral_rock"]["reward_ids"][3:6]
        payout = "35b10000-0000-4000-8000-000000000001"
        workplace.put("a.csv", *FIRST, headings=SITED)
        workplace.put("r.csv", f"{rewards[0]},{payout},25", f"{rewards[1]},{payout},7.50", headings=UPDATES)
        first = workplace.run()
        log_of_first = workplace.commits()
        by_hand = {"ClientId": "200000003", "Action": "Earned", "Points": 44, "Source": "Sale"}
        workplace.talk.post_json("/sandbox/desk/transactions", {**by_hand, "ActionDateTime": "2026-09-20T18:00:00Z"})
        workplace.put("b.csv", *SECOND, headings=SITED)
        workplace.put("s.csv", f"{rewards[0]},{payout},30", f"{rewards[2]},,1", headings=UPDATES)
        second = workplace.run()
        yield Nights(
            workplace,
            record_of(first.report),
            record_of(second.report),
            second.to_json(),
            rewards,
            workplace.commits(),
            log_of_first,
        )


def record_of(workbook: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(workbook.with_suffix(".json").read_text(encoding="utf-8"))
    return record


def line(record: dict[str, Any], name: str) -> Figures:
    """Return a line of points as the report has it: (site, kind) to events and points."""
    found = [one for one in record["walk"] if one["line"] == name and one["kind"] != "reward_update"]
    return {(one["site_id"] or "", one["kind"] or ""): (one["events"], one["points"]) for one in found if one["events"]}


def amount(record: dict[str, Any], name: str) -> tuple[int, Decimal]:
    found = [one for one in record["walk"] if one["line"] == name and one["kind"] == "reward_update"]
    return sum(one["events"] for one in found), sum((Decimal(str(one["amount"])) for one in found), Decimal(0))


def counted(rows: list[dict[str, str]]) -> Figures:
    sums: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        kind = row["Action"].lower() if row["Action"] in {"Earned", "Redeemed"} else ""
        sums[row["SiteId"], kind].append(int(row["Points"]) if row["Points"].isdigit() else 0)
    return {key: (len(points), sum(points)) for key, points in sums.items()}


def read(rows: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader([SITED, *rows]))


def is_bad(row: dict[str, str]) -> bool:
    is_known_action = row["Action"] in {"Earned", "Redeemed"}
    return not (row["ClientId"] and row["Points"].isdigit() and is_known_action)


def in_log(lines: list[dict[str, Any]], *clients: str) -> Figures:
    entries = [one for one in lines if one.get("client_id") in clients]
    rows = [{"SiteId": one["site_id"], "Action": one["action"], "Points": str(one["points"])} for one in entries]
    return counted(rows)


def test_the_lines_of_the_sheets_are_what_the_sheets_hold(nights: Nights) -> None:
    for record, rows, before in ((nights.first, read(FIRST), []), (nights.second, read(SECOND), read(FIRST))):
        good = [row for row in rows if not is_bad(row)]
        assert line(record, "in_sheets") == counted(rows)
        assert line(record, "needs_fixing") == counted([row for row in rows if is_bad(row)])
        assert line(record, "known") == counted([row for row in good if row in before])
        assert line(record, "accepted") == counted([row for row in good if row not in before])


@pytest.mark.long
def test_what_was_posted_is_what_no_service_turned_down(nights: Nights) -> None:
    good = [row for row in read(FIRST) if not is_bad(row)]
    assert line(nights.first, "turned_down") == counted([row for row in good if row["ClientId"] == "nobody"])
    assert line(nights.first, "posted") == counted([row for row in good if row["ClientId"] != "nobody"])


def test_at_the_service_is_what_its_own_log_holds(nights: Nights) -> None:
    clients = ("200000001", "200000002", "200000003", "200000004")
    assert line(nights.first, "at_service") == in_log(nights.log_of_first, *clients)
    assert line(nights.first, "twice") == {("-99", "earned"): (1, 10)}
    assert line(nights.first, "not_there") == {("-99", "earned"): (1, 20)}


def test_somebody_elses_entry_is_a_line_of_its_own(nights: Nights) -> None:
    by_hand = [one for one in nights.log if one["actor"] != "api" and one.get("client_id") == "200000003"]
    others = line(nights.second, "others")
    # The second night reads this client only where it has a reason to: then the entry is there, to the point.
    assert others in ({}, in_log(by_hand, "200000003"))


def test_a_reward_counts_for_what_it_is_set_to_in_the_end(nights: Nights) -> None:
    set_to = {one["reward_id"]: Decimal(one["amount"]) for one in nights.log if one.get("reward_id")}
    ours = [set_to[reward] for reward in nights.rewards[:2]]
    assert amount(nights.first, "posted") == (2, Decimal("32.50"))
    assert amount(nights.second, "in_sheets") == (2, Decimal(31))
    assert amount(nights.second, "posted") == (1, Decimal(30))
    assert amount(nights.second, "at_service") == (2, sum(ours))


def test_every_walk_closes_and_the_services_are_said_to_disagree(nights: Nights) -> None:
    for record in (nights.first, nights.second):
        off = [one["name"] for one in record["ties"] if not one["ties"]]
        assert (off, record["totals"]["ties_out"], record["totals"]["agrees"]) == ([], True, False)
    assert (nights.summary["ties_out"], nights.summary["agrees"]) == (True, False)
    assert "The services do not agree, by " in nights.second["verdict"]


def moved(lines: list[dict[str, Any]], client: tuple[str, str]) -> int:
    """Return by how much entries of the log moved a client's points: whatever is not earned takes away."""
    mine = [one for one in lines if (one.get("site_id"), one.get("client_id")) == client]
    return sum(one["points"] if one["action"] == "Earned" else -one["points"] for one in mine)


def test_every_balance_goes_from_one_end_to_the_other_as_the_service_has_it(nights: Nights) -> None:
    for record, log in ((nights.first, nights.log_of_first), (nights.second, nights.log)):
        told = {(one["site_id"], one["client_id"]): one for one in record["balances"]}
        is_known = {client for client, one in told.items() if one["proof"] == "read" and one["difference"] is not None}
        known = {client: told[client] for client in is_known}
        assert known
        # The clients of the sandbox begin with nothing, so that what its log holds is what they have.
        assert {client: one["closing"] for client, one in known.items()} == {
            client: moved(log, client) for client in known
        }
        assert {one["difference"] for one in known.values()} == {0}


def test_what_was_posted_by_client_is_what_was_posted(nights: Nights) -> None:
    for record in (nights.first, nights.second):
        posted = line(record, "posted")
        for kind, name in (("earned", "earned"), ("redeemed", "redeemed")):
            in_walk = sum(points for (_, of_kind), (_, points) in posted.items() if of_kind == kind)
            assert sum(one[name] for one in record["balances"]) == in_walk
