import pytest

from transforms.match.reasons import ReasonRefused, read_reason
from transforms.vocabulary import ReasonCode


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("timing", ReasonCode.TIMING, id="a code"),
        pytest.param("timing: comes tomorrow", ReasonCode.TIMING, id="a code and words"),
        pytest.param(" Entered by hand : by Kim", ReasonCode.ENTERED_BY_HAND, id="a code as people write it"),
        pytest.param("other: see the mail", ReasonCode.OTHER, id="other, and what"),
        pytest.param("typo", ReasonCode.OTHER, id="words"),
        pytest.param("asked Kim: she will look", ReasonCode.OTHER, id="words with a colon"),
    ],
)
def test_read_reason_finds_the_code(text: str, code: ReasonCode) -> None:
    assert read_reason(text) is code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(" ", "needs a reason", id="nothing"),
        pytest.param("other", "needs a reason", id="other, and not what"),
        pytest.param("entered_by_hnad: Kim", "did you mean entered_by_hand", id="a misspelt code"),
    ],
)
def test_read_reason_refuses(text: str, said: str) -> None:
    with pytest.raises(ReasonRefused, match=said):
        read_reason(text)
