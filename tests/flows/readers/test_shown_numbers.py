from decimal import Decimal

import pytest

from flows.readers.built_in_formats import BUILT_IN
from flows.readers.shown_numbers import hides_part_of, shown_otherwise, shown_text, telling_format
from flows.readers.spelled_numbers import says


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("0,", "1000", "1"),
        ("0.0,,", "1500000", "1.5"),
        ('#,##0,"k"', "12000", "12k"),
        ("0%", "5", "500%"),
        ("0.00%", "0.5", "50.00%"),
        (";;;", "10", ""),
        ("0;-0;;@", "0", ""),
        ("0.00;;", "-5", ""),
        ('[<5]"none";0', "3", "none"),
        ('"ten"', "10", "ten"),
        ("0;0", "-5", "5"),
        ("0", "12.5", "13"),
        ("0.00", "12.345", "12.35"),
        ("$#,##0.00", "1234.567", "$1234.57"),
        ("0.00E+00", "1234567", "1.23E+06"),
        ("##0.0E+0", "1234567", "1.2E+6"),
        ("# ?/?", "2.3", "2 2/7"),
        ("# ?/8", "0.3", "2/8"),
        ('0.00" million"', "5", "5.00 million"),
        ("[>100]0", "7", "####"),
        ("(0)", "10", "(10)"),
    ],
)
def test_shown_otherwise_writes_what_a_person_sees(code: str, value: str, shown: str) -> None:
    assert shown_otherwise(code, Decimal(value)) == shown


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("0.0", "12"),
        ("#,##0", "1234567"),
        ("$#,##0.00", "1234.5"),
        ("[$€-407] #,##0.00", "1234.5"),
        ('#,##0.00 "CHF"', "-1234.5"),
        ("#,##0.00_);[Red](#,##0.00)", "-1234.5"),
        (BUILT_IN[43], "0"),
        (BUILT_IN[44], "-0.5"),
        ("# ?/?", "2.5"),
        ("0.00E+00", "1000"),
        ('[<5]"none";0', "7"),
        ("#.##", "0.5"),
        ("yyyy-mm-dd", "46280"),
        ("[DBNum1]0", "5"),
    ],
)
def test_shown_otherwise_says_nothing_of_the_same_number(code: str, value: str) -> None:
    assert shown_otherwise(code, Decimal(value)) is None


def test_telling_format_is_of_what_may_show_something_else() -> None:
    plain = ["General", "", "@", "yyyy-mm-dd hh:mm", "m/d/yy", "[$-409]d mmm yyyy"]
    assert [telling_format(code) for code in plain] == [None] * len(plain)
    rounding = {"0": 0, "#,##0.00": 2, BUILT_IN[44]: 2, "0.000": 3}
    found = {code: telling_format(code) for code in rounding}
    assert {code: (one.is_odd, one.decimals) for code, one in found.items() if one} == {
        code: (False, decimals) for code, decimals in rounding.items()
    }
    odd = ["000000", "0,", "0%", ";;;", "mmm d", '"AB"@', "[<5]0;0,"]
    assert all(one is not None and one.is_odd for one in map(telling_format, odd))


@pytest.mark.parametrize("code", ["mmm d", "mmm-yy", "yyyy", "h:mm", "dd h:mm", "[h]:mm", "mm:ss"])
def test_hides_part_of_a_date(code: str) -> None:
    assert hides_part_of(code)


def test_shown_text_is_of_the_section_of_texts() -> None:
    assert [shown_text(code, "12") for code in ('"AB"@', ";;;", "0;0;0;@", '0;"x"0', "_(@_)")] == [
        *("AB12", "", None, None, None)
    ]


@pytest.mark.parametrize(
    ("shown", "kept", "is_said"),
    [
        ("1.234,50 €", "1234.5", True),
        ("1'234.50", "1234.5", True),
        ("-CHF 5.00", "-5", True),
        ("(5,00)", "-5", True),
        ("(5,00)", "5", False),
        ("5", "-5", False),
        ("50 %", "0.5", False),
        ("1", "1000", False),
        ("", "10", False),
        ("7 Tsd.", "7", False),
    ],
)
def test_says_understands_a_number_of_another_language(shown: str, kept: str, is_said: bool) -> None:
    assert says(shown, Decimal(kept), is_english=False) == is_said
