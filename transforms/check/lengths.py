"""How long the texts of a row may be: whatever the check lets through, both databases and both services must take.

The documents name no length. An id is part of several indexes, and PostgreSQL refuses what is longer than 2,704 bytes
in one: 255 signs are 1,020 bytes at most, and more than any id of either service has. A description is never longer
than what a cell of a spreadsheet can hold.
"""

from collections.abc import Mapping

import pandas as pd
import pandera.pandas as pa

from transforms.check.failures import cell_check
from transforms.vocabulary import Code

LONGEST_ID = 255
LONGEST_SITE_ID = 50
LONGEST_DESCRIPTION = 32_767
_LONGEST: Mapping[str, int] = {
    "client_id": LONGEST_ID,
    "reward_id": LONGEST_ID,
    "payout_id": LONGEST_ID,
    "site_id": LONGEST_SITE_ID,
    "description": LONGEST_DESCRIPTION,
}


def not_too_long(field: str) -> pa.Check:
    """Judge the length of every filled cell of a field."""
    longest = _LONGEST[field]

    def is_short(texts: pd.Series) -> pd.Series:
        return texts.str.len() <= longest

    return cell_check(Code.TEXT_TOO_LONG, is_short)
