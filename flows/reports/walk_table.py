"""The walk as a table: a line for each step, a column for each kind, and where the rows behind a line stand."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import pandas as pd

from flows.reports.report import Report, rows
from flows.reports.table import Block, Column
from flows.reports.values import CENTS, Show
from transforms.totals.walk_steps import STEPS, sums_of_lines
from transforms.vocabulary import Kind, RunKind, WalkLine

NO_SITE: Final = "—"  # rewards of Referral Rock belong to none


class _Step(NamedTuple):
    """How a line is called, the sheet that holds what it counts ("" where none does), whether it is always shown."""

    name: str
    sheet: str = ""
    is_always: bool = True


_NAMES: Final[dict[WalkLine, _Step]] = {
    WalkLine.IN_SHEETS: _Step("In the sheets", "Where every row went"),
    WalkLine.NEEDS_FIXING: _Step("− needs fixing", "Rejected rows"),
    WalkLine.KNOWN: _Step("− known already", "Duplicates"),
    WalkLine.WAITING: _Step("− waiting for a person", "Unknown and held"),
    WalkLine.ACCEPTED: _Step("= accepted", "What became of every event"),
    WalkLine.BROUGHT_FORWARD: _Step("+ brought forward from earlier runs", "What became of every event"),
    WalkLine.TURNED_DOWN: _Step("− turned down by the service", "Refused"),
    WalkLine.NOT_SURE: _Step("− not sure yet", "Not posted"),
    WalkLine.STILL_TO_SEND: _Step("− still to send", "Not posted"),
    WalkLine.DISCARDED: _Step("− discarded by a person", "Not posted"),
    WalkLine.HELD_BACK: _Step("− held back before another try", "Not posted", is_always=False),
    WalkLine.REPLACED: _Step("− replaced by a later update", "Posted"),
    WalkLine.POSTED: _Step("= posted", "Posted"),
    WalkLine.POSTED_BEFORE: _Step("+ posted earlier, and read again", "By night", is_always=False),
    WalkLine.NOT_COMPARED: _Step("− not read back", "Not read", is_always=False),
    WalkLine.COMPARED_BEFORE: _Step("− compared before, not read again", "Posted", is_always=False),
    WalkLine.NOT_THERE: _Step("− not there, or not yet", "Breaks"),
    WalkLine.OTHER_FIGURE: _Step("± other figure there", "Breaks"),
    WalkLine.OTHERS: _Step("+ others' entries", "Breaks"),
    WalkLine.TWICE: _Step("+ more often than sent", "Breaks"),
    WalkLine.OFFSET: _Step("+ extra, taken back by an offset", "Breaks"),
    WalkLine.UNCLAIMED: _Step("+ there, of events in doubt or refused", "Breaks", is_always=False),
    WalkLine.TAKEN_BACK: _Step("+ returned, removed, canceled late", "Breaks"),
    WalkLine.AT_SERVICE: _Step("= at the service", "By night"),
    WalkLine.PROVED: _Step("of these proved by the balance", "By client", is_always=False),
}
WALK: Final = tuple(_NAMES)  # the lines in their order
_BEFORE_POSTED: Final = tuple(_NAMES)[: tuple(_NAMES).index(WalkLine.POSTED)]
_AFTER_POSTED: Final = tuple(_NAMES)[tuple(_NAMES).index(WalkLine.POSTED) + 1 :]
_FIGURES: Final = {
    "earned_events": (Kind.EARNED, "events"),
    "earned_points": (Kind.EARNED, "points"),
    "redeemed_events": (Kind.REDEEMED, "events"),
    "redeemed_points": (Kind.REDEEMED, "points"),
    "reward_events": (Kind.REWARD_UPDATE, "events"),
    "reward_amount": (Kind.REWARD_UPDATE, "amount"),
    "untold_events": ("", "events"),
}


def walk_block(report: Report) -> Block:
    """Return the walk over all sites."""
    walked = rows(report, "walk")
    frame = _lines(report, walked)
    figures = _columns(walked, 1)
    # The grid of the first sheet has ten columns.
    lines = Column("sheet", "Lines", Show.LINK, 10 - 2 - len(figures))
    return Block(
        name="Walk",
        scope=f"from the sheets to the service, {_about(report)}",
        note=_note(walked),
        empty="No file was read, and there was nothing to send or to read back.",
        columns=(Column("step", "Step", Show.TEXT, 2), *figures, lines),
        frame=frame,
        strong="is_total",
        line="line",
    )


def walk_by_site(report: Report) -> Block:
    """Return the walk of each site, and of rewards, one below the other."""
    walked = rows(report, "walk")
    parts = []
    for site_id in sorted(walked["site_id"].unique()):
        of_site = walked[walked["site_id"].eq(site_id)]
        parts.append(_lines(report, of_site).assign(site=site_id or NO_SITE))
    frame = pd.concat(parts, ignore_index=True) if parts else _lines(report, walked).assign(site="")
    return Block(
        name="Walk by site",
        scope=f"the walk of each site, {_about(report)}",
        note=f"Over all sites each line is that of the walk. Rewards, and rows that name no site, are of {NO_SITE}.",
        empty="No file was read, and there was nothing to send or to read back.",
        columns=(
            Column("site", "Site", Show.ID, 40),
            Column("step", "Step", Show.TEXT, 36),
            *_columns(walked, 14),
            Column("sheet", "Lines", Show.LINK, 18),
        ),
        frame=frame,
        strong="is_total",
    )


def walk_by_currency(report: Report) -> Block:
    """Return the rewards of the walk by currency, from the accepted on; the sheets themselves name none."""
    return Block(
        name="Rewards by currency",
        scope="the rewards of the walk",
        note="As the service tells the currency of a reward, else as the settings say; the sheets name none.",
        empty="No reward was updated.",
        columns=(
            Column("currency", "Currency", Show.TEXT, 12),
            Column("step", "Step", Show.TEXT, 36),
            Column("events", "Rewards", Show.COUNT, 14),
            Column("amount", "Amount", Show.AMOUNT, 20),
        ),
        frame=_rewards_by_currency(rows(report, "walk")),
        strong="is_total",
    )


def _rewards_by_currency(walked: pd.DataFrame) -> pd.DataFrame:
    told = [WalkLine.ACCEPTED, *STEPS[WalkLine.POSTED], *_AFTER_POSTED, WalkLine.POSTED]
    is_reward = walked["kind"].eq(Kind.REWARD_UPDATE)
    counted = walked[is_reward & walked["line"].isin(told)]
    frame = counted.assign(
        step=[_NAMES[WalkLine(line)].name for line in counted["line"]],
        currency=counted["currency"].fillna("").replace("", "not known"),
        is_total=counted["line"].isin(list(STEPS)),
    )
    return frame.sort_values("currency", kind="stable")


def walk_lines(report: Report) -> list[str]:
    """Return the walk for a terminal."""
    block = walk_block(report)
    if block.frame.empty:
        return []
    figures = block.columns[1:-1]
    # The kind above, the measure below: a line of both would not fit on a terminal.
    above, below = zip(*(_in_two(column.heading) for column in figures), strict=True)
    lines = [_terminal_line("", above), _terminal_line("", below)]
    for line in block.frame.to_dict("records"):
        cells = [_shown(line[column.key]) for column in figures]
        lines.append(_terminal_line(line["step"], cells))
    return lines


def _in_two(heading: str) -> tuple[str, str]:
    kind, _, measure = heading.partition(": ")
    return (kind, measure) if measure else ("", heading)


def _terminal_line(name: str, cells: Iterable[str]) -> str:
    shown = "".join(f"{cell:>14}" for cell in cells)
    return f"  {name:<37}{shown}".rstrip()


def _shown(figure: Any) -> str:
    # A table that is mostly zeros is read more easily without them.
    return f"{figure:,}" if figure else "-"


def _about(report: Report) -> str:
    if report.kind == RunKind.RECONCILE:
        return "of the period"
    return "of this run"


def _columns(walked: pd.DataFrame, width: float) -> tuple[Column, ...]:
    named = {
        "earned_events": ("Earned: events", Show.COUNT),
        "earned_points": ("Earned: points", Show.COUNT),
        "redeemed_events": ("Redeemed: events", Show.COUNT),
        "redeemed_points": ("Redeemed: points", Show.COUNT),
        "reward_events": ("Rewards", Show.COUNT),
        "reward_amount": (f"Amount{_currency(walked)}", Show.AMOUNT),
    }
    if walked["kind"].fillna("").eq("").any():
        named["untold_events"] = ("Kind not told", Show.COUNT)
    return tuple(Column(key, heading, show, width) for key, (heading, show) in named.items())


def _currency(walked: pd.DataFrame) -> str:
    found = sorted(set(walked["currency"].dropna()) - {""})
    if len(found) > 1:
        return " (several)"
    return f" ({found[0]})" if found else ""


def currencies_count(report: Report) -> int:
    """Count the currencies that the rewards of the walk are in."""
    return len(set(rows(report, "walk")["currency"].dropna()) - {""})


def _note(walked: pd.DataFrame) -> str:
    note = (
        "Points are gross. A reward counts for what it is set to in the end. At the service: all that it shows of the "
        "clients and days that were read, and of the rewards, and what the balance of a client proves."
    )
    if _currency(walked) == " (several)":
        note += " Amounts of several currencies are added up as numbers: see Rewards by currency."
    lines = set(walked["line"])
    was_read_back = WalkLine.AT_SERVICE in lines or lines & set(_AFTER_POSTED)
    return note if was_read_back else f"{note} Nothing was read back."


_Sums = Mapping[str, Mapping[str, Any]]  # a figure's column, and its sum at each line


def _sums(walked: pd.DataFrame) -> _Sums:
    """Return each figure of the walk at each of its lines, exact; kinds that have nothing show zeros."""
    filled = walked.fillna({"site_id": "", "kind": "", "currency": ""})
    sums = {}
    for column, (kind, measure) in _FIGURES.items():
        of_kind = filled[filled["kind"].eq(kind)]
        sums[column] = sums_of_lines(of_kind, measure)
    return sums


def _lines(report: Report, walked: pd.DataFrame) -> pd.DataFrame:
    """Return one row per line that is to be shown."""
    sums = _sums(walked)
    lines = [_line(sums, line) for line in _to_show(report, walked)]
    return pd.DataFrame(lines, columns=["line", "step", *_FIGURES, "sheet", "is_total"], dtype="object")


def _line(sums: _Sums, line: WalkLine) -> dict[str, Any]:
    step = _NAMES[line]
    figures = {column: of_lines[line] for column, of_lines in sums.items()}
    figures["reward_amount"] += CENTS
    return {
        "line": str(line),
        "step": step.name,
        **figures,
        # A line of zeros leads nowhere.
        "sheet": step.sheet if any(figures.values()) else "",
        "is_total": _is_total(line),
    }


def _is_total(line: WalkLine) -> bool:
    return line in STEPS or line is WalkLine.IN_SHEETS


def _to_show(report: Report, walked: pd.DataFrame) -> list[WalkLine]:
    found = {WalkLine(line) for line in walked["line"]}
    if not found:
        return []
    # A reconciliation takes in no file, and is about what was posted already.
    begins_late = report.kind == RunKind.RECONCILE and not found & set(_BEFORE_POSTED)
    lines = [line for line, step in _NAMES.items() if step.is_always or line in found]
    if begins_late:
        lines = [line for line in lines if line not in _BEFORE_POSTED]
    # Where nothing was read back, zeros at the service would say that it has nothing.
    if not found & set(_AFTER_POSTED):
        lines = [line for line in lines if line not in _AFTER_POSTED]
    return lines


def lines_of_period(walked: pd.DataFrame, sheets: Mapping[WalkLine, str]) -> pd.DataFrame:
    """Return the lines of the walk over a period as a table; ``sheets`` name the blocks that hold what they count.

    Columns step, line, each of the figures of `columns_of_walk`, sheet, is_total.
    """
    sums = _sums(walked)
    found = {WalkLine(line) for line in walked["line"]}
    lines = []
    for line, step in _NAMES.items():
        # Of a period of which nothing is known, not even the lines of zeros are shown.
        if found and (step.is_always or line in found):
            lines.append(_line_of_period(sums, line, sheets))
    return pd.DataFrame(lines, columns=["step", "line", *_FIGURES, "sheet", "is_total"], dtype="object")


def _line_of_period(sums: _Sums, line: WalkLine, sheets: Mapping[WalkLine, str]) -> dict[str, Any]:
    told = _line(sums, line)
    # Of a total the rows stand in a sheet even where they come to nothing.
    has_rows = bool(told["sheet"]) or told["is_total"]
    sheet = sheets.get(line, "") if has_rows else ""
    return {**told, "line": line, "step": step_of_period(line), "sheet": sheet}


def step_of_period(line: WalkLine) -> str:
    """Return how a line of the walk over a period is called."""
    # What earlier runs left is of the period itself; a person let it go since its row was read.
    return "+ approved by a person since" if line is WalkLine.BROUGHT_FORWARD else _NAMES[line].name


def columns_of_walk(walked: pd.DataFrame, width: float) -> tuple[Column, ...]:
    """Return the columns of the figures of a walk."""
    return _columns(walked, width)
