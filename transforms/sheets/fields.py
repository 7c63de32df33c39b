"""The documented fields, their headings, and when a text is one of them or nearly one.

Headings are matched without regard to case, spaces and underscores ("Client ID" = ClientId = client_id).
"""

import re
from collections.abc import Iterable, Mapping

from transforms.vocabulary import Target

# Field -> heading as documented. Mindbody: "Update Client Rewards Request"; Referral Rock: "POST api/rewards/update".
MINDBODY_FIELDS: Mapping[str, str] = {
    "client_id": "ClientId",
    "points": "Points",
    "action": "Action",
    "source": "Source",
    "source_id": "SourceId",
    "action_date_time": "ActionDateTime",
    "site_id": "SiteId",
}
REFERRAL_ROCK_FIELDS: Mapping[str, str] = {
    "reward_id": "RewardId",
    "payout_id": "PayoutId",
    "amount": "Amount",
    "eligibility_date": "EligibilityDate",
    "description": "Description",
}
# The columns that the marked copy adds.
MARKED_FIELDS: Mapping[str, str] = {"receipt": "Receipt", "status": "Status"}
FIELDS: Mapping[str, str] = {**MINDBODY_FIELDS, **REFERRAL_ROCK_FIELDS, **MARKED_FIELDS}
FIELDS_OF: Mapping[Target, Mapping[str, str]] = {
    Target.MINDBODY: MINDBODY_FIELDS,
    Target.REFERRAL_ROCK: REFERRAL_ROCK_FIELDS,
}
REQUIRED: Mapping[Target, tuple[str, ...]] = {
    Target.MINDBODY: ("client_id", "points", "action"),
    Target.REFERRAL_ROCK: ("reward_id", "payout_id"),
}

_BLANKS = re.compile(r"[\s_\u00ad\u200b-\u200f\u2060\ufeff]+")


def normalize_heading(text: str) -> str:
    """Forget case, blanks and underscores.

    >>> normalize_heading(" Client_ID ") == normalize_heading("clientId")
    True
    """
    return _BLANKS.sub("", text).casefold()


FIELD_OF_HEADING = {normalize_heading(heading): field for field, heading in FIELDS.items()}


def count_known_headings(texts: Iterable[str]) -> int:
    """Count the different documented fields that a row of texts names."""
    return len({normalize_heading(text) for text in texts} & FIELD_OF_HEADING.keys())


def is_slip(text: str, word: str) -> bool:
    """Tell whether text is word with one letter too many, too few, wrong, or two swapped.

    >>> is_slip("actoin", "action"), is_slip("resource", "source"), is_slip("action", "action")
    (True, False, False)
    """
    if text == word or abs(len(text) - len(word)) > 1:
        return False
    # From the first letter that differs on, one change must make all of the rest equal.
    start = _first_difference(text, word)
    rest = text[start:]
    wanted = word[start:]
    is_one_wrong = rest[1:] == wanted[1:]
    is_one_too_many = rest[1:] == wanted
    is_one_too_few = rest == wanted[1:]
    is_swapped = rest == wanted[1::-1] + wanted[2:]
    return is_one_wrong or is_one_too_many or is_one_too_few or is_swapped


def _first_difference(text: str, word: str) -> int:
    for place, (letter, wanted) in enumerate(zip(text, word, strict=False)):
        if letter != wanted:
            return place
    return min(len(text), len(word))
