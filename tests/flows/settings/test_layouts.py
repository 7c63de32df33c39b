from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.runtime.errors import SettingsError
from flows.settings.layouts import read_layouts
from transforms.sheets.times import DateOrder


def test_read_layouts_reads_headings_order_and_zone() -> None:
    entries = {"date_order": "d/m", "timezone": "Australia/Sydney", "Client No.": "Client ID", "When": "ActionDateTime"}
    (layout,) = read_layouts({"front desk": entries})
    assert layout.columns == {"Client No.": "client_id", "When": "action_date_time"}
    assert (layout.date_order, layout.zone) == (DateOrder.DAY_FIRST, ZoneInfo("Australia/Sydney"))


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        pytest.param({"Client No.": "Klient"}, 'given as "Klient"; it must be one of ClientId'),
        pytest.param({"a": "Points", "b": "points"}, "Points is named twice"),
        pytest.param({"date_order": "Y/M"}, 'must be "D/M" or "M/D"'),
        pytest.param({"timezone": "Sydney"}, "no time zone"),
    ],
)
def test_read_layouts_names_what_is_wrong(entries: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_layouts({"desk": entries})
