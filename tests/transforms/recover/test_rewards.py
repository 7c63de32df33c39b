"""What a reward's values prove about its updates when the ledger that sent them is lost."""

import pytest

from transforms.recover.proofs import Said
from transforms.recover.rewards import LostUpdate, prove_reward
from transforms.vocabulary import How

EQUAL: list[str] = []
OTHER = ["amount"]
POSTED = Said("posted", None, "nightly-1")
DISCARDED = Said("discarded", "discarded by Ann", "nightly-1")


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        pytest.param([(EQUAL, None)], "p", id="equal"),
        pytest.param([(OTHER, None)], "h", id="other"),
        pytest.param([(None, None)], "h", id="no such reward"),
        pytest.param([(OTHER, POSTED)], "p", id="posted once, and changed since"),
        pytest.param([(OTHER, None), (EQUAL, None)], "hp", id="the last one is in force"),
        pytest.param([(OTHER, POSTED), (EQUAL, None)], "pp", id="the first one was posted before"),
        pytest.param([(EQUAL, None), (OTHER, None)], "ph", id="the first one is still in force"),
        pytest.param([(EQUAL, None), (OTHER, POSTED), (EQUAL, None)], "hpp", id="there and back"),
        pytest.param([(EQUAL, DISCARDED)], "d", id="discarded, and set by hand"),
        pytest.param([(OTHER, None), (EQUAL, DISCARDED)], "hd", id="discarded: no proof of anything before"),
    ],
)
def test_prove_reward(updates: list[tuple[list[str] | None, Said | None]], expected: str) -> None:
    lost = [LostUpdate(str(number), differing, said) for number, (differing, said) in enumerate(updates)]
    assert "".join(proof.state[0] for proof in prove_reward(lost, {})) == expected


def test_prove_reward_warns_of_setting_a_reward_back() -> None:
    first, _ = prove_reward([LostUpdate("a", OTHER, None), LostUpdate("b", EQUAL, None)], {})
    assert first.how is How.AMBIGUOUS
    assert "would set it back" in first.reason
