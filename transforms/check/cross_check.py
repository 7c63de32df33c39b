"""Check what a SourceId names against reference data: whose it is, and whether it is there."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from transforms.check.failures import FAILURE_COLUMNS, no_failures
from transforms.reference.reference import NOBODY, SUBJECT_OF, WRONG, Reference, without_zeros
from transforms.vocabulary import Action, Code, Finding, Named, Source, Subject

_NAMED_BY = {
    Source.APPOINTMENT_BOOKING: Named.APPOINTMENT,
    Source.CLASS_BOOKING: Named.VISIT,
    Source.SALE: Named.SALE,
    Source.REFERRAL: Named.REFERRED,
}
# As cells hold them: a frame knows texts, and no enums.
_NAMED_BY_SOURCE = {source.value: named.value for source, named in _NAMED_BY.items()}
_SUBJECT_OF_NAMED = {named.value: subject.value for named, subject in SUBJECT_OF.items()}


@dataclass(frozen=True)
class CrossChecked:
    """Typed rows whose SourceIds were looked up.

    good: those that are not wrong, with their index. failures: `index`, `field` and `code` of the others, each once.
    counts: rows with a SourceId by (subject, finding), good and wrong.
    """

    good: pd.DataFrame
    failures: pd.DataFrame
    counts: Mapping[tuple[str, str], int]


def cross_check(events: pd.DataFrame, reference: Reference | None, now: datetime) -> CrossChecked:
    """Look the SourceIds of typed rows up; without reference data all rows are good, and all left to the service."""
    if reference is None:
        return CrossChecked(events, no_failures(), _count_unchecked(events))
    asked = what_is_asked(events)
    finding = judge_source_ids(events, reference, now)
    counts = Counter(zip(asked["subject"], finding, strict=True))
    is_wrong = finding.isin([code.value for code in WRONG])
    wrong = finding[is_wrong]
    failed = pd.DataFrame({"index": wrong.index, "field": "source_id", "code": wrong.to_numpy()})
    failures = failed.astype({"index": "int64", "field": "str", "code": "str"})[FAILURE_COLUMNS]
    good = events
    if len(wrong):
        good = events[~events.index.isin(wrong.index)]
    return CrossChecked(good, failures, counts)


def _count_unchecked(events: pd.DataFrame) -> Counter[tuple[str, str]]:
    """Count what is asked without looking at it row by row: most files are checked without reference data."""
    has_id = events["source_id"].notna()
    if not has_id.any():
        return Counter()
    kinds = events.loc[has_id, ["action", "source"]].value_counts(dropna=False)
    # Only action and source say which subject a row asks about, so one row stands for all of its kind.
    examples = kinds.reset_index().assign(site_id="", client_id="", source_id=1, action_at=None)
    asked = what_is_asked(examples)
    rows_of_kind = kinds.iloc[asked.index]
    counts: Counter[tuple[str, str]] = Counter()
    for subject, count in zip(asked["subject"], rows_of_kind, strict=True):
        counts[subject, Finding.NO_DATA.value] += int(count)
    return counts


def judge_source_ids(events: pd.DataFrame, reference: Reference, now: datetime) -> pd.Series:
    """Return a `Finding` or `Code` value for every row with a SourceId, with the index of those rows.

    Rows without a time count as of `now`, when they are given one.
    """
    asked = what_is_asked(events)
    finding = pd.Series(Finding.NOT_COVERED.value, index=asked.index, dtype="str")
    known = _subjects_with(asked, reference.at_hand)
    finding[~known] = Finding.NO_DATA.value
    finding[~known & _subjects_with(asked, reference.too_old)] = Finding.TOO_OLD.value
    if reference.is_empty:
        return finding
    owners = _compare_owners(asked, reference)
    # From the weakest to the strongest: what is set later holds. To reject a good row is worse than to let a wrong one
    # through, which the service still refuses: so whatever speaks for a row comes last.
    finding[_is_covered(asked, reference, now) | owners["is_nobody"]] = Code.SOURCE_ID_NOT_FOUND.value
    finding[owners["is_other"]] = Code.SOURCE_ID_OTHER_CLIENT.value
    finding[_is_reversed(asked, reference)] = Code.REFERRAL_REVERSED.value
    finding[owners["is_near"]] = Finding.SPELLING.value
    finding[owners["is_exact"]] = Finding.CONFIRMED.value
    return finding


def what_is_asked(events: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a SourceId: `site_id`, `client_id`, `named`, `subject`, `key` (its text), `action_at`."""
    rows = events[events["source_id"].notna()]
    named = rows["source"].map(_NAMED_BY_SOURCE)
    # Whatever a redemption says that it is for, its SourceId is the sale that the points were spent on.
    is_redeemed = rows["action"] == Action.REDEEMED
    named = named.mask(is_redeemed, Named.SALE.value).astype("str")
    asked = rows[["site_id", "client_id"]].assign(
        named=named,
        subject=named.map(_SUBJECT_OF_NAMED).astype("str"),
        key=rows["source_id"].astype("str"),
        action_at=rows["action_at"],
    )
    return asked[asked["named"].notna()]


def _subjects_with(asked: pd.DataFrame, pairs: frozenset[tuple[str, str]]) -> pd.Series:
    is_in = pd.Series(False, index=asked.index)
    for site_id, subject in pairs:
        is_in |= asked["site_id"].eq(site_id) & asked["subject"].eq(subject)
    return is_in


def _compare_owners(asked: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """Compare the client of every row with the clients whom its id is known to belong to; all False without any."""
    pairs = asked.reset_index(names="index").merge(
        reference.keyed_facts, on=["site_id", "named", "key"], suffixes=("", "_owner"), validate="many_to_many"
    )
    owner = pairs["client_id_owner"]
    client = pairs["client_id"]
    is_nobody = owner.eq(NOBODY)
    is_exact = owner.eq(client) & pairs["item_id"].eq(pairs["key"])
    # A spreadsheet may have cut the zeros of a client's id, so ids that differ in them alone decide nothing.
    is_near = ~is_exact & _folded(owner).eq(_folded(client))
    # A booking or a sale has one client; a person may have been referred by several.
    has_one_owner = pairs["named"].ne(Named.REFERRED)
    is_other = ~is_exact & ~is_near & ~is_nobody & has_one_owner
    compared = pd.DataFrame({"is_exact": is_exact, "is_near": is_near, "is_other": is_other, "is_nobody": is_nobody})
    # An id may have several facts, of which one is enough: back to one line per row.
    return compared.groupby(pairs["index"]).any().reindex(asked.index, fill_value=False)


def _is_reversed(asked: pd.DataFrame, reference: Reference) -> pd.Series:
    """Tell rows whose client was referred by the one whom the SourceId names."""
    # A referral that is written the wrong way round pays the one who was referred: the service takes it, since both are
    # clients.
    is_referral = asked["named"] == Named.REFERRED
    # Its place in the file goes along: merging numbers rows anew.
    wanted = asked[is_referral].reset_index(names="index")
    turned = reference.turned_referrals
    found = wanted.merge(turned, on=["site_id", "client_id", "key"], validate="many_to_one")
    is_found = asked.index.isin(found["index"])
    return pd.Series(is_found, index=asked.index)


def _is_covered(asked: pd.DataFrame, reference: Reference, now: datetime) -> pd.Series:
    """Tell rows of which the data at hand must know the id, if it exists at all."""
    coverage = reference.coverage
    action_at = asked["action_at"].fillna(pd.Timestamp(now))
    rows = asked.assign(action_at=action_at).reset_index(names="index")
    is_of_all = coverage["client_id"].isna()
    for_one = coverage[~is_of_all]
    for_all = coverage[is_of_all].drop(columns="client_id")
    spans = pd.concat(
        [
            rows.merge(for_one, on=["site_id", "subject", "client_id"], validate="many_to_many"),
            rows.merge(for_all, on=["site_id", "subject"], validate="many_to_many"),
        ]
    )
    covering = spans[_is_inside(spans, reference.margin)]
    return pd.Series(asked.index.isin(covering["index"]), index=asked.index)


def _is_inside(spans: pd.DataFrame, margin: timedelta) -> pd.Series:
    """Tell whether a stretch reaches far enough on both sides of a row's time.

    A sale is made before the data was taken or it is not in there, so later days need not be covered; a visit may have
    been booked for a later day.
    """
    action_at = spans["action_at"]
    earliest = action_at - margin
    latest = action_at + margin
    is_visit = spans["subject"] == Subject.VISITS
    latest = latest.where(is_visit, latest.clip(upper=spans["as_of_at"]))
    starts_early = spans["since_at"].isna() | (spans["since_at"] <= earliest)
    ends_late = spans["until_at"].isna() | (spans["until_at"] >= latest)
    # Of what came about after the data was taken it can know nothing, however far its stretch reaches.
    is_known_by_then = action_at <= spans["as_of_at"]
    return is_known_by_then & starts_early & ends_late


def _folded(texts: pd.Series) -> pd.Series:
    return without_zeros(texts.str.casefold())
