"""Makes events with known breaks of every class on all three sides: the sheet, the ledger and the service.

The same seed makes the same sides. What each record must come out as is known from the making, not from matching:
every broken event has a source id of its own, so that nothing else can be taken for it; the matched ones are close
together, and some of them equal, as in real files.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from transforms.vocabulary import Outcome

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
GRACE = timedelta(hours=24)
ZONE_OFFSET = timedelta(hours=7)  # Los Angeles in summer
CONTENT = ["site_id", "client_id", "action", "points", "source", "source_id", "action_at"]
BREAKS = tuple(outcome for outcome in Outcome if outcome is not Outcome.MATCHED)
_EXTRA = (Outcome.DUPLICATE_REMOTE, Outcome.REVERSED_REMOTE)  # an entry more, beside an event that matches
_NOT_THERE = (Outcome.LATE, Outcome.MISSING_REMOTE, Outcome.REFUSED)
_STATES = {Outcome.REFUSED: "refused", Outcome.STATUS_MISMATCH: "refused", Outcome.UNKNOWN: "unknown"}


@dataclass(frozen=True)
class Sides:
    """What the sheet says (content by event), what the ledger knows (state by event), what the service shows.

    ``truth`` has one row per outcome that matching owes: outcome, event_id, remote_id.
    """

    source: pd.DataFrame
    ledger: pd.DataFrame
    remote: pd.DataFrame
    truth: pd.DataFrame

    @property
    def events(self) -> pd.DataFrame:
        """Sheet and ledger joined: one row per event, none of either side left over."""
        places = pd.Index(self.ledger["event_id"]).get_indexer(self.source["event_id"])
        assert len(self.source) == len(self.ledger)
        assert places.min() >= 0
        known = self.ledger[["state", "settled_at"]].take(places).set_axis(self.source.index)
        return self.source.join(known, validate="1:1").assign(may_be_twice=False)


def seed_sides(events_count: int, breaks_count: int, seed: int) -> Sides:
    """Make `events_count` events, and `breaks_count` breaks spread evenly over the classes."""
    random = np.random.default_rng(seed)
    classes = _classes(random, events_count, breaks_count)
    content = _content(random, events_count, classes)
    has_event = classes != Outcome.UNEXPECTED_REMOTE
    event_ids = pd.Series([f"{number:024x}" for number in random.permutation(events_count)], dtype="str")
    source = content[has_event].assign(event_id=event_ids[has_event])
    ledger = pd.DataFrame(
        {
            "event_id": event_ids,
            "state": pd.Series(classes).map(_STATES).fillna("posted").astype("str"),
            "settled_at": pd.Series(NOW - np.where(classes == Outcome.LATE, GRACE / 2, 3 * GRACE)),
        }
    )[has_event]
    remote, truth = _remote(random, content, classes, event_ids)
    shuffled = (frame.sample(frac=1, random_state=seed).reset_index(drop=True) for frame in (source, ledger, remote))
    return Sides(*(_typed(frame) for frame in shuffled), truth)


def _classes(random: np.random.Generator, events_count: int, breaks_count: int) -> np.ndarray:
    classes = np.full(events_count, str(Outcome.MATCHED), dtype=object)
    places = random.choice(events_count, breaks_count, replace=False)
    classes[places] = [str(BREAKS[number % len(BREAKS)]) for number in range(breaks_count)]
    return classes


def _content(random: np.random.Generator, count: int, classes: np.ndarray) -> pd.DataFrame:
    # A client has about twenty events; one in thirty of the matched ones comes twice, to the second.
    numbers = np.arange(count)
    twin = np.where((classes == Outcome.MATCHED) & (random.random(count) < 0.03), np.maximum(numbers - 1, 0), numbers)
    twin = np.where(classes[twin] == Outcome.MATCHED, twin, numbers)
    is_redeemed = (random.random(count) < 0.2) & (classes == Outcome.MATCHED)
    sources = random.choice(["Sale", "Class Booking", "Appointment Booking", "Referral"], count)
    seconds = random.integers(0, 30 * 86_400, count)
    made = pd.DataFrame(
        {
            "site_id": random.choice(["-99", "7"], count),
            "client_id": (100_000_000 + random.integers(0, max(1, count // 20), count)).astype(str),
            "action": np.where(is_redeemed, "Redeemed", "Earned"),
            "points": random.integers(1, 500, count),
            "source": pd.Series(sources).mask(is_redeemed),
            "source_id": pd.Series(random.integers(1, 1000, count), dtype="Int64"),
            "action_at": pd.Series(NOW - timedelta(days=40) + pd.to_timedelta(seconds, unit="s")),
        }
    )
    made["source_id"] = made["source_id"].mask(classes != Outcome.MATCHED, 10_000 + numbers)
    return made.iloc[twin].reset_index(drop=True)


def _remote(
    random: np.random.Generator, content: pd.DataFrame, classes: np.ndarray, event_ids: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    is_unseen = np.isin(classes, _NOT_THERE) | ((classes == Outcome.UNKNOWN) & (random.random(len(classes)) < 0.5))
    shown = content.assign(outcome=classes, event_id=event_ids)[~is_unseen]
    shown["points"] += shown["outcome"].eq(Outcome.AMOUNT_MISMATCH).astype("int64")
    is_slipped = shown["outcome"].eq(Outcome.TIME_MISMATCH)
    shown["action_at"] = shown["action_at"].mask(is_slipped, shown["action_at"] + ZONE_OFFSET)
    shown["event_id"] = shown["event_id"].mask(shown["outcome"].eq(Outcome.UNEXPECTED_REMOTE))
    is_doubled = shown["outcome"].isin(_EXTRA)
    extra = shown[is_doubled].assign(event_id=None)
    extra["action"] = extra["action"].mask(extra["outcome"].eq(Outcome.REVERSED_REMOTE), "Returned")
    shown["outcome"] = shown["outcome"].mask(is_doubled, Outcome.MATCHED)
    remote = pd.concat([shown, extra], ignore_index=True)
    remote = remote.assign(remote_id=random.permutation(len(remote)))
    unseen = pd.DataFrame({"outcome": classes[is_unseen], "event_id": event_ids[is_unseen], "remote_id": pd.NA})
    truth = pd.concat([remote[["outcome", "event_id", "remote_id"]], unseen.astype(object)], ignore_index=True)
    return remote[["remote_id", *CONTENT]], truth


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    types = dict.fromkeys(frame.columns, "str")
    types |= {column: "datetime64[us, UTC]" for column in frame.columns if column.endswith("_at")}
    types |= {column: "Int64" for column in ("points", "source_id", "remote_id") if column in frame.columns}
    return frame.astype(types).assign(**{name: _read_anew(frame[name]) for name in types if types[name] == "str"})


def _read_anew(column: pd.Series) -> pd.Series:
    # What a database or a service gives lies in memory in the order of the rows, and so must this: the time that a
    # million texts take depends on it. Few words that come again and again are kept once, as reading back does.
    texts = [f"{text} "[:-1] if isinstance(text, str) else None for text in column.astype("str").tolist()]
    if column.name not in ("event_id", "client_id"):
        texts = [text and sys.intern(text) for text in texts]
    return pd.Series(texts, dtype="str")
