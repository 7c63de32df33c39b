"""Read and judge one file, part by part, so that memory does not depend on its length.

What the parts say of the whole (headings, rewards that contradict each other, equal rows) is brought together here:
a file gives the same result whether it is read at once or in parts of any size, and whoever judges them: this process,
others beside it, or those of a cluster (`flows.workers`). Parts are read and brought together here, in their order.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import repeat
from pathlib import Path

import pandas as pd

from flows.intake.checked_file import CheckedFile, OnRows, count_nothing
from flows.intake.found import Found
from flows.readers.files import sha256_of
from flows.readers.read import read_parts
from flows.reference.extracts import read_extracts
from flows.runtime.clock import utc_now
from flows.runtime.errors import FileRejected
from flows.settings.layouts import layouts_of
from flows.settings.sections import Settings
from flows.settings.site_times import site_clocks_of
from flows.workers.open import Workers, open_workers
from transforms.check.judged import Part, judge_part
from transforms.check.parameters import Rules
from transforms.check.recognized import Recognized, recognize
from transforms.reference.reference import Reference
from transforms.sheets.heading_rows import SEARCHED_ROWS
from transforms.sheets.rows import refuse_shifted
from transforms.sheets.sheet import FileError, FileNotAtHand, Sheet, join_parts
from transforms.sheets.unzoned import join_unzoned
from transforms.vocabulary import Code

# Half a second of work. What pandas and pandera take for each part, however long it is, is a tenth of a second of it.
PART_ROWS = 100_000


def check_file(
    settings: Settings,
    path: Path,
    default_site_id: str | None,
    *,
    keeps_events: bool = True,
    part_rows: int = PART_ROWS,
    on_rows: OnRows = count_nothing,
    reference: Reference | None = None,
    now: datetime | None = None,
) -> CheckedFile:
    """Read and judge one file; `FileRejected` where it is wrong as a whole. Nothing is kept or sent.

    Without `keeps_events` only the counts of the good rows are known after. SourceIds are checked against `reference`;
    where none is given, against the extracts of the reference folder.
    """
    now = now or utc_now()
    sha256 = _hash(path)
    rules = Rules(
        now=now,
        site_ids=tuple(settings.mindbody.site_ids),
        default_site_id=default_site_id,
        site_clocks=site_clocks_of(settings),
        require_source=settings.guards.require_source,
        currency=settings.referral_rock.currency,
        layouts=layouts_of(settings),
        reference=(reference or read_extracts(settings, now).reference).if_any(),
    )
    try:
        with open_workers(settings, _size(path)) as workers:
            judge = partial(_judge, path, rules, part_rows, workers, keeps_events=keeps_events)
            found = judge(on_rows=on_rows)
            # The first parts were read before the last ones had told how days are written. Read twice, the same file
            # gives the same events whatever order its parts come in; 05/10 would else be May in the one part, and
            # October in the next.
            if not found.is_of_one_mind:
                found = judge(before=found)
            contradicted = found.contradicted()
            if len(contradicted):  # rows of earlier parts were taken for good ones
                found = judge(contradicted, before=found)
        refuse_shifted(found.shifted)
    except FileError as error:
        raise FileRejected(path.name, sha256, error) from None
    # What was checked has to be what the ledger knows by this hash: a file that grew meanwhile would be known as sent,
    # with the rows that nobody looked at.
    if _hash(path) != sha256:
        changed = FileError(Code.FILE_UNREADABLE, "the file changed while it was read: it is taken when it is whole.")
        raise FileRejected(path.name, None, changed)
    return CheckedFile(
        path=path,
        sha256=sha256,
        default_site_id=default_site_id,
        rules=rules,
        file_totals=found.file_totals,
        notes=found.all_notes,
        questions=found.questions,
        unzoned=tuple(join_unzoned(found.unzoned)),
        receipt_columns=found.recognized.receipt_columns,
        errors=found.errors,
        skipped=found.skipped,
        events=found.events,
        at_once=found.at_once,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # reading it says what is wrong with it
        return 0


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        reason = FileNotAtHand(Code.FILE_UNREADABLE, f"the file cannot be opened: {error.strerror}.")
        raise FileRejected(path.name, None, reason) from None


def _judge(
    path: Path,
    rules: Rules,
    part_rows: int,
    workers: Workers,
    contradicted: pd.Series | None = None,
    *,
    keeps_events: bool,
    before: Found | None = None,
    on_rows: OnRows = count_nothing,
) -> Found:
    """Read the file once; `contradicted` are places among its rows, as `Found.contradicted` gives them.

    `before` is what an earlier reading has found: what all cells of a column say of how it is written holds for every
    part, whichever of them is judged first.
    """
    parts = read_parts(path, part_rows)
    sheets, following = read_head(parts)
    try:
        recognized = recognize(sheets, rules)
    except FileError:
        for _ in parts:  # what cannot be read at all is told first
            pass
        raise
    found = Found(
        recognized, None if following else tuple(sheets), keeps_events, rules.now, notes=list(recognized.notes)
    )
    places = _places(contradicted, before)
    lengths: list[int] = []

    def next_parts() -> Iterator[Part]:
        for one, those in _following(found, recognized, sheets, following, parts, rules):
            lengths.append(sum(len(sheet.cells) for sheet in those))
            yield Part(
                recognized=one,
                rules=rules,
                contradicted_elsewhere=next(places, None),
                others=before.columns if before else found.columns,
                knows_all=before is not None,
                keeps_events=keeps_events,
            )

    # A file that came at once is judged here: there is nothing to do beside it.
    judged = workers.in_order(judge_part, next_parts()) if following else map(judge_part, next_parts())
    for number, one in enumerate(judged):
        found.add(one)
        on_rows(lengths[number])
    return found


def _following(
    found: Found,
    recognized: Recognized,
    sheets: list[Sheet],
    following: list[Sheet] | None,
    parts: Iterator[list[Sheet]],
    rules: Rules,
) -> Iterator[tuple[Recognized, list[Sheet]]]:
    """Give the parts of a file with the headings that hold in each, which hang on those above."""
    yield recognized, sheets
    while following is not None:
        sheets, following = following, next(parts, None)
        (sheet,) = sheets
        recognized = recognized.following(sheet, rules)
        found.notes += recognized.notes
        yield recognized, sheets


def _places(contradicted: pd.Series | None, before: Found | None) -> Iterator[pd.Index | None]:
    """Give, for each part, which of its rows are contradicted elsewhere, counted from its first row."""
    if contradicted is None or before is None:
        yield from repeat(None)
        return
    first = 0
    for count in before.rows_of_parts:
        begin, end = contradicted.searchsorted([first, first + count])
        yield pd.Index(contradicted.iloc[begin:end] - first)
        first += count


def read_head(parts: Iterator[list[Sheet]]) -> tuple[list[Sheet], list[Sheet] | None]:
    """Return enough rows to find the headings, and the part that comes after, None where there is none."""
    sheets = next(parts)
    following = next(parts, None)
    while following is not None and len(sheets[0].cells) < SEARCHED_ROWS:
        sheets = [join_parts([*sheets, *following])]
        following = next(parts, None)
    return sheets, following
