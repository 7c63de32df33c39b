"""Differences for a person: which are wanted, whose they are and until when, in words, and as a file."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Connection, Row

from flows.reports.wording import BREAKS
from flows.review.clocks import Clock, clocks_of
from flows.runtime.clock import utc_now
from flows.runtime.errors import WrongUsage
from flows.runtime.visible import plain_cell
from flows.settings.sections import Settings
from sql.break_decisions import Verb
from sql.breaks import all_breaks, break_json, open_breaks
from transforms.match.due import Rule, assign
from transforms.spoken_times import spoken_date
from transforms.vocabulary import Outcome, ReasonCode

OPEN = {"open", "acknowledged"}
# What a decision about many at once is about, by where each stands; what closed by itself is opened one by one.
FOR_MANY = {Verb.ACKNOWLEDGE: {"open"}, Verb.RESOLVE: OPEN, Verb.REOPEN: {"acknowledged", "resolved"}}


@dataclass(frozen=True)
class Wanted:
    """What narrows differences down; None is any. Ages are whole days since it was first seen."""

    classes: tuple[str, ...] = ()
    site_id: str | None = None
    client_id: str | None = None
    owner: str | None = None
    reason: str | None = None  # a code, or a part of the words
    older_than: int | None = None
    newer_than: int | None = None
    is_overdue: bool = False

    def __post_init__(self) -> None:
        """Refuse a class that there is none of: it would find nothing, and look like good news."""
        known = [str(outcome) for outcome in Outcome if outcome is not Outcome.MATCHED]
        unknown = [name for name in self.classes if name not in known]
        if unknown:
            raise WrongUsage(f'"{unknown[0]}" is no class of a difference: it is one of {", ".join(known)}.')

    @property
    def is_any(self) -> bool:
        """Whether nothing narrows them down."""
        return self == Wanted()

    def takes(self, record: Mapping[str, Any], reason_code: str | None) -> bool:
        """Return whether a difference is one of those that are wanted; ``reason_code`` is that of its reason."""
        owner = record["assigned_to"]
        checks = (
            not self.classes or record["class"] in self.classes,
            self.site_id is None or record["site_id"] == self.site_id,
            self.client_id is None or record["client_id"] == self.client_id,
            self.owner is None or owner == self.owner,
            self.reason is None or _has_reason(record["reason"], reason_code, self.reason),
            self.older_than is None or record["age_days"] > self.older_than,
            self.newer_than is None or record["age_days"] < self.newer_than,
            not self.is_overdue or record["is_overdue"],
        )
        return all(checks)


def _has_reason(reason: str | None, code: str | None, wanted: str) -> bool:
    if reason is None:
        return False
    is_code = wanted in list(ReasonCode)
    return code == wanted if is_code else wanted.lower() in reason.lower()


def list_breaks(connection: Connection, settings: Settings, wanted: Wanted, *, only_open: bool) -> list[dict[str, Any]]:
    """Return the wanted differences, oldest first: the keys of the documented JSON, whose each is and until when."""
    rows = open_breaks(connection) if only_open else all_breaks(connection)
    records = break_records(settings, rows)
    both = zip(records, rows, strict=True)
    return [record for record, row in both if wanted.takes(record, row.reason_code)]


def break_records(settings: Settings, rows: Iterable[Row[Any]]) -> list[dict[str, Any]]:
    """Return differences as the ledger has them as records: the documented keys, whose each is and until when."""
    now, clocks = utc_now(), clocks_of(settings)
    records = []
    for row in rows:
        # Whoever has until a day has until its end in the studio, where it ends hours before or after that of UTC.
        studio_today = now.astimezone(clocks.of(row.site_id).zone).date()
        records.append(_record(row, settings.reconcile.rules, today=now.date(), studio_today=studio_today))
    return records


def overdue_days(settings: Settings) -> tuple[date, dict[str, date]]:
    """Return the day before which what is due is overdue, by the shared clock, and each other one by its site."""
    now, clocks = utc_now(), clocks_of(settings)
    shared = now.astimezone(clocks.shared).date()
    days = {site_id: now.astimezone(zone).date() for site_id, zone in clocks.of_sites.items()}
    return shared, {site_id: day for site_id, day in days.items() if day != shared}


def _record(row: Row[Any], rules: Sequence[Rule], *, today: date, studio_today: date) -> dict[str, Any]:
    record = break_json(row, today)
    assigned = assign({**record, "given_to": row.given_to, "given_until_on": row.due_on}, rules)
    is_late = assigned.due_on is not None and assigned.due_on < studio_today and record["state"] in OPEN
    return record | {
        "detail": row.detail,
        "assigned_to": assigned.owner,
        "due_on": assigned.due_on,
        "is_overdue": is_late,
    }


def break_lines(record: Mapping[str, Any], clock: Clock) -> Iterator[str]:
    """Tell a difference in words: what, whose, since when, what both sides say, and what to do; by the site's clock."""
    word = BREAKS[record["class"]]
    parts = [
        f"{word.short} ({record['class']}): {_whose(record)}, {_value(record)}, {_since(record)}",
        *_said(record),
    ]
    yield f"{record['id']}  {'; '.join(parts)}"
    yield f"    {clock.retell(record['detail'] or word.meaning)}"
    if record["state"] in OPEN:
        yield f"    What to do: {word.next_step}"


def _said(record: Mapping[str, Any]) -> Iterator[str]:
    """Say who decided what about a difference, whose it is, and until when."""
    owner, assigned_to = record["owner"], record["assigned_to"]
    if owner:
        yield f"{owner}: {record['reason']}"
    if assigned_to and assigned_to != owner:
        yield f"for {assigned_to}"
    if record["due_on"] is not None and record["state"] in OPEN:
        due = f"due on {spoken_date(record['due_on'])}"
        yield f"{due}, overdue" if record["is_overdue"] else due


def meaning_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Tell what each class among these means, with how many there are."""
    counts = Counter(record["class"] for record in records)
    for name, count in counts.most_common():
        word = BREAKS[name]
        yield f"{count:,} {word.short} ({name}): {word.meaning}"


def _whose(record: Mapping[str, Any]) -> str:
    whose = f"reward {record['reward_id']}" if record["reward_id"] else f"client {record['client_id']}"
    return f"{whose} of site {record['site_id']}" if record["site_id"] else whose


def _value(record: Mapping[str, Any]) -> str:
    if record["points"] is not None:
        return f"{record['points']:,} points"
    if record["amount"] is not None:
        return f"amount {record['amount']}"
    return "no amount"


def _since(record: Mapping[str, Any]) -> str:
    days = record["age_days"]
    longer_ago = f"{spoken_date(record['opened_on'])}, {days} days"
    ago = {0: "today", 1: "yesterday"}.get(days, longer_ago)
    return f"{record['state']} since {ago}"


def write_csv(records: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the differences as a file that a spreadsheet program opens; no cell of it begins a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        _write(records, file)


def _write(records: Sequence[Mapping[str, Any]], file: TextIO) -> None:
    names = list(records[0]) if records else ["id"]
    writer = csv.writer(file)
    writer.writerow(names)
    for record in records:
        writer.writerow([_cell(record[name]) for name in names])


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return plain_cell(value)
    return "" if value is None else value
