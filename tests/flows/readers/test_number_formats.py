import pytest

from flows.readers.number_formats import id_format, shown_whole


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("000000000", 123, "000000123"),
        ("000000000_)", 123, "000000123"),
        ("_(000000000_)", 123, "000000123"),
        ("[Blue]000000000", 123, "000000123"),
        ("[$-409]000000000", 123, "000000123"),
        ("[<=99999]00000;00000\\-0000", 123, "00123"),
        ("[<=99999]00000;00000\\-0000", 123456789, "12345-6789"),
        ('"AB"000000', 123, "AB000123"),
        ('"a;b"000', 7, "a;b007"),
        ("0\\-00\\-000", 123, "0-00-123"),
        ("000-00-0000", 123456789, "123-45-6789"),
        ("00000;-00000", 123, "00123"),
        ("*-000", 7, "007"),
        ("000", 12345, None),
        ("000\\-000", 12345678, "12345-678"),
    ],
)
def test_shown_whole_writes_what_a_person_sees(code: str, value: int, shown: str | None) -> None:
    assert shown_whole(code, value) == shown


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "0",
        "0.00",
        "#,##0",
        "# ##0",
        "0%",
        "0.00E+00",
        "yyyy-mm-dd",
        "h:mm",
        "@",
        "[h]:mm",
        "[$€-407] 0",
        "",
        ";;;",
    ],
)
def test_id_format_leaves_quantities_and_dates_alone(code: str) -> None:
    assert id_format(code) == ""
