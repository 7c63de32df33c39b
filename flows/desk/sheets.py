"""Sheets that came by the desk: their content, each in a folder of its own, and who may see which.

A folder has a random name. A file in it is called as people called theirs, as far as its letters are harmless: nothing
that was sent can lead out of the folder, or hide in it.
"""

import hashlib
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sqlalchemy import Row

from flows.desk.forms import MEGABYTE
from flows.desk.visit import Desk
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import fitting_name, visible
from sql import desk_sheets as kept
from transforms.vocabulary import Stage

_ID = re.compile(r"[A-Za-z0-9_-]{16,32}")
_HARMLESS = re.compile(r"[^\w .()+,&'-]")
_ADDED_BYTES = 80
_SHOWN = 20


@dataclass(frozen=True)
class DeskSheet:
    """One sheet, and where its content lies."""

    row: Row[Any]
    folder: Path

    @property
    def sheet_id(self) -> str:
        """The random id by which its pages are found."""
        return str(self.row.sheet_id)

    @property
    def name(self) -> str:
        """What people called the file."""
        return str(self.row.name)

    @property
    def site_id(self) -> str:
        """Whose people may see it."""
        return str(self.row.site_id)

    @property
    def default_site_id(self) -> str | None:
        """The site of rows that name none, as a check takes it."""
        return self.row.default_site_id or None

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return Stage(self.row.stage)

    @property
    def path(self) -> Path:
        """Where its content lies, with what was mended."""
        return self.folder / str(self.row.sha256)[:16] / self.name

    @property
    def uploaded_at(self) -> datetime:
        """When it came."""
        at: datetime = self.row.uploaded_at
        return at


def find_sheet(desk: Desk, sheet_id: str) -> DeskSheet | None:
    """Return the sheet of this id, None where there is none."""
    if not _ID.fullmatch(sheet_id):
        return None
    with desk.ledger.read() as connection:
        row = kept.sheet_of(connection, sheet_id)
    return None if row is None else sheet_from(desk, row)


def bytes_of_sheet(desk: Desk, sheet_id: str) -> int:
    """Return how long the longest version of a sheet is; 0 where there is none of this id."""
    if not _ID.fullmatch(sheet_id):
        return 0
    versions = (desk.settings.desk_folder / sheet_id).glob("*/*")
    return max((path.stat().st_size for path in versions), default=0)


def sheet_from(desk: Desk, row: Row[Any]) -> DeskSheet:
    """Return a sheet as the ledger has it."""
    return DeskSheet(row, desk.settings.desk_folder / row.sheet_id)


def newest_sheets(desk: Desk, site_id: str, part: int) -> tuple[list[DeskSheet], bool]:
    """Return a part of the sheets of a site, from 1, the newest first, and whether there are older ones."""
    skipped = (part - 1) * _SHOWN
    with desk.ledger.read() as connection:
        # One more than is shown tells whether there are older ones.
        rows = kept.sheets_of_site(connection, site_id, _SHOWN + 1, skipped)
    shown = [sheet_from(desk, row) for row in rows[:_SHOWN]]
    return shown, len(rows) > _SHOWN


def harmless_name(name: str) -> str:
    r"""Return what a person called a file, without its folders and without signs that mean something to a system.

    >>> harmless_name("../../etc/pass:wd.csv"), harmless_name("C:\\Desk\\März <1>.xlsx"), harmless_name("..")
    ('pass_wd.csv', 'März _1_.xlsx', 'sheet')
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    seen = visible(unicodedata.normalize("NFC", last))
    kept_name = _HARMLESS.sub("_", seen).strip(" .'-")
    return fitting_name(kept_name, _ADDED_BYTES) or "sheet"


def take_sheet(desk: Desk, content: BinaryIO, name: str, site_id: str, by: str) -> str:
    """Keep what was sent and return its id; nothing of it is read yet."""
    # Nobody guesses it: an address of a sheet tells neither how many there are, nor what they are called.
    sheet_id = secrets.token_urlsafe(15)
    folder = desk.settings.desk_folder / sheet_id
    name = harmless_name(name)
    sha256 = _keep(content, folder, name)
    # Where there is one site alone, a file is the same whether it comes by the inbox or by the desk.
    default_site_id = site_id if len(desk.site_ids) > 1 else ""
    with desk.ledger.begin() as connection:
        kept.add_sheet(
            connection,
            sheet_id,
            name=name,
            site_id=site_id,
            default_site_id=default_site_id,
            sha256=sha256,
            by=by,
            now=utc_now(),
        )
    return sheet_id


def _keep(content: BinaryIO, folder: Path, name: str) -> str:
    folder.mkdir(parents=True, mode=0o700)
    draft = folder / "draft"
    digest = hashlib.sha256()
    # Read by nobody else: it holds who came when.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := content.read(MEGABYTE):
            digest.update(chunk)
            file.write(chunk)
    return move_in(draft, folder, name, digest.hexdigest())


def move_in(draft: Path, folder: Path, name: str, sha256: str) -> str:
    """Give a draft its place among the versions of its sheet, by its content; return its hash."""
    if draft.stat().st_size == 0:
        draft.unlink()
        raise WrongUsage("The file is empty. Save it in Excel, and send it again.")
    place = folder / sha256[:16]
    place.mkdir(mode=0o700, exist_ok=True)
    draft.replace(place / name)
    return sha256
