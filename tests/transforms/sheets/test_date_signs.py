from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.sheets.counted_times import Count
from transforms.sheets.date_habits import DateHabit, tell_habit
from transforms.sheets.date_signs import DateSigns, date_signs
from transforms.sheets.spellings import DateOrder

NOW = datetime(2026, 11, 26, tzinfo=UTC)
DAY_FIRST, MONTH_FIRST = "25/10/2026 6:30 pm", "10/25/2026"
EITHER = "05/10/2026"
EARLY, LATE = "2026-05-10T00:00:00", "2026-05-25"


def signs(*texts: str | None) -> DateSigns:
    column = pd.Series(texts, dtype="str")
    return date_signs(column, pd.Series(range(2, 2 + len(texts)), index=column.index))


def habit(*texts: str | None, said: DateOrder | None = None) -> DateHabit:
    return tell_habit(signs(*texts), said, NOW, may_count=True)


@pytest.mark.parametrize(
    ("texts", "said", "order"),
    [
        pytest.param([EITHER, DAY_FIRST], None, DateOrder.DAY_FIRST),
        pytest.param([EITHER, MONTH_FIRST, None], None, DateOrder.MONTH_FIRST),
        pytest.param([EITHER, "05/05/2026"], None, None, id="nothing tells"),
        pytest.param([EITHER, DAY_FIRST, MONTH_FIRST], None, None, id="no order fits every cell"),
        pytest.param([EITHER, DAY_FIRST], DateOrder.MONTH_FIRST, DateOrder.MONTH_FIRST, id="a layout before all"),
        pytest.param([EARLY, "5.10.2026", "25.10.2026"], None, DateOrder.DAY_FIRST),
        pytest.param(["99/99/2026", "25/13/2026", EITHER], None, None, id="what is no date tells nothing"),
    ],
)
def test_the_order_is_told_where_one_alone_fits_every_cell(
    texts: list[str | None], said: DateOrder | None, order: DateOrder | None
) -> None:
    assert habit(*texts, said=said).date_order is order


@pytest.mark.parametrize(
    ("texts", "is_exchanged"),
    [
        pytest.param([DAY_FIRST, EARLY], True),
        pytest.param([MONTH_FIRST, EARLY], True),
        pytest.param([DAY_FIRST, EARLY, LATE], False, id="a real date that cannot be exchanged"),
        pytest.param([DAY_FIRST, EARLY, EITHER], False, id="a text that the spreadsheet would have read"),
        pytest.param([EARLY, EARLY], False, id="no text"),
        pytest.param([DAY_FIRST, "2026-05-10T10:00:00Z", "2026-05-10T10:00+02:00"], False, id="no spreadsheet's"),
        pytest.param([DAY_FIRST, "2026-05-05"], False, id="the same day either way"),
    ],
)
def test_real_dates_that_were_exchanged_show_beside_texts(texts: list[str], is_exchanged: bool) -> None:
    assert habit(*texts).is_exchanged is is_exchanged


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        pytest.param(["1773406352", "1773406353", None], Count.SECONDS),
        pytest.param(["1773406352000"], Count.MILLISECONDS),
        pytest.param(["46094.5", "46093"], Count.DAYS),
        pytest.param(["44632.5"], None, id="of 1904 it would be this year"),
        pytest.param(["1773406352", "46094"], None, id="of two kinds"),
        pytest.param(["1773406352", LATE], None, id="not all are numbers"),
        pytest.param(["5551234567"], None, id="a phone's number is in the future"),
        pytest.param(["46999"], None, id="days to come"),
    ],
)
def test_numbers_are_told_where_all_cells_are_of_one_kind(texts: list[str | None], count: Count | None) -> None:
    assert habit(*texts).count is count


CELLS = st.sampled_from([DAY_FIRST, MONTH_FIRST, EITHER, EARLY, LATE, "46094.5", "1773406352", "10/25/2026 6:30 pm"])


@given(st.lists(CELLS, max_size=8), st.integers(0, 8))
def test_parts_tell_what_the_whole_tells(texts: list[str], cut: int) -> None:
    joined = signs(*texts[:cut]) + signs(*texts[cut:])
    assert tell_habit(joined, None, NOW, may_count=True) == habit(*texts)
    assert joined.is_open == signs(*texts).is_open
