"""Judge how long the texts of a row are."""

from collections.abc import Mapping

import pandas as pd
import pandera.pandas as pa

from transforms.check.failures import cell_check
from transforms.check.longest import LONGEST_DESCRIPTION, LONGEST_ID, LONGEST_SITE_ID
from transforms.vocabulary import Code

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
