"""What a reviewer would count by hand: from the sheets as they were handed in, and the service's own log, alone.

Nothing of the product is imported or asked, not even its words for kinds and states: what it tells is held against what
stands here. Points are gross; a night is a number from 0 on.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Line = dict[str, str]
Places = Counter[tuple[str, int]]  # file and row, as a spreadsheet numbers them
KINDS = {"Earned": "earned", "Redeemed": "redeemed"}
SIGNS = {"Earned": 1, "Redeemed": -1, "Returned": -1, "Removed": -1, "LateCanceled": -1}


@dataclass(frozen=True)
class Sheet:
    """A file as it was handed in on a night."""

    night: int
    name: str
    text: str

    def lines(self) -> Iterator[tuple[int, Line]]:
        """Give the rows with the numbers that a spreadsheet shows."""
        yield from enumerate(csv.DictReader(self.text.splitlines()), start=2)


@dataclass
class Counted:
    """What one night comes to."""

    read: Places = field(default_factory=Counter)
    rejected: Places = field(default_factory=Counter)
    duplicate: Places = field(default_factory=Counter)
    refused: Places = field(default_factory=Counter)
    posted: Places = field(default_factory=Counter)
    lines: dict[tuple[str, int], Line] = field(default_factory=dict)
    replaced: Places = field(default_factory=Counter)

    @property
    def accepted(self) -> Places:
        return self.refused + self.posted

    def sums(self, places: Places) -> dict[tuple[str, str], tuple[int, int, Decimal]]:
        """Return events, points and amount by site ("" for rewards) and kind ("" where no cell tells it)."""
        found: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
        for place in places.elements():
            line = self.lines[place]
            sums = found[line.get("SiteId", ""), kind_of(line)]
            sums[0] += 1
            sums[1] += int(line["Points"]) if line.get("Points", "").isdigit() else 0
            sums[2] += Decimal(line["Amount"]) if line.get("Amount") else 0
        return {key: (events, points, amount) for key, (events, points, amount) in found.items()}


def kind_of(line: Line) -> str:
    return "reward_update" if "RewardId" in line else KINDS.get(line["Action"], "")


def count_nights(sheets: Iterable[Sheet], log: list[Mapping[str, Any]], begins: list[int]) -> list[Counted]:
    """Count every night; ``begins`` says how many lines of the log there were as each began."""
    nights: list[Counted] = []
    known: set[tuple[str, ...]] = set()
    for night, begin in enumerate(begins):
        counted = Counted()
        new: list[tuple[str, int]] = []
        for sheet in (one for one in sheets if one.night == night):
            for row, line in sheet.lines():
                place = (sheet.name, row)
                counted.lines[place] = line
                counted.read[place] += 1
                identity = tuple(value for name, value in line.items() if name != "Receipt")
                if _is_bad(line):
                    counted.rejected[place] += 1
                elif identity in known:
                    counted.duplicate[place] += 1
                else:
                    new.append(place)
                    known.add(identity)
        _send(counted, new, balances(log[:begin]))
        nights.append(counted)
    return nights


def _send(counted: Counted, new: list[tuple[str, int]], purse: Counter[tuple[str, str]]) -> None:
    """Send what is new in the order of its times: nobody spends what he has not got, or is not known."""
    set_to: dict[str, tuple[str, int]] = {}
    for place in sorted(new, key=lambda one: counted.lines[one].get("ActionDateTime", "")):
        line = counted.lines[place]
        if "RewardId" in line:
            # Of two updates of a reward the last word counts: the one before is taken off the walk.
            if line["RewardId"] in set_to:
                counted.replaced[set_to[line["RewardId"]]] += 1
            set_to[line["RewardId"]] = place
        client, points = (line.get("SiteId", ""), line.get("ClientId", "")), int(line.get("Points") or 0)
        spends = points if line.get("Action") == "Redeemed" else 0
        if line.get("ClientId") == "nobody" or spends > purse[client]:
            counted.refused[place] += 1
        else:
            counted.posted[place] += 1
            purse[client] += points - 2 * spends


def _is_bad(line: Line) -> bool:
    if "RewardId" in line:
        return not line["PayoutId"]
    return not (line["ClientId"] and line["Points"].isdigit() and line["Action"] in KINDS)


def balances(log: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    """Return what each client has by the log alone; clients of a month begin with nothing."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in entries(log):
        found[entry["site_id"], entry["client_id"]] += SIGNS[entry["action"]] * entry["points"]
    return found


def entries(log: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [line for line in log if line["service"] == "mindbody"]


def by_day(counted: Counted, zone: ZoneInfo) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return events, points earned and redeemed of what was posted to clients, by day of the site's clock and site."""
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for place in counted.posted.elements():
        line = counted.lines[place]
        if "RewardId" not in line:
            sums = found[day_of(line["ActionDateTime"], zone), line["SiteId"]]
            sums[0] += 1
            sums[1 if line["Action"] == "Earned" else 2] += int(line["Points"])
    return {key: (events, earned, redeemed) for key, (events, earned, redeemed) in found.items()}


def day_of(at: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(at).astimezone(UTC).astimezone(zone).date().isoformat()


def by_client(counted: Counted) -> dict[tuple[str, str], tuple[int, int]]:
    """Return points earned and redeemed that were posted to each client of a site."""
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for place in counted.posted.elements():
        line = counted.lines[place]
        if "RewardId" not in line:
            found[line["SiteId"], line["ClientId"]][0 if line["Action"] == "Earned" else 1] += int(line["Points"])
    return {client: (earned, redeemed) for client, (earned, redeemed) in found.items()}


def at_service(
    log: Iterable[Mapping[str, Any]], clients: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return events and gross points that the service holds of these clients, by site and kind."""
    wanted = set(clients)
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries(log):
        if (entry["site_id"], entry["client_id"]) in wanted:
            sums = found[entry["site_id"], "earned" if entry["action"] == "Earned" else "redeemed"]
            sums[0] += 1
            sums[1] += entry["points"]
    return {key: (events, points) for key, (events, points) in found.items()}


def by_night(
    log: Iterable[Mapping[str, Any]], clients: Iterable[tuple[str, str]], zone: ZoneInfo
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return events and net points that the service holds of these clients, by site and night of the site's clock."""
    wanted = set(clients)
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries(log):
        if (entry["site_id"], entry["client_id"]) in wanted:
            sums = found[entry["site_id"], day_of(entry["action_date_time"], zone)]
            sums[0] += 1
            sums[1] += SIGNS[entry["action"]] * entry["points"]
    return {key: (events, points) for key, (events, points) in found.items()}


def rewards_set_to(log: Iterable[Mapping[str, Any]], updates: Iterable[str]) -> Decimal:
    """Return what the service has of these rewards in the end."""
    last = {line["reward_id"]: Decimal(line["amount"]) for line in log if line.get("reward_id") and line["amount"]}
    return sum((last[reward] for reward in set(updates)), start=Decimal(0))


def sent_and_there(log: Iterable[Mapping[str, Any]], unread: str) -> dict[tuple[str, str], tuple[int, int, Decimal]]:
    """Return events, points and amount by site and kind of what came by the service's interface, and is shown.

    What people entered at the desk is none, and of the client `unread` nothing is seen.
    """
    found: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
    for line in log:
        if line["actor"] == "desk" or line.get("client_id") == unread:
            continue
        kind = "reward_update" if line.get("reward_id") else KINDS[line["action"]]
        sums = found[line.get("site_id") or "", kind]
        sums[0] += 1
        sums[1] += line.get("points") or 0
        sums[2] += Decimal(line["amount"]) if line.get("amount") else 0
    return {key: (events, points, amount) for key, (events, points, amount) in found.items()}
