"""Where a file that was taken in lies in the archive."""

from pathlib import Path

from flows.runtime.visible import LONGEST_NAME, fitting_name
from flows.settings.sections import Settings

_ADDED_BYTES = 32  # the digits of the hash, and what a copy is called while it is made


def archive_path(path: Path, sha256: str, settings: Settings, default_site_id: str | None) -> Path:
    """Return where a file lies once it is taken in: below the site that its folder or an option named."""
    name = Path(fitting_name(path.name, _ADDED_BYTES))
    return settings.archive_folder / (default_site_id or "") / f"{name.stem}.{sha256[:12]}{name.suffix}"


def archive_places(path: Path, sha256: str, settings: Settings, default_site_id: str | None) -> tuple[Path, ...]:
    """Return where a file of the archive may lie: where it is kept now, and where versions before put it."""
    kept_now = archive_path(path, sha256, settings, default_site_id)
    kept_before = archive_path(path, sha256, settings, None)
    # Long names were not cut as early as they are now.
    uncut = f"{path.stem}.{sha256[:12]}{path.suffix}"
    places = [kept_now, kept_before]
    if len(uncut.encode(errors="surrogateescape")) <= LONGEST_NAME:
        places += [kept_now.with_name(uncut), kept_before.with_name(uncut)]
    return tuple(dict.fromkeys(places))
