"""Note what is not as it was: a file of another size than all of its kind, and one that did not come tonight."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from flows.ledger.run import Run
from flows.runtime.clock import utc_now
from flows.runtime.visible import storable
from sql.arrivals import arrivals_since, rows_before
from sql.register import Registered
from transforms.arrivals.series import series_of
from transforms.arrivals.unusual import is_missed, unusual_size
from transforms.sheets.notes import Note

# With it come the rules and the readers, which a night without a file does without.
if TYPE_CHECKING:
    from flows.intake.checked_file import CheckedFile

_FILES_BEFORE = 20
_SPAN = timedelta(days=23)  # three weeks, and a night that began late


def note_size(run: Run, file: "CheckedFile", registered: Registered) -> None:
    """Note a file whose rows are far more or fewer than those of the files like it."""
    if not run.settings.inbox.note_unusual:
        return
    name = storable(file.path.name)
    site_id = file.default_site_id or ""
    series = series_of(name)
    with run.ledger.begin() as connection:
        before = rows_before(connection, registered.file_id, series, site_id, most=_FILES_BEFORE)
    said = unusual_size(registered.rows_read, before)
    if said:
        _note(run, name, f"it has {said}: see whether it is whole.", about=f"size of {site_id}/{series}")


def note_missing(run: Run, names: Iterable[tuple[str, str | None]]) -> None:
    """Note files that came night after night, or week after week, and of which tonight there is none.

    ``names`` are those of all that lay in the inbox, with their sites: what could not be taken has come all the same.
    """
    if not run.settings.inbox.note_unusual:
        return
    here = {(site_id or "", series_of(storable(name))) for name, site_id in names}
    now = utc_now()
    with run.ledger.begin() as connection:
        found = arrivals_since(connection, now - _SPAN)
    came_at = defaultdict(list)
    last_name = {}
    for file in found:
        key = (file.default_site_id, file.series)
        came_at[key].append(file.registered_at)
        last_name[key] = file.name
    for (site_id, series), times in came_at.items():
        why = None if (site_id, series) in here else is_missed(times, now)
        if why:
            of_site = f" of site {site_id}" if site_id else ""
            said = f"no file like it{of_site} came tonight, where {why}."
            _note(run, last_name[site_id, series], said, about=f"none of {site_id}/{series}")


def _note(run: Run, name: str, said: str, *, about: str) -> None:
    line = f"{name}: {said}"
    run.notice(name, [Note(said)])
    run.told.append(line)
    run.unusual[about] = line
