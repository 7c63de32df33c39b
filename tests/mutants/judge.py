"""Read a mutant as the product does, and judge what came of it.

| outcome | means |
|---|---|
| refused | one clear line about the file |
| asked | nothing of the file is sent before a person has answered what it leaves open |
| equal | what is accepted are rows of the original, and what is missing is told row by row |
| fewer | accepted are rows of the original, but some are gone without a word, as in a file cut off between two rows |
| changed | no more rows, or cells, differ than places were damaged: the bytes now say so, and nothing can tell |
| wrong | a row was accepted that nothing explains |
| traceback, hang | the reader itself failed |

In a format with checksums fewer and changed are wrong too.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from flows.readers.read import read_file
from tests.mutants.mutate import Mutant
from tests.mutants.originals import Original
from transforms.check.events import EVENTS
from transforms.check.open_columns import column_questions
from transforms.check.parameters import Rules
from transforms.check.part import Checked, check_sheets
from transforms.check.recognized import recognize
from transforms.sheets.encodings import encoding_questions
from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

GOOD = ("refused", "asked", "equal", "fewer", "changed")
BAD = ("wrong", "traceback", "hang")
RULES = Rules(datetime(2027, 1, 1, tzinfo=UTC), default_site_id="-99")
_FIELDS = [name for name in EVENTS.columns if name not in ("sheet", "row", "target")]
_REWARD_ID = _FIELDS.index("reward_id")
Event = tuple[object, ...]
Change = tuple[str, object, object]  # field, value in the original, value now


@dataclass(frozen=True)
class Verdict:
    """What came of one mutant."""

    outcome: str
    said: str = ""


@dataclass(frozen=True)
class Truth:
    """What an original says."""

    good: Counter[Event]
    question: str | None  # that the original leaves open by itself, of which nothing can be concluded
    twins: frozenset[str]  # rewards that it gives twice, which are good as soon as one of the two is damaged


def read_truth(original: Original, folder: Path) -> Truth:
    """Read an original."""
    checked, question = _check(folder / original.name, original.content)
    is_twin = checked.errors["code"].eq(Code.REWARD_ID_CONFLICT)
    return Truth(_events(checked), question, frozenset(checked.errors.loc[is_twin, "value"]))


def judge(mutant: Mutant, truth: Truth, folder: Path) -> Verdict:
    """Read the mutant and compare what is accepted with what its original says."""
    try:
        checked, open_question = _check(folder / f"mutant{mutant.suffix}", mutant.content)
    except FileError as refusal:
        return Verdict("refused", refusal.message)
    except Exception as error:  # noqa: BLE001 - any other one is the defect that is looked for
        return Verdict("traceback", f"{type(error).__name__}: {error}")
    if open_question is not None and open_question != truth.question:
        return Verdict("asked", open_question)
    verdict = _compare(mutant, _events(checked), truth, checked.rejected)
    if mutant.original.has_checksums and verdict.outcome in ("fewer", "changed"):
        return Verdict("wrong", f"{verdict.outcome}, in a format with checksums: {verdict.said}")
    return verdict


def _check(path: Path, content: bytes) -> tuple[Checked, str | None]:
    """Check a file; beside it the first question that it leaves open, for which the product would not send it."""
    path.write_bytes(content)
    sheets = read_file(path)
    checked = check_sheets(sheets, RULES)
    questions = [
        *recognize(sheets, RULES).questions,
        *column_questions(checked.columns),
        *encoding_questions(checked.doubtful),
    ]
    return checked, questions[0].message if questions else None


def _events(checked: Checked) -> Counter[Event]:
    rows = checked.events[_FIELDS].astype(object)
    return Counter(rows.where(rows.notna(), None).itertuples(index=False, name=None))


def _compare(mutant: Mutant, found: Counter[Event], truth: Truth, rejected: int) -> Verdict:
    good = truth.good
    lost = good - found
    other = Counter({row: n for row, n in (found - good).items() if row[_REWARD_ID] not in truth.twins})
    changes = {change for event in other for change in _changes(event, good)}
    emptied = {field for field, _, now in changes if now is None}
    # A shared text that changed changes many rows in one way; a lost heading empties one field of all.
    explained = min(
        other.total(), len(changes), len(emptied) if {f for f, _, _ in changes} == emptied else len(changes)
    )
    said = "; ".join(f"{field} {before!r} is now {now!r}" for field, before, now in sorted(changes, key=str)[:4])
    if other:
        return Verdict("wrong" if explained > mutant.touches else "changed", f"{other.total()} rows: {said}")
    untold = lost.total() - rejected
    return Verdict("fewer", f"{untold} rows") if untold > 0 else Verdict("equal")


def _changes(event: Event, good: Counter[Event]) -> set[Change]:
    """Return what differs from the row of the original that is most like it."""
    nearest = max(good, key=lambda known: sum(a == b for a, b in zip(known, event, strict=True)), default=event)
    return {
        (field, before, now)
        for field, before, now in zip(_FIELDS, nearest, event, strict=True)
        if before != now and not (pd.isna(before) and pd.isna(now))
    }
