"""The report of a period as page, workbook, JSON and lines on a terminal."""

import json
from collections.abc import Iterable, Iterator, Mapping
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
from flows.reports.table import Block
from flows.reports.verdict import Answer, Headline, worst_of
from flows.reports.workbook.workbook import write_document_workbook
from flows.runtime.whole_file import written_whole
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
    return Document(
        title=month.title,
        run_id=month.name,
        finished_at=month.made_at,
        timezone=month.timezone,
        found=headline_of(month),
        facts=_facts(month),
        sections=_front(month),
        tables=_tables(month),
    )


def _front(month: Month) -> list[Block]:
    """Return what stands on the front: first what somebody has to look into, then the figures, last who signed."""
    front = []
    if len(month.unread):
        front.append(unread_block(month, is_on_front=True))
    if month.changes:
        front.append(changes_block(month))
    front += [walk_of(month), beside_the_last(month), balances_of_month(month), rolled_differences(month)]
    if month.in_the_way and not month.signatures:
        front.append(in_the_way_block(month))
    return [*front, signatures_block(month)]


def _tables(month: Month) -> list[Block]:
    # Most sheets name no staff.
    has_staff = bool(month.events["staff"].notna().any())
    by_staff = [by_staff_of(month)] if has_staff else []
    return [
        walk_by_site_of(month),
        differences_block(month),
        by_client_of_month(month),
        by_source_of(month),
        *by_staff,
        events_block(month),
        files_block(month),
        unread_block(month),
        proof_of(month),
    ]


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
    sentences = [*(answer.sentence for answer in answers), waits]
    worst = worst_of(answer.tone for answer in answers)
    return Headline(worst, " ".join(sentences), answers, waits)


def _sheets(month: Month) -> Answer:
    if month.ties_out:
        return Answer("good", "Ties out: every row and every event of the period is accounted for.")
    off = month.ties.loc[month.ties["ties"].eq(False), "name"].tolist()
    return Answer("bad", f"Does not tie: {', '.join(off[:_MOST_TOLD])}.")


def _services(month: Month) -> Answer:
    if month.differences_count:
        is_one = month.differences_count == 1
        count = f"{month.differences_count:,} {'difference' if is_one else 'differences'} open"
        return Answer("bad", f"The services do not agree, by {_how_much_is_open(month)}: {count}.")
    # No open difference is not enough: something may not have been looked at.
    if month.agrees:
        return Answer("good", "The services agree with all that was posted and looked at.")
    return Answer("wait", "Nobody can say yet whether the services agree.")


def _how_much_is_open(month: Month) -> str:
    told = []
    if month.points_open:
        told.append(f"{month.points_open:,} points")
    if month.amount_open:
        told.append(f"an amount of {month.amount_open:,}")
    return " and ".join(told) or "no points and no amount"


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
        told = "; ".join(month.changes[:_MOST_TOLD])
        return f"Changed since it was signed: {told}."
    if month.signatures:
        return _who_signed(month)
    if month.in_the_way:
        return f"It cannot be signed yet: {_things(len(month.in_the_way))} in the way."
    return "Nothing is in the way of signing it."


def _who_signed(month: Month) -> str:
    holding = [f"{one['by_name']} as {one['role']}" for one in month.signatures if one["holds"] == "holds"]
    if not holding:
        return "The signatures do not hold any more."
    return f"Signed by {' and '.join(holding)}."


def _things(count: int) -> str:
    return "1 thing is" if count == 1 else f"{count:,} things are"


def _by_clock(month: Month, moment: datetime) -> str:
    """Tell a moment by the clock that all sites share."""
    local = moment.astimezone(ZoneInfo(month.timezone))
    return f"{spoken(local)} {local.tzname()}"


def write_month(settings: Settings, month: Month) -> Path:
    """Write page, workbook and JSON of a period below the reports; return the path of the workbook."""
    folder = settings.reports_folder / month.name
    folder.mkdir(parents=True, exist_ok=True)
    document = document_of(month)
    workbook = folder / f"{month.name}.xlsx"
    write_document_workbook(document, workbook)
    write_document_page(document, workbook.with_suffix(".html"))
    text = json.dumps(record_of(month), indent=1, ensure_ascii=False, default=str)
    with written_whole(workbook.with_suffix(".json")) as part:
        part.write_text(text + "\n", encoding="utf-8")
    return workbook


def record_of(month: Month) -> dict[str, Any]:
    """Return a period as plain values, for JSON: amounts as text, times UTC with a Z, dates ISO."""
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
        "points_earned": month.figure(WalkLine.POSTED, Kind.EARNED, "points"),
        "points_redeemed": month.figure(WalkLine.POSTED, Kind.REDEEMED, "points"),
        "amount_updated": str(month.figure(WalkLine.POSTED, Kind.REWARD_UPDATE, "amount")),
        "differences_open": month.differences_count,
        "is_signed": bool(month.signatures) and not month.changes,
        "in_the_way": list(month.in_the_way),
        "signatures": [_object(one) for one in month.signatures],
        "changes": list(month.changes),
        **{name: _objects(getattr(month, name)) for name in _FRAMES},
    }


def _objects(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [_object(row) for row in frame.astype("object").to_dict("records")]


def _object(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): _plain(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    match value:
        case str() | Decimal():
            return str(value)
        case bool() | int():
            return value
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
    lines = [month.title, *(answer.sentence for answer in found.answers), found.waits]
    if not month.signatures:
        lines += [f"  {obstacle}" for obstacle in month.in_the_way]
    lines += ["", *_walk_lines(beside_the_last(month))]
    lines += [f"  {_signature(month, one)}" for one in month.signatures]
    lines += [f"agrees: {_yes_or_no(month.agrees)}", f"ties_out: {_yes_or_no(month.ties_out)}"]
    if workbook is not None:
        lines.append(f"report: {workbook}")
    return lines


def _yes_or_no(flag: bool) -> str:
    return "yes" if flag else "no"


def _walk_lines(block: Block) -> Iterator[str]:
    """Give the walk as a table of text, its headings in two lines, and a blank one after it."""
    if block.frame.empty:
        return
    _, *figures = block.columns
    above, below = zip(*(_in_two(column.heading) for column in figures), strict=True)
    yield _line("", above)
    yield _line("", below)
    for line in block.frame.to_dict("records"):
        yield _line(line["step"], [_figure(line[column.key]) for column in figures])
    yield ""


def _figure(value: Any) -> str:
    return f"{value:,}" if value else "-"


def _in_two(heading: str) -> tuple[str, str]:
    kind, _, when = heading.partition(" ")
    return kind, when


def _line(name: str, cells: Iterable[str]) -> str:
    shown = "".join(f"{cell[:23]:>14}" for cell in cells)
    return f"  {name:<37}{shown}".rstrip()


def _signature(month: Month, one: Mapping[str, Any]) -> str:
    who = f"{one['by_name']} (user {one['actor']})"
    told = f"{one['role']}: {who}, {_by_clock(month, one['at'])}"
    if one["reason"]:
        told += f": {one['reason']}"
    # A signature that holds needs no word.
    if one["holds"] != "holds":
        told += f" ({one['holds']})"
    return told
