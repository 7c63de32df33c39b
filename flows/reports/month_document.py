"""The report of a period as page, workbook, JSON and lines on a terminal."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from flows.reports.document import Document
from flows.reports.month import Month
from flows.reports.month_tables.balances import balances_of_month, by_client_of_month
from flows.reports.month_tables.beside import beside_the_last
from flows.reports.month_tables.by_name import by_source_of, by_staff_of
from flows.reports.month_tables.differences import differences_block, rolled_differences
from flows.reports.month_tables.lines import events_block, files_block, proof_of, unread_block
from flows.reports.month_tables.signing import changes_block, in_the_way_block, signatures_block
from flows.reports.month_tables.walked import walk_by_site_of, walk_of
from flows.reports.page.page import write_document_page
from flows.reports.verdict import Answer, Headline
from flows.reports.workbook.workbook import write_document_workbook
from flows.settings.sections import Settings
from transforms.spoken_times import spoken
from transforms.totals.client_balances import Proof
from transforms.totals.walk_steps import summed
from transforms.vocabulary import Kind, WalkLine

_MOST_TOLD: Final = 8
_FRAMES: Final = (
    "walk", "last", "balances", "differences", "rolled", "by_source", "last_by_source", "by_staff", "last_by_staff",
    "files", "unread", "ties",
)  # fmt: skip


def document_of(month: Month) -> Document:
    """Return what page and workbook draw of a period."""
    unread = [unread_block(month, is_on_front=True)] if len(month.unread) else []
    changes = [changes_block(month)] if month.changes else []
    in_the_way = [in_the_way_block(month)] if month.in_the_way and not month.signatures else []
    by_staff = [by_staff_of(month)] if month.events["staff"].notna().any() else []
    return Document(
        title=month.title,
        run_id=month.name,
        finished_at=month.made_at,
        timezone=month.timezone,
        found=headline_of(month),
        facts=_facts(month),
        sections=[
            *unread,
            *changes,
            walk_of(month),
            beside_the_last(month),
            balances_of_month(month),
            rolled_differences(month),
            *in_the_way,
            signatures_block(month),
        ],
        tables=[
            walk_by_site_of(month),
            differences_block(month),
            by_client_of_month(month),
            by_source_of(month),
            *by_staff,
            events_block(month),
            files_block(month),
            unread_block(month),
            proof_of(month),
        ],
    )


def _facts(month: Month) -> list[tuple[str, str]]:
    return [
        ("Period", f"{month.period.since} to {month.period.until}"),
        ("Sites", "all" if month.site_id is None else month.site_id),
        ("Made at", _by_clock(month, month.made_at)),
        ("Times shown in", month.timezone),
    ]


def headline_of(month: Month) -> Headline:
    """Return the three sentences on a period, and whether it is signed or what is in the way."""
    answers = (_sheets(month), _services(month), _unread(month))
    waits = _signed(month)
    tones = [answer.tone for answer in answers]
    worst = next(tone for tone in ("bad", "wait", "good") if tone in tones)
    return Headline(worst, " ".join([*(answer.sentence for answer in answers), waits]), answers, waits)


def _sheets(month: Month) -> Answer:
    if month.ties_out:
        return Answer("good", "Ties out: every row and every event of the period is accounted for.")
    off = month.ties[month.ties["ties"].eq(False)]["name"].tolist()
    return Answer("bad", f"Does not tie: {', '.join(off[:_MOST_TOLD])}.")


def _services(month: Month) -> Answer:
    if month.differences_count:
        told = [f"{month.points_open:,} points"] if month.points_open else []
        told += [f"an amount of {month.amount_open:,}"] if month.amount_open else []
        how_much = " and ".join(told) or "no points and no amount"
        return Answer("bad", f"The services do not agree, by {how_much}: {month.differences_count:,} differences open.")
    if month.agrees:
        return Answer("good", "The services agree with all that was posted and looked at.")
    return Answer("wait", "Nobody can say yet whether the services agree.")


def _unread(month: Month) -> Answer:
    doubt = _in_doubt(month)
    if len(month.unread):
        what = "1 thing was" if len(month.unread) == 1 else f"{len(month.unread):,} things were"
        return Answer("wait", f"{doubt}{what} not read, and nobody may conclude about it: Not read says what and why.")
    if doubt:
        return Answer("wait", f"{doubt}Nothing else was left unread.")
    by_balance = int(month.balances["proof"].eq(Proof.BALANCE).sum())
    if by_balance:
        whose = "1 client is" if by_balance == 1 else f"{by_balance:,} clients are"
        return Answer("good", f"Nothing was left unread; {whose} proved by the balance alone.")
    return Answer("good", "Nothing was left unread.")


def _in_doubt(month: Month) -> str:
    """Say of how much nobody knows whether it was posted: nothing is concluded from what cannot be told."""
    count = summed(month.walk, WalkLine.NOT_SURE, "events")
    if not count:
        return ""
    whose = "1 event whether it was" if count == 1 else f"{count:,} events whether they were"
    return f"Nobody knows yet of {whose} posted. "


def _signed(month: Month) -> str:
    if month.changes:
        return f"Changed since it was signed: {'; '.join(month.changes[:_MOST_TOLD])}."
    if month.signatures:
        told = [f"{one['by_name']} as {one['role']}" for one in month.signatures if one["holds"] == "holds"]
        return f"Signed by {' and '.join(told)}." if told else "The signatures do not hold any more."
    if month.in_the_way:
        return f"It cannot be signed yet: {_things(len(month.in_the_way))} in the way."
    return "Nothing is in the way of signing it."


def _things(count: int) -> str:
    return "1 thing is" if count == 1 else f"{count:,} things are"


def _by_clock(month: Month, moment: datetime) -> str:
    """Tell a moment by the clock that all sites share."""
    local = moment.astimezone(ZoneInfo(month.timezone))
    return f"{spoken(local)} {local.tzname()}"


def write_month(settings: Settings, month: Month) -> Path:
    """Write page, workbook and JSON of a period below the reports; return the path of the workbook."""
    workbook = settings.reports_folder / month.name / f"{month.name}.xlsx"
    workbook.parent.mkdir(parents=True, exist_ok=True)
    document = document_of(month)
    write_document_workbook(document, workbook)
    write_document_page(document, workbook.with_suffix(".html"))
    text = json.dumps(record_of(month), indent=1, ensure_ascii=False, default=str)
    workbook.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return workbook


def record_of(month: Month) -> dict[str, Any]:
    """Return a period as plain values, for JSON: amounts as text, times UTC with a Z, dates ISO."""
    posted = {
        "points_earned": month.figure(WalkLine.POSTED, Kind.EARNED, "points"),
        "points_redeemed": month.figure(WalkLine.POSTED, Kind.REDEEMED, "points"),
        "amount_updated": str(month.figure(WalkLine.POSTED, Kind.REWARD_UPDATE, "amount")),
    }
    return {
        "period": month.period.name,
        "since": month.period.since.isoformat(),
        "until": month.period.until.isoformat(),
        "before": month.period.before.name,
        "site_id": month.site_id,
        "made_at": _plain(month.made_at),
        "timezone": month.timezone,
        "verdict": headline_of(month).sentence,
        "ties_out": month.ties_out,
        "agrees": month.agrees,
        **posted,
        "differences_open": month.differences_count,
        "is_signed": bool(month.signatures) and not month.changes,
        "in_the_way": list(month.in_the_way),
        "signatures": [{key: _plain(value) for key, value in one.items()} for one in month.signatures],
        "changes": list(month.changes),
        **{name: _objects(getattr(month, name)) for name in _FRAMES},
    }


def _objects(frame: pd.DataFrame) -> list[dict[str, Any]]:
    objects = frame.astype("object").to_dict("records")
    return [{str(key): _plain(value) for key, value in one.items()} for one in objects]


def _plain(value: Any) -> Any:
    match value:
        case bool() | int() | str():
            return str(value) if isinstance(value, str) else value
        case Decimal():
            return str(value)
        case _ if pd.isna(value):
            return None
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value.item() if hasattr(value, "item") else str(value)


def month_lines(month: Month, workbook: Path | None) -> list[str]:
    """Return the lines to print: the sentences, the walk beside the period before, who signed."""
    found = headline_of(month)
    block = beside_the_last(month)
    lines = [month.title, *(answer.sentence for answer in found.answers), found.waits]
    lines += [f"  {line}" for line in (month.in_the_way if not month.signatures else ())]
    lines.append("")
    if len(block.frame):
        figures = block.columns[1:]
        above, below = zip(*(_in_two(column.heading) for column in figures), strict=True)
        lines += [_line("", above), _line("", below)]
        for line in block.frame.to_dict("records"):
            lines.append(_line(line["step"], [f"{line[one.key]:,}" if line[one.key] else "-" for one in figures]))
        lines.append("")
    lines += [f"  {_signature(month, one)}" for one in month.signatures]
    lines += [f"agrees: {'yes' if month.agrees else 'no'}", f"ties_out: {'yes' if month.ties_out else 'no'}"]
    if workbook is not None:
        lines.append(f"report: {workbook}")
    return lines


def _in_two(heading: str) -> tuple[str, str]:
    kind, _, when = heading.partition(" ")
    return kind, when


def _line(name: str, cells: Iterable[str]) -> str:
    shown = "".join(f"{cell[:23]:>14}" for cell in cells)
    return f"  {name:<37}{shown}".rstrip()


def _signature(month: Month, one: Mapping[str, Any]) -> str:
    holds = "" if one["holds"] == "holds" else f" ({one['holds']})"
    said = f": {one['reason']}" if one["reason"] else ""
    return f"{one['role']}: {one['by_name']} (user {one['actor']}), {_by_clock(month, one['at'])}{said}{holds}"
