"""Hold a chain against a reading of the same client: that alone earns a site the trust that its balances prove things.

In doubt it disagrees. A chain that is wrongly believed hides that somebody was paid wrongly; one that is wrongly
doubted costs a night of reading.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from transforms.outcomes import FOREIGN
from transforms.reconcile.chain import Chain
from transforms.vocabulary import Outcome


@dataclass(frozen=True)
class Shown:
    """One thing that a reading shows of a client, as matching classes it."""

    outcome: Outcome
    more: int  # signed points that the service has more than the ledger by it
    entered_at: datetime | None  # by the entry's own account; None where the service shows none
    is_ours: bool  # about an event of ours
    was_known: bool  # a break about it was there before the chain began, so its base holds it already


def agrees(chain: Chain, balance: int | None, shown: Iterable[Shown]) -> bool | None:
    """Return whether the reading found what the chain says; None where it cannot tell.

    ``balance`` as it was read. An entry of somebody else that is dated after the last answer is none of the chain's;
    one that is dated before may have been entered later, or escaped it: it disagrees.
    """
    if balance is None or not chain.is_whole or not chain.links_count:
        return None
    entered_since = 0
    for one in shown:
        if one.outcome is Outcome.MATCHED or one.was_known:
            continue
        is_later = one.entered_at is not None and one.entered_at > chain.last_at
        if one.is_ours or one.outcome not in FOREIGN or not is_later:
            return False
        entered_since += one.more
    return balance == chain.balance + entered_since
