"""Look at what a file would do before anything of it is kept: the one way for command line and pages.

The file is registered as a run would register it, looked at, and taken back again, so that nothing that is shown can be
other than what the run then does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from flows.intake.checked_file import CheckedFile
from flows.intake.source_ids import swept
from flows.ledger.connection import Ledger
from flows.review.plan import Plan, preview
from flows.settings.sections import Settings
from sql.register import find_file

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Ahead(Generic[Seen]):
    """What a file would do as the ledger stands; ``seen`` is what was read of it, None where nothing was registered."""

    checked: CheckedFile  # with its SourceIds looked up
    plan: Plan
    seen: Seen | None
    notes: tuple[str, ...]  # what could not be looked up


def look_ahead(
    settings: Settings, ledger: Ledger, checked: CheckedFile, read: Callable[[Connection, int, Plan], Seen]
) -> Ahead[Seen]:
    """Return what the file would do; `read` is called with its id in the ledger while it is registered.

    A file that was taken in before is read as it stands in the ledger.
    """
    checked, notes = swept(settings, ledger, checked)
    seen: list[Seen] = []

    def look(connection: Connection, plan: Plan) -> None:
        file_id = find_file(connection, checked.sha256, checked.default_site_id or "")
        if file_id is not None:
            seen.append(read(connection, file_id, plan))

    plan = preview(settings, ledger, checked, look)
    return Ahead(checked, plan, seen[0] if seen else None, notes)
