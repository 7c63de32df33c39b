"""Which files are the same export of another day: those whose names differ in numbers and months alone."""

import re

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
# A month is a word by itself, such as in "visits_March.csv", and no part of one, such as in "marchmont.csv".
_MONTH = re.compile(rf"(?<![a-z])(?:{_MONTHS})(?![a-z])")
_DIGITS = re.compile(r"\d+")


def series_of(name: str) -> str:
    """Return what the names of one export have in common.

    >>> series_of("Visits_2026-11-25.csv"), series_of("visits_March 2026.csv"), series_of("a (2).CSV")
    ('visits_#-#-#.csv', 'visits_@ #.csv', 'a (#).csv')
    """
    return _DIGITS.sub("#", _MONTH.sub("@", name.lower()))
