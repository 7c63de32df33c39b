"""What each outcome of matching means, in one place: whoever groups outcomes takes the group from here.

An outcome that is added has to answer every question, or nothing imports any more: none of the equations, and no page,
can forget it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.vocabulary import Outcome, WalkLine

if TYPE_CHECKING:
    import pandas as pd


class Ours(StrEnum):
    """What the service has of an event that the ledger has as posted."""

    THERE = "there"
    OTHER_FIGURE = "other_figure"  # with other points, or another amount
    GONE = "gone"  # not there, or not yet
    UNPOSTED = "unposted"  # the ledger does not claim that it took effect
    NO_EVENT = "no_event"  # it is about an entry alone


class Meaning(NamedTuple):
    """What one outcome says of both sides."""

    ours: Ours
    entry: WalkLine | None  # the line of an entry behind which no posted event of ours stands
    is_foreign: bool  # somebody else made that entry, or it is more than was sent
    is_difference: bool  # else both agree that nothing took effect, or nobody knows
    is_agreed: bool  # both sides say the same, so that nobody has to say why they do not
    is_serious: bool  # somebody has too much or too little by it, before a person has looked
    leaves_balance_known: bool  # else the balance may or may not count an entry, and nothing later starts from it
    can_be_offset: bool  # the service has more than was sent: an opposite entry takes it back


_DIFFERENCE: Final = Meaning(
    ours=Ours.NO_EVENT,
    entry=None,
    is_foreign=False,
    is_difference=True,
    is_agreed=False,
    is_serious=False,
    leaves_balance_known=False,
    can_be_offset=False,
)
_FOREIGN_ENTRY: Final = _DIFFERENCE._replace(is_foreign=True, leaves_balance_known=True)

MEANINGS: Final[Mapping[Outcome, Meaning]] = {
    Outcome.MATCHED: _DIFFERENCE._replace(
        ours=Ours.THERE, is_difference=False, is_agreed=True, leaves_balance_known=True
    ),
    Outcome.LATE: _DIFFERENCE._replace(ours=Ours.GONE),
    Outcome.MISSING_REMOTE: _DIFFERENCE._replace(ours=Ours.GONE, is_serious=True),
    Outcome.UNEXPECTED_REMOTE: _FOREIGN_ENTRY._replace(entry=WalkLine.OTHERS, can_be_offset=True),
    Outcome.DUPLICATE_REMOTE: _FOREIGN_ENTRY._replace(entry=WalkLine.TWICE, is_serious=True, can_be_offset=True),
    Outcome.REVERSED_REMOTE: _FOREIGN_ENTRY._replace(entry=WalkLine.TAKEN_BACK),
    Outcome.AMOUNT_MISMATCH: _DIFFERENCE._replace(ours=Ours.OTHER_FIGURE, is_serious=True),
    # The points are there, on another day.
    Outcome.TIME_MISMATCH: _DIFFERENCE._replace(ours=Ours.THERE),
    Outcome.STATUS_MISMATCH: _DIFFERENCE._replace(entry=WalkLine.UNCLAIMED, is_serious=True),
    # Both sides agree that nothing took effect.
    Outcome.REFUSED: _DIFFERENCE._replace(
        ours=Ours.UNPOSTED, is_difference=False, is_agreed=True, leaves_balance_known=True
    ),
    # Of a doubtful one an entry counts only where one was found.
    Outcome.UNKNOWN: _DIFFERENCE._replace(ours=Ours.UNPOSTED, entry=WalkLine.UNCLAIMED, is_difference=False),
}
_EACH: Final = {outcome: MEANINGS[outcome] for outcome in Outcome}

OF_POSTED: Final = frozenset(
    outcome for outcome, told in _EACH.items() if told.ours in (Ours.THERE, Ours.OTHER_FIGURE, Ours.GONE)
)
NOT_THERE: Final = frozenset(outcome for outcome, told in _EACH.items() if told.ours is Ours.GONE)
OTHER_FIGURE: Final = frozenset(outcome for outcome, told in _EACH.items() if told.ours is Ours.OTHER_FIGURE)
UNPOSTED: Final = frozenset(outcome for outcome, told in _EACH.items() if told.ours is Ours.UNPOSTED)
OF_ENTRIES: Final = {outcome: told.entry for outcome, told in _EACH.items() if told.entry is not None}
FOREIGN: Final = frozenset(outcome for outcome, told in _EACH.items() if told.is_foreign)
DIFFERENCES: Final = frozenset(outcome for outcome, told in _EACH.items() if told.is_difference)


AGREED: Final = frozenset(outcome for outcome, told in _EACH.items() if told.is_agreed)
TAKEN_BACK: Final = frozenset(outcome for outcome, told in _EACH.items() if told.entry is WalkLine.TAKEN_BACK)
SERIOUS: Final = frozenset(outcome for outcome, told in _EACH.items() if told.is_serious)
BALANCE_KNOWN: Final = frozenset(outcome for outcome, told in _EACH.items() if told.leaves_balance_known)
OFFSETS: Final = frozenset(outcome for outcome, told in _EACH.items() if told.can_be_offset)


def is_among(outcomes: "pd.Series", group: Iterable[Outcome]) -> "pd.Series":
    """Mark what is of one of the groups above, in a column of outcomes or of classes of breaks."""
    return outcomes.isin(list(group))
