"""Extracts put beside the inbox: ``reference/-99/sales 2026-09-01 2026-11-30.csv``.

A folder below ``reference.folder`` gives its files a site, as below the inbox. The file's name says what the extract
covers: two dates are the first and the last day (of the site), the word "all" is everything; with neither, the extract
tells whose an id is, and an id that it lacks proves nothing. Its age is the time since the file was last changed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from flows.readers.files import is_passed_over
from flows.settings.sections import Settings
from transforms.destinations import NotRead
from transforms.reference.extracts import Naming, parse_extract
from transforms.reference.reference import Reference, Stretch, coverage_frame, facts_frame
from transforms.settle.windows import first_moment
from transforms.sheets.sheet import FileError
from transforms.vocabulary import Code

_DAY = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_ALL = re.compile(r"(?<![a-z0-9])all(?![a-z0-9])")
_Pair = tuple[str, str]  # site and subject


@dataclass(frozen=True)
class Extracts:
    """What the folder tells, and what a person should know about it."""

    reference: Reference
    notes: tuple[str, ...] = ()  # files that are too old
    not_read: tuple[NotRead, ...] = ()  # files that are wrong; nothing of them is used

    @property
    def failures(self) -> tuple[str, ...]:
        """The files that are wrong, a line each."""
        return tuple(f"{one.what}: {one.why}" for one in self.not_read)


@dataclass(frozen=True)
class _Extract:
    name: str
    taken_at: datetime
    pairs: tuple[_Pair, ...]
    facts: pd.DataFrame
    covered: tuple[date | None, date | None] | None  # None: the name says nothing


def read_extracts(settings: Settings, now: datetime) -> Extracts:
    """Read every extract of the folder; one that is wrong stops neither the others nor the run."""
    found, not_read = _read_all(settings)
    oldest_at = now - timedelta(hours=settings.reference.fresh_hours)
    fresh = [extract for extract in found if extract.taken_at >= oldest_at]
    old = [extract for extract in found if extract.taken_at < oldest_at]
    too_old: set[_Pair] = set()
    for extract in old:
        too_old.update(extract.pairs)
    reference = Reference(
        facts=_facts(fresh),
        coverage=_coverage(settings, fresh),
        # A sale of today is missing in last month's extract: what is too old must not find rows wrong.
        too_old=frozenset(too_old),
        margin=timedelta(days=settings.reference.days_around),
    )
    notes = tuple(_say_old(settings, extract, now) for extract in old)
    return Extracts(reference, notes, tuple(not_read))


def _facts(extracts: Iterable[_Extract]) -> pd.DataFrame:
    # With one that is empty, since no frames at all cannot be put together.
    frames = [facts_frame([]), *(extract.facts for extract in extracts)]
    return pd.concat(frames, ignore_index=True).drop_duplicates()


def _coverage(settings: Settings, extracts: Iterable[_Extract]) -> pd.DataFrame:
    stretches: list[Stretch] = []
    for extract in extracts:
        stretches += _stretches(settings, extract)
    return coverage_frame(_join(stretches))


def _read_all(settings: Settings) -> tuple[list[_Extract], list[NotRead]]:
    """Return the extracts that could be read, and what is wrong with the others."""
    found: list[_Extract] = []
    not_read: list[NotRead] = []
    for path in _list_files(settings.reference_folder):
        name = str(path.relative_to(settings.reference_folder.parent))
        try:
            found.append(_read(settings, path, name))
        except FileError as error:
            not_read.append(NotRead(name, f"{error.message} Nothing of this extract is used."))
        except OSError as error:
            why = f"it cannot be read: {error.strerror}. Nothing of this extract is used."
            not_read.append(NotRead(name, why))
    return found, not_read


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("**/*") if path.is_file() and not is_passed_over(path, folder))


def _read(settings: Settings, path: Path, name: str) -> _Extract:
    """Read one extract; `FileError` where it is none, or where nobody can tell its site or period."""
    taken_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    covered = _covered(path.stem)
    words = settings.reference
    naming = Naming(words.columns, words.referred_name, words.referred_by_name)
    # The readers of all formats come with the first extract: most workspaces have none.
    from flows.readers.read import read_file

    parsed = parse_extract(read_file(path), naming)
    facts, sites = _with_sites(parsed.facts, _default_site(settings, path))
    # A subject without a single fact is told too: of that site nothing is known, and that is known.
    pairs = tuple((site_id, subject.value) for site_id in sorted(sites) for subject in sorted(parsed.subjects))
    return _Extract(name=name, taken_at=taken_at, pairs=pairs, facts=facts, covered=covered)


def _with_sites(facts: pd.DataFrame, default_site_id: str | None) -> tuple[pd.DataFrame, set[str]]:
    """Return the facts, each with its site, and all sites that the extract is of; `FileError` where one is not told."""
    sites = set(facts["site_id"].dropna())
    if default_site_id is not None:
        return facts.fillna({"site_id": default_site_id}), sites | {default_site_id}
    lacks_site = bool(facts["site_id"].isna().any()) or not sites
    if lacks_site:
        raise FileError(
            Code.SITE_UNKNOWN,
            "nobody can tell which site it is of. Put it into a folder named like the site, or add a SiteId column.",
        )
    return facts, sites


def _default_site(settings: Settings, path: Path) -> str | None:
    """Return the site of rows that name none: the folder's, else the only one configured."""
    if path.parent != settings.reference_folder:
        return path.parent.name
    sites = settings.mindbody.sites
    return sites[0].site_id if len(sites) == 1 else None


def _covered(stem: str) -> tuple[date | None, date | None] | None:
    """Return the days that a file's name says it covers, both included; None for an open end.

    >>> _covered("sales 2026-09-01 to 2026-09-30")
    (datetime.date(2026, 9, 1), datetime.date(2026, 9, 30))
    >>> _covered("clients_all"), _covered("small sales of 2026-09-01")
    ((None, None), None)
    """
    texts = _DAY.findall(stem)
    if len(texts) < 2:
        return (None, None) if _ALL.search(stem.lower()) else None
    try:
        first, last = (date.fromisoformat(text) for text in texts)
    except ValueError:
        raise FileError(
            Code.FILE_UNREADABLE, 'its name must hold the first and the last day that it covers, like "2026-09-01".'
        ) from None
    if first > last:
        raise FileError(Code.FILE_UNREADABLE, f"by its name it starts on {first} and ends before, on {last}.")
    return first, last


def _stretches(settings: Settings, extract: _Extract) -> Iterator[Stretch]:
    if extract.covered is None:
        return
    zones = {site.site_id: ZoneInfo(site.timezone) for site in settings.mindbody.sites}
    first, last = extract.covered
    day_after = None if last is None else last + timedelta(days=1)
    for site_id, subject in extract.pairs:
        zone = zones.get(site_id, UTC)
        since = _midnight(first, zone)
        until = _midnight(day_after, zone)
        yield site_id, subject, None, since, until, extract.taken_at


def _midnight(day: date | None, zone: tzinfo) -> datetime | None:
    """Return when a day begins in the zone, in UTC; an open end stays open."""
    if day is None:
        return None
    return first_moment(day, zone)


def _join(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join stretches of one site and subject that touch: three extracts of a month are one of a quarter."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=_beginning):
        if joined and _touch(joined[-1], stretch):
            joined[-1] = _unite(joined[-1], stretch)
        else:
            joined.append(stretch)
    return joined


# What an open end stands for.
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def _beginning(stretch: Stretch) -> tuple[str, str, datetime]:
    site_id, subject, _client_id, since, _until, _as_of = stretch
    return site_id, subject, since or _FIRST


def _touch(earlier: Stretch, later: Stretch) -> bool:
    """Return whether no moment lies between two stretches of one site and subject."""
    site_id, subject, _client_id, _since, until, _as_of = earlier
    later_site_id, later_subject, _client_id, later_since, _until, _as_of = later
    if (site_id, subject) != (later_site_id, later_subject):
        return False
    return (until or _LAST) >= (later_since or _FIRST)


def _unite(earlier: Stretch, later: Stretch) -> Stretch:
    """Make one stretch of two that touch; it is no newer than the older of them."""
    site_id, subject, _client_id, since, until, as_of = earlier
    _site_id, _subject, client_id, _since, later_until, later_as_of = later
    end = None
    if until is not None and later_until is not None:
        end = max(until, later_until)
    return site_id, subject, client_id, since, end, min(as_of, later_as_of)


def _say_old(settings: Settings, extract: _Extract, now: datetime) -> str:
    hours = (now - extract.taken_at) / timedelta(hours=1)
    age = f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours:,.0f} hours"
    return (
        f"{extract.name} was last changed {age} ago, more than reference.fresh_hours "
        f"({settings.reference.fresh_hours:g}): it is not used. Export it again."
    )
