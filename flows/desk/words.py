"""Words of a studio: what the rest of the house says, without its commands."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from transforms.sheets.fields import FIELDS

# Sentences, and the parts of one that a semicolon or colon divides.
_PART = re.compile(r"[^.;:]+(?:[.;:](?!\s|$)[^.;:]*)*[.;:]?\s*")
_COMMAND = re.compile(r"`|\btieout [a-z]|(?<![\w-])--[a-z]|^Run again\b")
# What each documented column is, as a studio calls it.
WORDS: Mapping[str, str] = {
    "client_id": "client number",
    "points": "points",
    "action": "earned or redeemed",
    "source": "for what",
    "source_id": "booking or sale number",
    "action_date_time": "when",
    "site_id": "which studio",
    "reward_id": "reward",
    "payout_id": "payout",
    "amount": "amount",
    "eligibility_date": "may be paid from",
    "description": "description",
    "receipt": "what tieout knows it by",
    "status": "what became of it",
    "staff": "staff",
}
_DOCUMENTED = re.compile(r"\b(" + "|".join(map(re.escape, FIELDS.values())) + r")\b")
_WORD_OF = {heading: WORDS[field] for field, heading in FIELDS.items()}
_LIMIT = re.compile(r'guards\.(?:sites\."[^"]*"\.)?\w+ \(([^)]*)\)')
_SETTING_OF_SITE = re.compile(r", as it is set for site [^\s:;,]+(?=[:;,.]|$)")
_NAMED_SITE = re.compile(r"\b(?:Mindbody )?site -?\d+\b")
_WORLD = re.compile(r"\bUTC\b")
# Headings that nobody says; "Points" and "Action" are words.
_UNSPOKEN = re.compile(r'"?\b(' + "|".join(word for word in FIELDS.values() if not word[1:].islower()) + r')\b"?')
# Where a service was asked, and how often: for whoever looks after tieout.
_ASKED_AT = re.compile(r" \([a-z]+(?:/[a-z]+)+\)(?=:)")
_STATUS = re.compile(r"\bstatus (\d{3}), \d+ times\b")
# Of something that is another one by now, a code and a moment are told for whoever reads the chain.
_NOT_AS_SHOWN = re.compile(r"What \S+ would do is not what was shown to .+: \S+ is not what stands there now\.")
_RUN_ID = re.compile(r"\b[a-z]+-\d{8}T\d{6}-[0-9a-f]+\b")
_BREAK = re.compile(r"\bbreak(s?)\b")
_SHEET_NOT_READ = re.compile(r": (?:sheet )?Not read says what and why\.$")
# In this order: an address goes before the status beside it, and world time before the name of a site.
_SPOKEN: Sequence[tuple[re.Pattern[str], str]] = (
    (_NOT_AS_SHOWN, "What it would do is not what you saw any more: look at it again."),
    (_RUN_ID, "it"),
    (_LIMIT, r"the limit of \1"),
    (_SETTING_OF_SITE, ""),
    (_ASKED_AT, ""),
    (_STATUS, r"it answered with an error (\1)"),
    (_BREAK, r"difference\1"),
    (_WORLD, "world time"),
    (_NAMED_SITE, "the studio"),
)
NOTHING_LEFT = "That did not work. Whoever looks after tieout finds the cause in its messages."


def for_a_studio(message: str) -> str:
    """Leave out what is for a terminal.

    >>> for_a_studio("Two entries are in doubt. Run `tieout settle` first.")
    'Two entries are in doubt.'
    >>> for_a_studio("Ana prepared it: another person approves it. The system's user counts, whatever --by says.")
    'Ana prepared it: another person approves it.'
    >>> for_a_studio("What plan-1 would do is not what was shown to A: x is not what stands there now.")
    'What it would do is not what you saw any more: look at it again.'
    >>> for_a_studio("more points than guards.max_points_per_event (5,000): 7,000")
    'more points than the limit of 5,000: 7,000'
    >>> for_a_studio('"SourceId" is empty. It is 5 pm UTC at site -99.')
    '“booking or sale number” is empty. It is 5 pm world time at the studio.'
    """
    for pattern, words in _SPOKEN:
        message = pattern.sub(words, message)
    message = _UNSPOKEN.sub(lambda found: f"“{_WORD_OF[found[1]]}”", message)
    # What tells a command goes as a whole: half a sentence would be worse than none.
    parts = [part for part in _PART.findall(message) if not _COMMAND.search(part)]
    kept = "".join(parts).strip()
    if not kept:
        return NOTHING_LEFT
    return kept[:-1] + "." if kept[-1] in ";:," else kept


def money(amount: object) -> str:
    """Write an amount as people do.

    >>> money("10.0"), money(Decimal("1234.5")), money("-0.125"), money("7")
    ('10.00', '1,234.50', '-0.125', '7.00')
    """
    text = f"{Decimal(str(amount)):f}"
    sign = "-" if text.startswith("-") else ""
    whole, _, decimals = text.removeprefix("-").partition(".")
    # Nothing that is not zero is left out, however many there are.
    shown = decimals.rstrip("0").ljust(2, "0")
    return f"{sign}{int(whole):,}.{shown}"


def points_told(count: int) -> str:
    """Write a number of points.

    >>> points_told(1), points_told(-1), points_told(1200)
    ('1 point', '-1 point', '1,200 points')
    """
    return f"{count:,} point{'' if abs(count) == 1 else 's'}"


def on_a_page(sentence: str) -> str:
    """Tell a sentence of a report where there are no sheets to look into.

    >>> on_a_page("1 thing was not read, and nobody may conclude about it: sheet Not read says what and why.")
    '1 thing was not read, and nobody may conclude about it: it is named below.'
    """
    return _SHEET_NOT_READ.sub(": it is named below.", sentence)


def asked(message: str) -> str:
    """Tell a question about a sheet, columns by what a studio calls them.

    >>> asked("no column ActionDateTime (when it was) was found: is it Day?")
    'No column “when” (when it was) was found: is it Day?'
    """
    told = _DOCUMENTED.sub(lambda found: f"“{_WORD_OF[found[1]]}”", for_a_studio(message))
    return told[:1].upper() + told[1:]
