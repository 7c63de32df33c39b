"""The three sentences on top of a report, in the order in which a reviewer asks, and the color that each has earned.

Is everything in the sheets accounted for; do the services agree, and if not by how much; is anything unread, so that
nobody may conclude. What waits for a person is said after them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from flows.reports.next_steps import next_steps
from flows.reports.once import once
from flows.reports.open_breaks import open_differences
from flows.reports.report import Report, rows
from flows.reports.unread import unread_in
from flows.reports.values import exact
from flows.reports.wording import BREAKS, Tone, word
from flows.runtime.visible import visible
from transforms.destinations import NotRead
from transforms.exact_sums import whole_sum
from transforms.outcomes import SERIOUS
from transforms.totals.walk_steps import summed
from transforms.vocabulary import Unread, WalkLine

_MOST_NAMES: Final = 8
_WITH_ROWS: Final = frozenset({Unread.FILE, Unread.INBOX})
_ORDER: Final[tuple[Tone, ...]] = ("good", "wait", "bad")


@dataclass(frozen=True)
class Answer:
    """One of the three sentences, and its color; the sentence says all that the color does."""

    tone: Tone
    sentence: str


@dataclass(frozen=True)
class Headline:
    """The three sentences and what waits in one, and the color of the worst of them."""

    tone: Tone
    sentence: str
    answers: tuple[Answer, ...]
    waits: str


@once
def headline(report: Report) -> Headline:
    """Return whether `report` ties out, whether the services agree, what was not read, and what waits for a person."""
    answers = (_sheets(report), _services(report), _unread(report))
    waiting = [f"{step.how_many:,} {step.what}" for step in next_steps(report) if step.for_a_person]
    waits = f"For a person: {', '.join(waiting)}." if waiting else "Nothing waits for a person."
    tones: list[Tone] = [answer.tone for answer in answers]
    if waiting:
        tones.append("wait")
    sentences = [answer.sentence for answer in answers]
    return Headline(worst_of(tones), " ".join([*sentences, waits]), answers, waits)


def worst_of(tones: Iterable[Tone]) -> Tone:
    """Return the tone of a whole that has parts of these tones."""
    return max(tones, key=_ORDER.index)


def _sheets(report: Report) -> Answer:
    if report.totals["ties_out"]:
        # Rows of a file that nobody could read are accounted for by nobody.
        if any(one.kind in _WITH_ROWS for one in unread_in(rows(report, "not_read"))):
            return Answer("good", "What was read ties out: every row of it and every event is accounted for.")
        return Answer("good", "Ties out: every row and every event is accounted for.")
    return Answer("bad", f"Does not tie: {_what_is_off(report)}.")


def _what_is_off(report: Report) -> str:
    ties = rows(report, "ties")
    off = ties[ties["ties"].eq(False)]
    pairs = zip(off["name"], off["difference"], strict=True)
    named = [f"{visible(str(name))} is off by {_quantity(difference)}" for name, difference in pairs]
    return "; ".join(named) or "the totals of the run say so, and no single equation is off"


def _quantity(difference: object) -> str:
    # Where one side is not known the equation is off, and "off by 0" would say the opposite.
    if pd.isna(difference):  # type: ignore[call-overload]
        return "an amount nobody knows"
    return f"{exact(difference):,}"


def _services(report: Report) -> Answer:
    open_ones = open_differences(report)
    unseen = _unseen(report)
    if len(open_ones):
        is_serious = bool(open_ones["class"].isin(list(SERIOUS)).any())
        sentence = f"The services do not agree, by {_by_how_much(open_ones)}: {_classes(open_ones)}."
        return Answer("bad" if is_serious else "wait", f"{sentence}{unseen}")
    if report.totals["agrees"]:
        return Answer("good", "The services agree with all that was posted and looked at.")
    return Answer("wait", f"Nobody can say yet whether the services agree.{unseen}")


def _by_how_much(open_ones: pd.DataFrame) -> str:
    """Say what the open differences come to, without their signs: one must not make up for the other."""
    points = whole_sum(open_ones["points"].dropna().astype("object"))
    amounts = map(exact, open_ones["amount"].dropna())
    amount = sum(amounts, start=exact(0))
    told = []
    if points:
        told.append(f"{points:,} points")
    if amount:
        told.append(f"an amount of {amount:,}")
    return " and ".join(told) or "no points and no amount"


def _classes(open_ones: pd.DataFrame) -> str:
    counts = open_ones["class"].value_counts(sort=False).sort_index()
    told = [f"{count:,} {word(BREAKS, name).short.lower()}" for name, count in counts.items()]
    return ", ".join(told)


def _unseen(report: Report) -> str:
    """Say what of this run was posted and not looked for, and what is there that no event of ours claims."""
    walked = rows(report, "walk")
    not_compared = summed(walked, WalkLine.NOT_COMPARED, "events")
    unclaimed = summed(walked, WalkLine.UNCLAIMED, "events")
    said = ""
    if not_compared:
        said += f" {not_compared:,} posted events were not read back."
    if unclaimed:
        said += f" {unclaimed:,} entries are there of events that are in doubt."
    return said


def _unread(report: Report) -> Answer:
    unread = unread_in(rows(report, "not_read"))
    if not unread:
        return Answer("good", "Nothing was left unread.")
    # In counts alone, but for places: this is seen by more people than may see who the clients are.
    what = "1 thing was" if len(unread) == 1 else f"{len(unread):,} things were"
    sentence = f"{what} not read, and nobody may conclude about it: sheet Not read says what and why."
    return Answer("wait", f"{_left_out(unread)}{sentence}")


def _left_out(unread: list[NotRead]) -> str:
    """Name the sites and services that the run went on without, or not to the end."""
    places = [one.what for one in unread if one.kind is Unread.DESTINATION]
    return f"Not all done at {_listed(places)}. " if places else ""


def _listed(names: list[str]) -> str:
    shown = ", ".join(visible(name) for name in names[:_MOST_NAMES])
    more_count = len(names) - _MOST_NAMES
    return f"{shown} and {more_count:,} more" if more_count > 0 else shown
