"""Find what processes that were killed were writing: copies of ledgers and sheets of people lie in it, too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flows.keeping.thing import Thing
from flows.runtime.whole_file import is_part
from flows.settings.sections import Settings
from flows.settings.set_aside import not_sent_folder, rejected_folder
from transforms.keeping import Facts, Leaving


def half_written(settings: Settings) -> Iterator[tuple[Thing, Facts]]:
    """Give each file that was never finished, in the folders that runs write to, by when it was last written to."""
    for folder in _folders(settings):
        for path in sorted(folder.glob("**/.*")):
            if is_part(path):
                yield _told(path)


def _folders(settings: Settings) -> tuple[Path, ...]:
    return (
        settings.archive_folder,
        settings.backups_folder,
        settings.reports_folder,
        settings.root / "snapshots",
        rejected_folder(settings),
        not_sent_folder(settings),
        settings.root / ".tieout",
    )


def _told(path: Path) -> tuple[Thing, Facts]:
    look = path.stat()
    since_at = datetime.fromtimestamp(look.st_mtime, UTC)
    thing = Thing(Leaving.HALF, path, [path], since_at, look.st_size)
    return thing, Facts(kind=Leaving.HALF, since_at=since_at)
