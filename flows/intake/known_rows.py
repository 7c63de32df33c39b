"""Read the rows of the archive once more, so that the ledger knows them again by their raw cells.

Files that were registered before there were fingerprints have none, and where the headings of a layout change, other
cells are read. Each file is read for itself, the latest first, and is done when it is committed: whatever ends a run
in between, the next one goes on there. Nothing is judged and nothing is sent.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row

from flows.intake.archive import archived_files
from flows.intake.check import PART_ROWS, read_head
from flows.ledger.connection import Ledger
from flows.readers.files import sha256_of
from flows.readers.read import read_parts
from flows.runtime.clock import utc_now
from flows.runtime.progress import Progress, say_nothing
from flows.settings.archive_places import archive_places
from flows.settings.layouts import layouts_of
from flows.settings.sections import Settings
from sql.known_rows import events_of_rows, files_to_learn, keep_known_rows, mark_learned, mark_missing
from transforms.check.parameters import Rules
from transforms.check.part import raw_cells, tell_kinds
from transforms.check.recognized import Recognized, recognize
from transforms.identity.raw_rows import fingerprints, row_rule
from transforms.sheets.rows import collect_rows
from transforms.sheets.sheet import FileError

_BROUGHT = {"sheet": "str", "row": "int64", "event_id": "str", "site_id": "str", "fingerprint_of_event": "Int64"}


def learn_rows(settings: Settings, ledger: Ledger, progress: Progress = say_nothing) -> list[str]:
    """Give the rows of all files of the archive their fingerprints, where they lack them; return what is to be noted.

    A file that is not in the archive is passed over, and looked for once by each rule: a stat or two of each, every
    night, would cost more with every year that `keep.archive_days` has removed.
    """
    layouts = layouts_of(settings)
    rule = row_rule([layout.reads for layout in layouts])
    with ledger.begin() as connection:
        waiting = files_to_learn(connection, rule)
    # An archive that is not there, or empty, may be one that is not mounted. Nothing is looked for in it: each sheet at
    # the desk would have a stat or two of every file there ever was.
    if not waiting or not any(archived_files(settings)):
        return []
    archived = []
    missing_ids = []
    for file in waiting:
        path = _in_archive(settings, file)
        if path is None:
            missing_ids.append(file.file_id)
        else:
            archived.append((file, path))
    if missing_ids:
        with ledger.begin() as connection:
            mark_missing(connection, missing_ids, rule)
    notes = []
    for number, (file, path) in enumerate(archived, 1):
        progress(f"learning the rows of archived files, once: {number:,} of {len(archived):,}")
        try:
            with ledger.begin() as connection:
                _learn(connection, file, path, Rules(now=utc_now(), layouts=layouts))
                mark_learned(connection, file.file_id, rule)
        except FileError as error:
            notes.append(f"{file.name} of the archive cannot be read any more: {error.message}")
            with ledger.begin() as connection:
                mark_learned(connection, file.file_id, rule)
    return notes


def _in_archive(settings: Settings, file: Row[Any]) -> Path | None:
    for path in archive_places(Path(file.name), file.sha256, settings, file.default_site_id):
        # A file that somebody has changed since would give its events the cells of other rows.
        with suppress(OSError):
            if path.is_file() and sha256_of(path) == file.sha256:
                return path
    return None


def _learn(connection: Connection, file: Row[Any], path: Path, rules: Rules) -> None:
    for part in _recognized_parts(path, rules):
        rows = collect_rows(part.tables, part.side_sheets).rows
        target, _ = tell_kinds(rows, part.tables)
        with_cells = rows.assign(cells=raw_cells(rows, target, part.tables))
        known = _brought_by(connection, file.file_id, with_cells)
        # Most were registered with it, and need no second one.
        is_new = known["fingerprint"].ne(known["fingerprint_of_event"]).fillna(True)
        new = known.loc[is_new, ["fingerprint", "event_id"]].astype(object)
        keep_known_rows(connection, new.itertuples(index=False, name=None))


def _recognized_parts(path: Path, rules: Rules) -> Iterator[Recognized]:
    """Give the file part by part, as the check reads it."""
    parts = read_parts(path, PART_ROWS)
    sheets, following = read_head(parts)
    recognized = recognize(sheets, rules)
    yield recognized
    while following is not None:
        (sheet,) = following
        recognized = recognized.following(sheet, rules)
        yield recognized
        following = next(parts, None)


def _brought_by(connection: Connection, file_id: int, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that brought an event, with their fingerprint, the event and the event's own fingerprint."""
    if rows.empty:
        return pd.DataFrame(columns=[*_BROUGHT, "fingerprint"])
    first, last = int(rows["row"].min()), int(rows["row"].max())
    found = [tuple(row) for row in events_of_rows(connection, file_id, first, last)]
    brought = pd.DataFrame(found, columns=list(_BROUGHT)).astype(_BROUGHT)
    has_cells = rows["cells"].notna()
    places = rows.loc[has_cells, ["sheet", "row", "cells"]]
    # Where the format has no sheets, a null would meet no other null in a merge.
    known = brought.fillna({"sheet": ""}).merge(
        places.fillna({"sheet": ""}), on=["sheet", "row"], validate="many_to_one"
    )
    return known.assign(fingerprint=fingerprints(known["cells"], known["site_id"]))
