"""Judge a part of a file from what it holds and what is known before: pure, so that any process may do it, and twice.

A part goes out and what became of it comes back, as small as what is kept of it; the parts are brought together in
their order by whoever reads the file (`flows.intake.check`).
"""

from dataclasses import dataclass, replace

import pandas as pd

from transforms.check.file_totals import FileTotals, count_file_totals
from transforms.check.habits import Columns
from transforms.check.parameters import Rules
from transforms.check.part import Checked, check_part
from transforms.check.recognized import Recognized
from transforms.check.unusual_rows import SeenRows, see_rows
from transforms.identity.event_ids import add_content_keys


@dataclass(frozen=True)
class Part:
    """Some rows of a file, with all that their judgment hangs on."""

    recognized: Recognized
    rules: Rules
    others: Columns
    contradicted_elsewhere: pd.Index | None = None
    knows_all: bool = False  # `others` are the columns of the whole file
    keeps_events: bool = True


@dataclass(frozen=True)
class JudgedPart:
    """What became of a part, and what is kept of it; its events have their keys, and are none where nobody keeps them.

    seen: `transforms.check.unusual_rows`, of this part alone.
    """

    checked: Checked
    events: pd.DataFrame
    seen: SeenRows
    file_totals: FileTotals


def judge_part(part: Part) -> JudgedPart:
    """Judge the rows of a part."""
    checked = check_part(
        part.recognized,
        part.rules,
        part.contradicted_elsewhere,
        part.others,
        knows_all=part.knows_all,
        with_fingerprints=part.keeps_events,
    )
    events = checked.events
    none = events.iloc[:0]
    return JudgedPart(
        checked=replace(checked, events=none),
        events=add_content_keys(events) if part.keeps_events else none,
        seen=see_rows(events),
        file_totals=count_file_totals(events, checked.rows_read, checked.source_ids, checked.bad_sums),
    )
