"""Honest exports hold their reschedules and nothing else; every seeded correction is held."""

from pathlib import Path

import pytest

from tests.truth.honest_month import live_a_month, register_alone, studios


@pytest.mark.parametrize("with_corrections", [False, True])
def test_a_week_holds_what_was_moved_or_corrected_and_nothing_else(tmp_path: Path, *, with_corrections: bool) -> None:
    with studios(tmp_path) as (ledger, settings):
        outcome = live_a_month(
            ledger, settings, nights=8, seed=7, with_corrections=with_corrections, locations=1, take_in=register_alone
        )
    assert outcome.held_wrongly == ()
    assert outcome.not_held == ()
    assert outcome.held > 0
