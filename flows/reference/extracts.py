"""Extracts put beside the inbox: ``reference/-99/sales 2026-09-01 2026-11-30.csv``.

A folder below ``reference.folder`` gives its files a site, as below the inbox. The file's name says what the extract
covers: two dates are the first and the last day (of the site), the word "all" is everything; with neither, the extract
tells whose an id is, and an id that it lacks proves nothing. Its age is the time since the file was last changed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from flows.readers.files import is_passed_over
from flows.readers.read import read_file
from flows.settings.sections import Settings
from transforms.reference.extracts import Naming, parse_extract
from transforms.reference.reference import Reference, Stretch, coverage_frame, facts_frame
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
    failures: tuple[str, ...] = ()  # files that are wrong; nothing of them is used


@dataclass(frozen=True)
class _Extract:
    name: str
    taken_at: datetime
    pairs: tuple[_Pair, ...]
    facts: pd.DataFrame
    covered: tuple[date | None, date | None] | None  # None: the name says nothing


def read_extracts(settings: Settings, now: datetime) -> Extracts:
    """Read every extract of the folder; one that is wrong stops neither the others nor the run."""
    found, failures = list[_Extract](), list[str]()
    for path in _list_files(settings.reference_folder):
        name = str(path.relative_to(settings.reference_folder.parent))
        try:
            found.append(_read(settings, path, name))
        except FileError as error:
            failures.append(f"{name}: {error.message} Nothing of this extract is used.")
        except OSError as error:
            failures.append(f"{name}: it cannot be read: {error.strerror}. Nothing of this extract is used.")
    oldest = now - timedelta(hours=settings.reference.fresh_hours)
    fresh, old = [e for e in found if e.taken_at >= oldest], [e for e in found if e.taken_at < oldest]
    reference = Reference(
        pd.concat([facts_frame([]), *(extract.facts for extract in fresh)], ignore_index=True).drop_duplicates(),
        coverage_frame(_join(stretch for extract in fresh for stretch in _stretches(settings, extract))),
        frozenset(pair for extract in old for pair in extract.pairs),
        timedelta(days=settings.reference.days_around),
    )
    return Extracts(reference, tuple(_say_old(settings, extract, now) for extract in old), tuple(failures))


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("**/*") if path.is_file() and not is_passed_over(path, folder))


def _read(settings: Settings, path: Path, name: str) -> _Extract:
    """Read one extract; `FileError` where it is none, or where nobody can tell its site or period."""
    words = settings.reference
    taken_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    covered = _covered(path.stem)
    parsed = parse_extract(read_file(path), Naming(words.columns, words.referred_name, words.referred_by_name))
    default = _default_site(settings, path)
    named = {*parsed.facts["site_id"].dropna()}
    if default is None and (parsed.facts["site_id"].isna().any() or not named):
        raise FileError(
            Code.SITE_UNKNOWN,
            "nobody can tell which site it is of. Put it into a folder named like the site, or add a SiteId column.",
        )
    facts = parsed.facts if default is None else parsed.facts.fillna({"site_id": default})
    sites = sorted(named | ({default} if default is not None else set()))
    pairs = tuple((site_id, subject.value) for site_id in sites for subject in sorted(parsed.subjects))
    return _Extract(name, taken_at, pairs, facts, covered)


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
    for site_id, subject in extract.pairs:
        zone = zones.get(site_id, UTC)
        since = None if first is None else datetime.combine(first, time(), zone).astimezone(UTC)
        until = None if last is None else datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
        yield site_id, subject, None, since, until, extract.taken_at


def _join(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join stretches of one site and subject that touch: three extracts of a month are one of a quarter."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda s: (s[0], s[1], s[3] or _FIRST)):
        site_id, subject, client_id, since, until, as_of = stretch
        last = joined[-1] if joined else None
        if last is not None and last[:2] == (site_id, subject) and (last[4] or _LAST) >= (since or _FIRST):
            end = None if last[4] is None or until is None else max(last[4], until)
            joined[-1] = (site_id, subject, client_id, last[3], end, min(last[5], as_of))
        else:
            joined.append(stretch)
    return joined


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _say_old(settings: Settings, extract: _Extract, now: datetime) -> str:
    hours = (now - extract.taken_at) / timedelta(hours=1)
    age = f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours:,.0f} hours"
    return (
        f"{extract.name} was last changed {age} ago, more than reference.fresh_hours "
        f"({settings.reference.fresh_hours:g}): it is not used. Export it again."
    )
