import pandas as pd
import pytest

from transforms.sheets.cells import WHOLE, is_whole, parse_choice
from transforms.sheets.distinct import judge_each, say_of_each

FEW = ["1", "x", None, "2"] * 400
MANY = [str(number) for number in range(1_500)] + [None, "x"]


@pytest.mark.parametrize(
    "texts", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many"), pytest.param([], id="none")]
)
def test_each_distinct_value_is_judged_as_all_of_them_are(texts: list[str | None]) -> None:
    column = pd.Series(texts, dtype="str").iloc[::-1]
    expected = [text not in ("0", "x") for text in column.dropna()]
    assert is_whole(column.dropna()).tolist() == expected
    assert is_whole(column).index.equals(column.index)
    assert is_whole(column).dtype == bool


def test_few_values_are_judged_once_each() -> None:
    asked: list[int] = []

    def judge(texts: pd.Series) -> pd.Series:
        asked.append(len(texts))
        return texts.str.fullmatch(WHOLE)

    judge_each(pd.Series(FEW, dtype="str"), judge)
    assert asked == [3]


def test_what_nothing_is_said_of_is_empty() -> None:
    column = pd.Series(["a", None, "b", "a"], dtype="str", index=[4, 3, 2, 1])
    told = say_of_each(column, {"a": "A"}.get)
    assert told.fillna("-").to_dict() == {4: "A", 3: "-", 2: "-", 1: "A"}
    assert parse_choice(pd.Series([], dtype="str"), ["a"]).tolist() == []
