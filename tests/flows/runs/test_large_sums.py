"""Sums past 64 bits and past 28 digits: exact in every figure, and no night stops for them."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from flows.sandbox.seed import PAYOUTS
from tests.flows.command import Command
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed

LARGEST = 2**63 - 1
CLIENTS = ["200000001", "200000002", "200000003"]
AMOUNTS = ["9999999999999999999999999999", "0.0000000000000000000000000001", "7"]
UNGUARDED = f"\n[guards]\nmax_points_per_event = {LARGEST}\n"


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with start_sandbox(state=tmp_path / "sandbox.db", options=("--extra-clients", "9")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    workplace = open_workplace(tmp_path / "work", ready)
    text = workplace.config.read_text()
    return workplace.configure(f'database_url = "{database_url}"\n{text}')


def add_settings(workplace: Workplace, text: str) -> None:
    workplace.config.write_text(workplace.config.read_text() + text)


@pytest.mark.first_case
@pytest.mark.postgresql
def test_points_past_64_bits_are_posted_summed_and_tied(workplace: Workplace, bare_tieout: Command) -> None:
    add_settings(workplace, UNGUARDED)
    workplace.put("a.csv", *(earned(client, LARGEST) for client in CLIENTS))
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    figures = {key: ended.json[key] for key in ("accepted", "posted", "points_earned", "breaks_open", "ties_out")}
    assert figures == {
        "accepted": 3, "posted": 3, "points_earned": 3 * LARGEST, "breaks_open": 0, "ties_out": True
    }  # fmt: skip
    assert (ended.code, ended.err.count("tieout:")) == (0, 0)


@pytest.mark.long
def test_a_later_night_and_a_reconciliation_go_on_after_such_a_sum(workplace: Workplace, bare_tieout: Command) -> None:
    add_settings(workplace, UNGUARDED)
    workplace.put("a.csv", *(earned(client, LARGEST) for client in CLIENTS))
    bare_tieout("run", "--plain", "--config", workplace.config)
    workplace.put("b.csv", redeemed(CLIENTS[0], LARGEST), redeemed(CLIENTS[1], LARGEST), redeemed(CLIENTS[2], 1))
    second = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    whole = bare_tieout("reconcile", "--plain", "--json", "--since", "2026-09-01", "--config", workplace.config)
    again = bare_tieout("report", "latest", "--config", workplace.config)
    assert (second.code, second.json["points_redeemed"], whole.code, again.code) == (0, 2 * LARGEST + 1, 0, 0)


@pytest.mark.long
def test_points_past_64_bits_that_a_guard_holds_are_planned_and_listed(
    workplace: Workplace, bare_tieout: Command
) -> None:
    file = workplace.put("../held.csv", *(earned(client, LARGEST) for client in CLIENTS))
    planned = bare_tieout("plan", file, "--json", "--config", workplace.config)
    listed = bare_tieout("plan", "--config", workplace.config)
    assert (planned.code, listed.code) == (1, 1)
    assert f"{LARGEST:,}" in listed.out or f"{3 * LARGEST:,}" in listed.out


@pytest.mark.long
def test_the_points_of_a_run_are_held_by_their_guard(workplace: Workplace, bare_tieout: Command) -> None:
    add_settings(workplace, UNGUARDED + f"max_points_per_run = {LARGEST}\n")
    workplace.put("a.csv", *(earned(client, LARGEST) for client in CLIENTS))
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert (ended.code, ended.json["held"], ended.json["posted"]) == (1, 3, 0)


@pytest.mark.long
def test_amounts_are_summed_to_their_last_digit(
    workplace: Workplace, ready: dict[str, Any], bare_tieout: Command
) -> None:
    rewards = ready["referral_rock"]["reward_ids"][3:6]  # those are pending
    payout = next(iter(PAYOUTS))
    rows = [f"{reward},{payout},{amount}" for reward, amount in zip(rewards, AMOUNTS, strict=True)]
    workplace.put("r.csv", *rows, headings="RewardId,PayoutId,Amount")
    ended = bare_tieout("run", "--plain", "--json", "--config", workplace.config)
    assert ended.json["posted"] == 3
    assert Decimal(ended.json["amount_updated"]) == Decimal(
        "10000000000000000000000000006.0000000000000000000000000001"
    )
    assert ended.json["ties_out"] is True
