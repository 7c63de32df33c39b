"""Whether the services agree with the ledger: another question than whether all of ours is accounted for."""

import pandas as pd

from transforms.outcomes import DIFFERENCES, is_among
from transforms.totals.walk_steps import summed
from transforms.vocabulary import WalkLine


def agrees(open_breaks: pd.DataFrame, walked: pd.DataFrame, *, uncompared_count: int, unread_count: int) -> bool:
    """Return whether the services are known to show what was posted, and nothing else that no person has decided on.

    ``uncompared_count``: posted events that nobody has looked for; ``unread_count``: clients, rewards and destinations
    that could not be read. What nobody could look at is no agreement.
    """
    if len(differences(open_breaks)) or uncompared_count or unread_count:
        return False
    # An entry of an event that we do not claim is money that moved, whatever its event is called.
    return not summed(walked, WalkLine.UNCLAIMED, "events")


def differences(open_breaks: pd.DataFrame) -> pd.DataFrame:
    """Return the breaks that are a difference between ledger and service; what was refused or is in doubt is none."""
    if open_breaks.empty:
        return open_breaks
    return open_breaks[is_among(open_breaks["class"], DIFFERENCES)]
