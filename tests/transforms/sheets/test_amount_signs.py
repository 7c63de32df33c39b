import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.sheets.amount_signs import AmountHabit, AmountSigns, amount_signs, tell_amounts, without_doubt


def signs(*texts: str | None, first_row: int = 2) -> AmountSigns:
    column = pd.Series(texts, dtype="str")
    return amount_signs(column, pd.Series(range(first_row, first_row + len(texts)), index=column.index))


def sure(*texts: str, said: str | None = None) -> list[str | None]:
    read = without_doubt(pd.Series(texts, dtype="str"), tell_amounts(signs(*texts), said))
    return [None if pd.isna(text) else text for text in read]


@pytest.mark.parametrize(
    ("texts", "decimals", "is_open"),
    [
        pytest.param(["1.250", "12,50"], ",", False, id="a comma before decimals"),
        pytest.param(["1.250", "1.250,00"], ",", False),
        pytest.param(["1.250", "1.250.000"], ",", False, id="dots that can be nothing but thousands"),
        pytest.param(["1.250", "12.50"], ".", False),
        pytest.param(["1.250", "1,250.00"], ".", False),
        pytest.param(["1.250", "0.125"], ".", False, id="nothing is a thousand with 0 before it"),
        pytest.param(["1.250", "1,250"], ".", True, id="a comma that may be thousands tells nothing"),
        pytest.param(["1.250", "$2.500", "7", None], ".", True, id="nothing tells"),
        pytest.param(["7", "12"], ".", False),
        pytest.param(["12.345", "5"], ".", False, id="no twelve thousand beside a five"),
        pytest.param(["1.345", "500"], ".", True, id="it may well be a thousand beside hundreds"),
        pytest.param(["1.250", "5"], ".", True, id="nobody types a zero at the end of a small number"),
        pytest.param(["1.345"], ".", True),
    ],
)
def test_the_whole_column_tells_what_a_dot_is(texts: list[str | None], decimals: str, is_open: bool) -> None:
    found = signs(*texts)
    assert (tell_amounts(found, None).decimals, found.is_open) == (decimals, is_open)


def test_no_cell_with_a_dot_is_sure_beside_a_comma() -> None:
    assert sure("1.250", "12,50", "12.50", "7") == [None, "12,50", None, "7"]


def test_a_comma_is_read_where_a_person_said_what_it_is() -> None:
    assert sure("1.250", "12,50", "-3,5", "7", said=",") == [None, "12.50", "-3.5", "7"]
    assert sure("1.250", "12,50", said=".") == ["1.250", "12,50"]


def test_the_cell_that_shows_a_comma_makes_no_other_habit() -> None:
    assert tell_amounts(signs("12,50"), None) == AmountHabit(",")


@given(st.lists(st.sampled_from(["1.250", "12,50", "12.50", "7", "1,250"]), max_size=6), st.integers(0, 6))
def test_parts_tell_what_the_whole_tells(texts: list[str], cut: int) -> None:
    parts = signs(*texts[:cut]) + signs(*texts[cut:], first_row=2 + len(texts[:cut]))
    assert parts == signs(*texts)
