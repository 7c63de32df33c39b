"""With the proof by the balance on, a month finds what it finds with every client read, at the latest after the turn.

A few nights here; whole months by `make prove`, and by `make truth`.
"""

from pathlib import Path

import pytest

from tests.truth.balance_month import live_a_month


@pytest.mark.parametrize(
    ("seed", "nights", "clients"),
    [
        pytest.param(3, 3, 10, id="three nights"),
        pytest.param(1, 30, 40, id="a month", marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
        pytest.param(2, 30, 40, id="another month", marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
def test_the_same_is_found_with_the_proof_on_and_off(tmp_path: Path, seed: int, nights: int, clients: int) -> None:
    on = live_a_month(tmp_path / "on", "balance", seed, nights=nights, clients_count=clients)
    off = live_a_month(tmp_path / "off", "read", seed, nights=nights, clients_count=clients)
    assert (on.proved > nights, off.proved) == (True, 0), on.proved
    assert off.found.total() >= nights // 3
    assert not off.found - on.found, (off.found - on.found, on.found - off.found)
    assert on.calls < off.calls
