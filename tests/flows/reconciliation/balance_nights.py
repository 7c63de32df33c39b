"""Four nights at one site with a client for each thing that can happen between two of our posts, or after the last.

The first night reads everybody: nobody was read before. Then the site is trusted; the second night takes what follows
from the balances as proved, the third lets everybody's turn come, and the fourth begins with what the third has found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from flows.ledger.connection import open_ledger
from flows.ledger.summary import Summary
from flows.sandbox import start_sandbox
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed

NAMES = (
    "turn",  # nothing else happens; of as many as are proved, one is read by turn in the second night
    "plain",  # the same, and its turn comes later
    "redeems",
    "hand_between",  # an entry by hand between two of our posts
    "cancels",  # two that cancel each other out, between two of our posts
    "hand_later",  # one after the last answer, under its own time
    "removed_between",  # an entry of ours is removed without a trace between two posts
    "removed_later",  # the same, with a post after
    "removed_at_last",  # the same, and nothing is posted any more
    "expired_between",
    "expired_later",
    "no_balance",  # the service tells no balance with its answers
    "half_balance",
    "off",  # one that is off by seven points
    "blind",  # one that knows nothing of what is done by hand, which is done between two posts
    "next_second",  # the service tells another time than was sent
    "listed_twice",
    "twice",  # the second post is committed twice
    "phantom",  # the second post is confirmed, in the balance too, and never committed
    "lost",  # the second answer is lost
    "refused",  # the second event is refused
    "killed",  # a request after the first reading has no answer: this process was killed
    "silent",  # a reading tells no balance
)
CLIENTS = {name: f"2{number:08}" for number, name in enumerate(NAMES, 101)}
_NEVER_AGAIN = {  # posted to
    "removed_at_last",
    "hand_later",
    "phantom",
}
_WAYS = (
    "no_balance={no_balance},half_balance={half_balance},wrong_balance={off}~7,blind_balance={blind},"
    "next_second={next_second},duplicate={listed_twice},read_no_balance={silent}"
)
_SECOND = ",twice={twice}*1,phantom={phantom}*1,drop_after={lost}*1"
FIRST, SECOND, THIRD, FOURTH = (f"2026-09-2{day}T17:00:00Z" for day in range(4))


@dataclass
class Nights:
    """The workplace, and how each night ended."""

    place: Workplace
    ended: list[Summary] = field(default_factory=list)
    breaks: list[dict[str, list[str]]] = field(default_factory=list)  # after each night, by name: class and points

    def whys(self, name: str) -> list[str]:
        """Why the client was read, each time."""
        client = CLIENTS[name]
        sql = f"SELECT why FROM balance_readings WHERE client_id = '{client}' ORDER BY reading_id"  # noqa: S608
        return [row["why"] for row in self.place.rows(sql)]

    def proof(self, night: int, name: str) -> str | None:
        """How the night proved the client: read, or balance; None where it did neither."""
        told = self.ended[night - 1].to_json()["proved"]
        return next((one["by"] for one in told if one["client_id"] == CLIENTS[name]), None)


def play(folder: Path, proof: str, database_url: str | None = None) -> Nights:
    """Let the four nights pass."""
    state = folder / "sandbox.json"
    options = ("--extra-clients", "400")
    with start_sandbox(state=state, faults=_WAYS.format(**CLIENTS), options=options) as ready:
        nights = Nights(_place(folder, ready, database_url, proof))
        _night(nights, "first.csv", {name: [earned(client, 10, FIRST)] for name, client in CLIENTS.items()})
        _between(nights.place)
    with start_sandbox(state=state, faults=(_WAYS + _SECOND).format(**CLIENTS), options=options) as ready:
        nights.place = _place(folder, ready, database_url, proof)
        _night(nights, "second.csv", {name: _second(name, client) for name, client in CLIENTS.items()})
        _after(nights.place)
        nights.place = _place(folder, ready, database_url, proof, full_read_days=1)
        third = {name: [earned(client, 30, THIRD)] for name, client in CLIENTS.items() if name not in _NEVER_AGAIN}
        _night(nights, "third.csv", third)
        nights.place = _place(folder, ready, database_url, proof)
        _night(nights, "fourth.csv", {"plain": [earned(CLIENTS["plain"], 40, FOURTH)]})
    return nights


def trust(place: Workplace, agreed: int = 200, site_id: str = "-99") -> None:
    """Give the ledger so many readings that agreed with a chain, as nights before would have left them."""
    with open_ledger(place.settings) as ledger, ledger.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO balance_readings (site_id, client_id, run_id, read_at, why, balance, is_base,"
                " last_attempt_id, links_count, chain_balance, agrees)"
                " SELECT :site_id, 'somebody', max(run_id), max(started_at), 'of before', 1, false, 0, 1, 1, true"
                " FROM runs"
            ),
            [{"site_id": site_id}] * agreed,
        )


def _place(
    folder: Path, ready: Mapping[str, Any], database_url: str | None, proof: str, full_read_days: int = 7
) -> Workplace:
    place = open_workplace(folder, ready, database_url=database_url)
    told = place.config.read_text("utf-8")  # ends with the section [reconcile]
    place.config.write_text(f'{told}proof = "{proof}"\nfull_read_days = {full_read_days}\n', "utf-8")
    return place


def _night(nights: Nights, name: str, rows: Mapping[str, list[str]]) -> None:
    place = nights.place
    place.put(name, *(row for of_client in rows.values() for row in of_client))
    nights.ended.append(place.run())
    names = {client: name for name, client in CLIENTS.items()}
    found: dict[str, list[str]] = {}
    for row in place.rows("SELECT class, client_id, points FROM breaks WHERE state = 'open' ORDER BY class, points"):
        found.setdefault(names[row["client_id"]], []).append(f"{row['class']} {row['points']}")
    nights.breaks.append(found)


def _second(name: str, client: str) -> list[str]:
    if name == "refused":
        # It has only 10 points.
        return [redeemed(client, 500, SECOND)]
    return [redeemed(client, 4, SECOND) if name == "redeems" else earned(client, 20, SECOND)]


def _between(place: Workplace) -> None:
    """What happens after the first night."""
    trust(place)
    # On the day of the second event, so that whoever reads that day alone sees it.
    _desk(place, "transactions", "hand_between", Action="Earned", Points=50, ActionDateTime="2026-09-21T18:00:00Z")
    _desk(place, "transactions", "blind", Action="Earned", Points=50, ActionDateTime="2026-09-21T18:00:00Z")
    _desk(place, "transactions", "cancels", Action="Earned", Points=7, ActionDateTime="2026-09-21T18:00:00Z")
    _desk(place, "transactions", "cancels", Action="Redeemed", Points=7, ActionDateTime="2026-09-21T19:00:00Z")
    _desk(place, "remove", "removed_between", ActionDateTime=FIRST)
    _desk(place, "expire", "expired_between", Points=3)
    with open_ledger(place.settings) as ledger, ledger.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO attempts (event_id, run_id, claimed_at, lease_until, fingerprint, lane)"
                " SELECT event_id, run_id, claimed_at, lease_until, fingerprint, lane FROM attempts"
                " WHERE lane = :lane"
            ),
            {"lane": f"mindbody:-99:{CLIENTS['killed']}"},
        )


def _after(place: Workplace) -> None:
    """What happens after the second night."""
    _desk(place, "transactions", "hand_later", Action="Earned", Points=50)
    _desk(place, "remove", "removed_later", ActionDateTime=SECOND)
    _desk(place, "remove", "removed_at_last", ActionDateTime=SECOND)
    _desk(place, "expire", "expired_later", Points=3)


def _desk(place: Workplace, what: str, name: str, **fields: Any) -> None:
    status, answer = place.talk.post_json(f"/sandbox/desk/{what}", {"ClientId": CLIENTS[name], **fields})
    assert status == 200, answer
