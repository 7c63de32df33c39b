"""Times that say no zone: how they are read is said once for a layout or a site, and asked where nobody has said it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import islice

import pandas as pd

from transforms.sheets.clocks import SaidBy, SaidClock, zone_name
from transforms.sheets.headings import Table
from transforms.sheets.notes import Note
from transforms.sheets.questions import TIMES, About, Question, about_table, of_sheet
from transforms.spoken_times import spoken
from transforms.vocabulary import Times

_EXAMPLES_TRIED = 100  # rows, for one that the studio's clock has exactly once


@dataclass(frozen=True)
class Unzoned:
    """Times without an offset in one column, of the rows of one site; the first stands for all."""

    about: About
    site_id: str
    said: SaidClock
    row: int
    text: str  # as the sheet shows it
    local: datetime  # the same, read; naive
    count: int

    @property
    def keeper(self) -> str:
        """What the answer is kept for: the layout that reads the table, else the site."""
        return self.about.layout or f"site {self.site_id}"


def find_unzoned(rows: pd.DataFrame, tables: Sequence[Table], saids: Sequence[SaidClock]) -> Iterator[Unzoned]:
    """Give what `rows` hold, one for each table and site.

    `rows` are those with a time that names no zone: `table`, `site_id`, `row`, `text`, `local` (naive) and `clock`, the
    place of what holds for it in `saids`.
    """
    for _, found in rows.groupby(["table", "site_id"], sort=False):
        said = saids[int(found["clock"].iloc[0])]
        place = _first_clear(found["local"], said)
        first = found.iloc[place]
        table = tables[int(first["table"])]
        yield Unzoned(
            about=about_table(table, table.heading("action_date_time")),
            site_id=str(first["site_id"]),
            said=said,
            row=int(first["row"]),
            text=str(first["text"]),
            local=first["local"].to_pydatetime(),
            count=len(found),
        )


def _first_clear(local: pd.Series, said: SaidClock) -> int:
    """Return the place of the first time that the studio's clock has once, else 0: an example that shows both ways."""
    zone = said.studio or said.zone
    for place, time in enumerate(islice(local, _EXAMPLES_TRIED)):
        if in_zone(time.to_pydatetime(), zone) is not None:
            return place
    return 0


def in_zone(local: datetime, zone: tzinfo) -> datetime | None:
    """Return the moment that a clock in the zone shows as `local`; None where it shows that twice or never."""
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    # Where the clock is changed the two differ; where it is put forward, neither comes back as it was.
    return None if first.utcoffset() != second.utcoffset() else first


def join_unzoned(found: Iterable[Unzoned]) -> list[Unzoned]:
    """Bring together what is read alike, in order of the file: the first with the count of all."""
    joined: dict[tuple[str, SaidClock], Unzoned] = {}
    for times in found:
        key = (times.keeper, times.said)
        if key in joined:
            first = joined[key]
            joined[key] = replace(first, count=first.count + times.count)
        else:
            joined[key] = times
    return list(joined.values())


def unzoned_notes(found: Iterable[Unzoned]) -> Iterator[Note]:
    """Say how times that name no zone are read, where that is no question."""
    for times in join_unzoned(found):
        # What the heading itself says needs no word of ours.
        if times.said.said_by in (SaidBy.NOBODY, SaidBy.HEADING):
            continue
        about = times.about
        many = "1 time" if times.count == 1 else f"{times.count:,} times"
        read_as = "UTC" if times.said.times is Times.UTC else f"the studio's time ({zone_name(times.said.zone)})"
        message = (
            f"{of_sheet(about.sheet)}{about.column}: {many} without an offset, read as {read_as}{_why(times)}"
            f"{_example(times)}.{_as_before(times)}"
        )
        yield Note(message, about.sheet, times.row, about.column)


def _why(times: Unzoned) -> str:
    match times.said.said_by:
        case SaidBy.LAYOUT:
            return f', as the layout "{times.about.layout}" says'
        case SaidBy.SITE:
            return f", as it is set for site {times.site_id}"
        case SaidBy.AS_BEFORE:
            return f", as they were until now for site {times.site_id}"
        case _:
            return ", as the document says"


def _example(times: Unzoned) -> str:
    at = in_zone(times.local, times.said.zone)
    if at is None:
        return ""
    return f": {times.text} in row {times.row} is {_in_studio(at, times.said.studio)}"


def _as_before(times: Unzoned) -> str:
    if times.said.said_by is not SaidBy.AS_BEFORE:
        return ""
    return (
        f' Where they are the studio\'s own time, write times = "site" for site {times.site_id} into the settings: '
        "what was posted is held then, and not posted again."
    )


def _in_studio(at: datetime, studio: tzinfo | None) -> str:
    if studio is None:
        return f"{spoken(at.astimezone(UTC))} UTC"
    return f"{spoken(at.astimezone(studio))} in the studio"


def unzoned_questions(found: Iterable[Unzoned]) -> Iterator[Question]:
    """Ask whose clock the times are by where nobody has said it: once for a layout, else once for a site."""
    for times in join_unzoned(found):
        if times.said.said_by is SaidBy.NOBODY:
            yield _question(times)


def _question(times: Unzoned) -> Question:
    about = times.about
    studio = times.said.studio
    own_zone = "" if studio is None else f" ({zone_name(studio)})"
    as_utc = _in_studio(times.local.replace(tzinfo=UTC), studio)
    message = (
        f"{of_sheet(about.sheet)}{about.column} says no zone: row {times.row} has {times.text}. "
        f"Is that UTC, or the studio's own time{own_zone}?"
    )
    choices: dict[str, str] = {
        Times.UTC: f"as UTC: {as_utc}",
        Times.SITE: f"as the studio's time: {_by_own_clock(times)}",
    }
    entries: dict[str, dict[str, str]] = {answer: {TIMES: answer} for answer in choices}
    # What a layout has is kept in it; otherwise the answer is about all sheets of the site.
    site_id = None if about.layout else times.site_id
    return Question(message, choices, entries, about, site_id)


def _by_own_clock(times: Unzoned) -> str:
    studio = times.said.studio
    if studio is None or in_zone(times.local, studio) is not None:
        return f"{spoken(times.local)} in the studio"
    return f"{spoken(times.local)} in the studio, whose clock was changed in this hour"
