import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from transforms.sheets.letters import are_plain, letters_of

_TEXTS = st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=6)), max_size=12)


@given(_TEXTS, st.integers(0, 12), st.integers(0, 12))
def test_letters_are_those_of_the_cells_of_a_part_too(texts: list[str | None], first: int, last: int) -> None:
    column = pd.Series(texts, dtype="str")
    for part in (column.iloc[first:last], pd.concat([column, column])[first:last], column[column.notna()]):
        assert letters_of(part) == "".join(part.dropna().to_list()).encode()


@given(_TEXTS)
def test_plain_is_what_python_calls_printable_ascii(texts: list[str | None]) -> None:
    joined = "".join(text or "" for text in texts)
    assert are_plain(joined.encode()) == (joined.isascii() and joined.isprintable())


def test_letters_of_a_column_that_is_no_arrow() -> None:
    assert letters_of(pd.Series(["a", None, "é"], dtype=object)) == "aé".encode()
