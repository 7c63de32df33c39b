"""What SourceIds are checked against: facts about visits, sales and referrals, and how much they cover.

The cross checks of "Update Client Rewards Request", which `transforms.check.cross_check` makes, go by these:

    Appointment Booking -> Visit.AppointmentId     Class Booking -> Visit.Id     Sale, and Redeemed -> Sale.Id
    Referral -> Client.Id of somebody whom the client referred

each of the indicated client. A row is found wrong only where the data at hand decides it: an id that is known as
another client's, a referral known the other way round, or an id that is absent from data that covers the row.
Everything else is left to the service, which checks every SourceId itself.

A SourceId is a whole number and a Client.Id is text. A referred client 000123 can only be written as 123, and a
spreadsheet may have cut the zeros of any client's id; so ids that differ in leading zeros or in case alone are neither
taken for equal nor for different. Client ids with letters cannot be written as a SourceId at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import pandas as pd

from transforms.vocabulary import Code, Finding, Named, Subject

SUBJECT_OF = {
    Named.APPOINTMENT: Subject.VISITS,
    Named.VISIT: Subject.VISITS,
    Named.SALE: Subject.SALES,
    Named.REFERRED: Subject.REFERRALS,
}
WRONG = (Code.SOURCE_ID_NOT_FOUND, Code.SOURCE_ID_OTHER_CLIENT, Code.REFERRAL_REVERSED)
# Left to the service, because nothing at hand decides it.
LEFT = (Finding.NO_DATA, Finding.TOO_OLD, Finding.NOT_COVERED, Finding.SPELLING)
NOBODY = ""  # the client of an id that the service was asked for and does not have

# One row per thing that is known. `item_id` is the id as text; of a referral that of the referred client, and
# `client_id` is the one who referred.
Fact = tuple[str, str, str, str]
FACT_COLUMNS = ["site_id", "named", "item_id", "client_id"]
# One row per stretch of time for which all things of a subject are known, of one client or (NA) of all; an open end is
# NaT. `as_of_at` is when the data was taken: of what came about later it knows nothing.
COVERAGE_COLUMNS = ["site_id", "subject", "client_id", "since_at", "until_at", "as_of_at"]
Stretch = tuple[str, str, str | None, datetime | None, datetime | None, datetime]
_TIMES = ("since_at", "until_at", "as_of_at")


def facts_frame(facts: Iterable[Fact]) -> pd.DataFrame:
    """Return facts (FACT_COLUMNS), each of them once."""
    return pd.DataFrame(list(facts), columns=FACT_COLUMNS, dtype="str").drop_duplicates(ignore_index=True)


def coverage_frame(stretches: Iterable[Stretch]) -> pd.DataFrame:
    """Return coverage (COVERAGE_COLUMNS)."""
    known = list(stretches)
    # Where no reference data is kept, every file asks for nothing covered.
    return _typed(known) if known else _NOTHING_COVERED.copy(deep=False)


def _typed(stretches: list[Stretch]) -> pd.DataFrame:
    frame = pd.DataFrame(stretches, columns=COVERAGE_COLUMNS)
    texts = dict.fromkeys(("site_id", "subject", "client_id"), "str")
    times = dict.fromkeys(_TIMES, "datetime64[us, UTC]")
    return frame.astype({**texts, **times})


_NOTHING_COVERED = _typed([])


@dataclass(frozen=True)
class Reference:
    """Everything that is known about what SourceIds name."""

    facts: pd.DataFrame = field(default_factory=lambda: facts_frame([]))
    coverage: pd.DataFrame = field(default_factory=lambda: coverage_frame([]))
    # (site, subject) of data that is at hand, and too old to be used
    too_old: frozenset[tuple[str, str]] = frozenset()
    margin: timedelta = timedelta(days=31)  # how far from a row's time the thing may lie that its SourceId names

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is known, so that nothing can be checked."""
        return self.facts.empty and self.coverage.empty

    def if_any(self) -> "Reference | None":
        """Return this, or None where nothing is at hand, not even what is too old."""
        return None if self.is_empty and not self.too_old else self

    # A file is checked part by part, so what all parts need is worked out once.
    @cached_property
    def keyed_facts(self) -> pd.DataFrame:
        """The facts with `key`, the item's id as a whole number is written."""
        return self.facts.assign(key=without_zeros(self.facts["item_id"]))

    @cached_property
    def turned_referrals(self) -> pd.DataFrame:
        """Who was referred (`client_id`) by whom (`key`), by site."""
        is_referral = self.facts["named"] == Named.REFERRED
        referrals = self.facts.loc[is_referral, ["site_id", "item_id", "client_id"]]
        # The other way round than they are kept, where the one who referred is the client.
        turned = referrals.rename(columns={"item_id": "client_id", "client_id": "key"})
        return turned.drop_duplicates()

    @cached_property
    def at_hand(self) -> frozenset[tuple[str, str]]:
        """The (site, subject) pairs of which something is known."""
        known = self.facts[["site_id", "named"]].drop_duplicates()
        known_subjects = {
            (site_id, SUBJECT_OF[Named(named)].value) for site_id, named in known.itertuples(index=False, name=None)
        }
        # A stretch without a single fact is knowledge too: nothing happened in it.
        covered = self.coverage[["site_id", "subject"]].drop_duplicates()
        return frozenset(known_subjects | set(covered.itertuples(index=False, name=None)))


def without_zeros(texts: pd.Series) -> pd.Series:
    """Return ids as a whole number is written; others as they are."""
    return texts.where(~texts.str.isdecimal(), texts.str.lstrip("0"))
