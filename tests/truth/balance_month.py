"""A month of nights with the proof by the balance on and off: what each finds, told by client and points.

Between the nights people enter, remove and cancel out, points expire, and the service commits twice or not at all,
tells no balance or a wrong one, and loses answers; on both sides of the comparison the same, drawn from one seed.
"""

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.sandbox import start_sandbox
from tests.flows.reconciliation.balance_nights import trust
from tests.flows.workplace import Workplace, earned, open_workplace

# By chance, which depends on what is posted and not on when: both sides meet the same.
WAYS = (
    "mb:twice%0.02,mb:phantom%0.02,mb:drop_after%0.02,mb:no_balance%0.03,mb:half_balance%0.03,mb:next_second%0.03,"
    "mb:duplicate%0.03,seed={seed}"
)
TROUBLES = ("hand", "hand", "cancels", "removed", "expired")
Found = Counter[tuple[str, int]]


@dataclass(frozen=True)
class Month:
    """What a month came to."""

    found: Found  # open breaks, once everybody was read
    proved: int  # how often a client was proved by its balance
    calls: int


def live_a_month(folder: Path, proof: str, seed: int, *, nights: int, clients_count: int) -> Month:
    """Live the nights of a seed, and read everybody in a last one."""
    folder.mkdir()
    drawn = random.Random(seed)  # noqa: S311 - repeatable, not a secret
    proved = calls = 0
    options = ("--extra-clients", str(clients_count))
    with start_sandbox(state=folder / "sandbox.json", faults=WAYS.format(seed=seed), options=options) as ready:
        clients = ready["mindbody"]["client_ids"][-clients_count:]
        for night in range(nights):
            place = _place(folder, ready, proof)
            # At first and at last everybody, so that whatever came before is seen by both.
            chosen = clients if night in (0, nights - 1) else drawn.sample(clients, clients_count // 2)
            place.put(f"{night}.csv", *(_event(client, night, drawn.randrange(9)) for client in chosen))
            ended = place.run()
            proved += sum(one["by"] == "balance" for one in ended.to_json()["proved"])
            calls += ended.calls_made or 0
            trust(place)
            if night < nights - 1:
                for client in drawn.sample(clients, 2):
                    _trouble(place, client, night, drawn)
        # Everybody's turn.
        ended = _place(folder, ready, proof, full_read_days=1).run()
        assert not [one for one in ended.to_json()["proved"] if one["by"] == "balance"]
        rows = place.rows("SELECT client_id, points FROM breaks WHERE state <> 'closed'")
        return Month(Counter((row["client_id"], row["points"]) for row in rows), proved, calls)


def _place(folder: Path, ready: dict[str, Any], proof: str, full_read_days: int = 7) -> Workplace:
    place = open_workplace(folder, ready, calls_per_day=1_000_000)
    told = place.config.read_text("utf-8")  # ends with the section [reconcile]
    place.config.write_text(f'{told}proof = "{proof}"\nfull_read_days = {full_read_days}\n', "utf-8")
    return place


def _event(client: str, night: int, more: int) -> str:
    """Return an event that is like none of another night, or it would be held for looking like that one, corrected."""
    return earned(client, 100 + 10 * night + more, f"2026-09-{1 + night:02}T17:00:00Z")


def _trouble(place: Workplace, client: str, night: int, drawn: random.Random) -> None:
    """Let something happen to a client after a night, told by an amount that nothing else has."""
    points = 1000 + night
    # Of the days that both read, when the client's next event comes.
    by_hand = {"ClientId": client, "Points": points, "ActionDateTime": f"2026-09-{1 + night:02}T18:00:00Z"}
    match drawn.choice(TROUBLES):
        case "hand":
            _desk(place, "transactions", {**by_hand, "Action": "Earned"})
        case "cancels":
            _desk(place, "transactions", {**by_hand, "Action": "Earned"})
            _desk(place, "transactions", {**by_hand, "Action": "Redeemed"})
        case "removed":
            removed = {"ClientId": client, "ActionDateTime": f"2026-09-{1 + night:02}T17:00:00Z"}
            place.talk.post_json("/sandbox/desk/remove", removed)  # where it has one of that night
        case "expired":
            _desk(place, "expire", {"ClientId": client, "Points": points})


def _desk(place: Workplace, what: str, fields: dict[str, Any]) -> None:
    status, answer = place.talk.post_json(f"/sandbox/desk/{what}", fields)
    assert status == 200, answer
