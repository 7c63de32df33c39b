"""Judge each distinct value of a column once: a million points have five hundred values, and two actions.

A column whose values are nearly all different gains nothing, and a look at its first cells says so.
"""

from collections.abc import Callable

import pandas as pd

_LOOKED_AT = 1_000
_MOST_DISTINCT = 0.5  # of those


def say_of_each(texts: pd.Series, say: Callable[[str], str | None]) -> pd.Series:
    """Return what is said of every text, each different one asked about once; NA of NA, and of what nothing is said."""
    place, distinct = pd.factorize(texts)
    said = pd.array([say(text) for text in distinct], dtype="str")
    # An empty cell has the place -1, which takes nothing.
    of_every = said.take(place, allow_fill=True)
    return pd.Series(of_every, index=texts.index, name=texts.name)


def distinct_if_few(texts: pd.Series) -> pd.Series:
    """Return each different text once where there are few; else all of them: to find that out would cost as much."""
    return texts.drop_duplicates() if _are_few(texts) else texts


def _are_few(texts: pd.Series) -> bool:
    first = texts.iloc[:_LOOKED_AT]
    return first.nunique() <= len(first) * _MOST_DISTINCT


def judge_each(texts: pd.Series, judge: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return what ``judge`` tells of every text, which hangs on the text alone; False of NA."""
    if not _are_few(texts):
        return judge(texts).fillna(value=False).astype(bool)
    distinct = texts.dropna().drop_duplicates()
    return texts.isin(distinct[judge(distinct)].to_numpy(object))
