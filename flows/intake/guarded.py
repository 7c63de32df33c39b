"""Tell a person what the guards stopped of a file."""

from collections.abc import Iterable

from sql.guards import Stop
from transforms.guards.words import how_to_decide, stop_text
from transforms.sheets.notes import Note


def stop_notes(stops: Iterable[Stop], run_id: str = "") -> list[Note]:
    """Return a note for each, and where a run holds them one more that says what to do."""
    notes = [Note(_text(stop)) for stop in stops]
    if notes and run_id:
        notes.append(Note(how_to_decide(run_id)))
    return notes


def _text(stop: Stop) -> str:
    return stop_text(stop.why, site_id=stop.site_id, events_count=stop.events_count, points=stop.points)
