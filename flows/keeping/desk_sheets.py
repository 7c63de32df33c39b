"""Find the sheets that came by the desk and are over: posted, or dropped. What was posted lies in the archive, too."""

from collections.abc import Iterator
from pathlib import Path

from flows.keeping.thing import Thing
from flows.ledger.connection import Ledger
from flows.settings.sections import Settings
from sql.desk_sheets import sheet_of
from sql.keeping import files_as_kept
from transforms.keeping import Facts, Leaving
from transforms.vocabulary import Stage

_OVER = (Stage.DONE, Stage.DROPPED)


def desk_sheets(settings: Settings, ledger: Ledger) -> Iterator[tuple[Thing, Facts]]:
    """Give each sheet with all versions of its content, by when it came to where it stands.

    A folder that the ledger knows no sheet of is none of ours.
    """
    folder = settings.desk_folder
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.is_dir():
            yield from _told(ledger, place)


def _told(ledger: Ledger, place: Path) -> Iterator[tuple[Thing, Facts]]:
    with ledger.read() as connection:
        row = sheet_of(connection, place.name)
        known = [] if row is None else files_as_kept(connection, row.sha256)
    files = [file for file in sorted(place.rglob("*")) if file.is_file()]
    if row is None or not files:
        return
    size_bytes = sum(file.stat().st_size for file in files)
    thing = Thing(Leaving.DESK, place, files, row.stage_at, size_bytes, row.sha256)
    # Of a sheet that was dropped before anything of it was registered the ledger knows no file.
    facts = Facts(
        kind=Leaving.DESK,
        since_at=row.stage_at,
        is_open=Stage(row.stage) not in _OVER,
        has_open_event=any(one.has_open_event for one in known),
        has_open_break=any(one.has_open_break for one in known),
    )
    yield thing, facts
