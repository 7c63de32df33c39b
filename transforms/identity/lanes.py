"""Whose events must go one after the other: the lane of a client of a site, or of a reward.

The ledger lets one event of a lane be on its way at a time. Written in another way anywhere, two requests for one
client could be on their way at once, and neither answer would say which of them it is of.
"""

import pandas as pd

from transforms.identity.reward_ids import all_without_case
from transforms.vocabulary import Target

_CLIENT = f"{Target.MINDBODY}:"
_REWARD = f"{Target.REFERRAL_ROCK}:"


def lane_of_client(site_id: str, client_id: str) -> str:
    """Return the lane of a client, as events of it bear it.

    >>> lane_of_client("-99", "000123")
    'mindbody:-99:000123'
    """
    return f"{_CLIENT}{site_id}:{client_id}"


def lane_of_reward(reward_id: str) -> str:
    """Return the lane of a reward by its id in lower case."""
    return f"{_REWARD}{reward_id}"


def lanes_of(events: pd.DataFrame, is_update: pd.Series) -> pd.Series:
    """Return the lane of each event, the same index; ``is_update`` tells updates of rewards."""
    site_ids = events["site_id"].fillna("")
    client_ids = events["client_id"].fillna("")
    reward_ids = all_without_case(events["reward_id"]).fillna("")
    of_client = _CLIENT + site_ids + ":" + client_ids
    of_reward = _REWARD + reward_ids
    return of_client.where(~is_update, of_reward)
