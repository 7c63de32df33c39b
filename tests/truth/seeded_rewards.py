"""Makes the last updates of rewards with known breaks of every class that an update can end in.

A service has far more rewards than anybody updates; those are there too, and must come out as nothing.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

from tests.truth.compare import TOLERANCES, Line
from tests.truth.seeded import GRACE, NOW
from transforms.match.rewards import match_rewards
from transforms.vocabulary import Outcome

BREAKS = (
    Outcome.LATE,
    Outcome.MISSING_REMOTE,
    Outcome.AMOUNT_MISMATCH,
    Outcome.TIME_MISMATCH,
    Outcome.STATUS_MISMATCH,
    Outcome.REFUSED,
    Outcome.UNKNOWN,
)
_STATES = {Outcome.REFUSED: "refused", Outcome.UNKNOWN: "unknown"}
_DAY = date(2026, 11, 1)


@dataclass(frozen=True)
class RewardSides:
    """What the ledger set, what the service has, and how each update must come out (by event id)."""

    events: pd.DataFrame
    remote: pd.DataFrame
    truth: "pd.Series[str]"


def seed_rewards(updates_count: int, breaks_count: int, seed: int) -> RewardSides:
    """Make `updates_count` updates, with `breaks_count` breaks spread evenly over the classes."""
    random = np.random.default_rng(seed)
    classes = np.full(updates_count, str(Outcome.MATCHED), dtype=object)
    places = random.choice(updates_count, breaks_count, replace=False)
    classes[places] = [str(BREAKS[number % len(BREAKS)]) for number in range(breaks_count)]
    events = _events(random, updates_count, classes)
    strangers = pd.DataFrame({"reward_id": [f"stranger-{number}" for number in range(updates_count // 2)]})
    remote = pd.concat([_remote(events, classes), strangers], ignore_index=True)
    truth = pd.Series(classes, index=events["event_id"], dtype="str")
    return RewardSides(
        *(side.sample(frac=1, random_state=seed).reset_index(drop=True) for side in (events, remote)), truth
    )


def compare_rewards(sides: RewardSides) -> list[Line]:
    """Match the sides and return one line per class."""
    found = match_rewards(sides.events, sides.remote, TOLERANCES).set_index("event_id")["outcome"]
    found = found.reindex(sides.truth.index)
    return [
        Line(
            str(name),
            int(sides.truth.eq(name).sum()),
            int(found.eq(name).sum()),
            int((sides.truth.eq(name) & found.eq(name)).sum()),
        )
        for name in (Outcome.MATCHED, *BREAKS)
    ]


def _events(random: np.random.Generator, count: int, classes: np.ndarray) -> pd.DataFrame:
    cents = random.integers(100, 100_000, count)
    # Half of them leave a field out, which then is not compared; a class about that field needs it.
    has_day = (random.random(count) < 0.5) | (classes == Outcome.TIME_MISMATCH)
    return pd.DataFrame(
        {
            "event_id": [f"{number:024x}" for number in random.permutation(count)],
            "state": [_STATES.get(Outcome(name), "posted") for name in classes],
            "settled_at": pd.Series(NOW - np.where(classes == Outcome.LATE, GRACE / 2, 3 * GRACE)),
            "reward_id": [f"reward-{number}" for number in range(count)],
            "payout_id": [f"payout-{number}" for number in random.integers(0, 5, count)],
            "amount": pd.Series([Decimal(int(amount)) / 100 for amount in cents], dtype="object"),
            "eligibility_on": pd.Series([_DAY if is_set else None for is_set in has_day], dtype="object"),
            "description": pd.Series([None] * count, dtype="object"),
        }
    )


def _remote(events: pd.DataFrame, classes: np.ndarray) -> pd.DataFrame:
    fields = ["payout_id", "amount", "eligibility_on", "description"]
    remote = events[["reward_id", *fields]].rename(columns={name: f"remote_{name}" for name in fields})
    outcome = pd.Series(classes, dtype="str")
    is_off = outcome.eq(Outcome.AMOUNT_MISMATCH)
    remote.loc[is_off, "remote_amount"] = remote.loc[is_off, "remote_amount"] + Decimal("0.01")
    remote.loc[outcome.eq(Outcome.TIME_MISMATCH), "remote_eligibility_on"] = _DAY + timedelta(days=1)
    remote.loc[outcome.eq(Outcome.STATUS_MISMATCH), "remote_payout_id"] = "another payout"
    return remote[~outcome.isin([Outcome.LATE, Outcome.MISSING_REMOTE])]
