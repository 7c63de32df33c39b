"""The tables of a period: the walk, the period before beside it, balances, differences, and what stands behind them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from flows.reports.balance_tables import client_balances_block, site_balances_block
from flows.reports.month import Month
from flows.reports.site_clocks import retold_by_site
from flows.reports.summary import EQUATION
from flows.reports.table import Block, Column
from flows.reports.values import CENTS, Show
from flows.reports.walk_table import NO_SITE, WALK, columns_of_walk, lines_of_period, step_of_period
from flows.reports.wording import BREAKS, word
from transforms.totals.walk_steps import STEPS, summed
from transforms.vocabulary import Kind, WalkLine

_SHEETS: Final[Mapping[WalkLine, str]] = {
    WalkLine.IN_SHEETS: "Files",
    WalkLine.NEEDS_FIXING: "Files",
    WalkLine.KNOWN: "Events",
    WalkLine.WAITING: "Events",
    WalkLine.ACCEPTED: "Events",
    WalkLine.TURNED_DOWN: "Events",
    WalkLine.NOT_SURE: "Events",
    WalkLine.STILL_TO_SEND: "Events",
    WalkLine.DISCARDED: "Events",
    WalkLine.HELD_BACK: "Events",
    WalkLine.REPLACED: "Events",
    WalkLine.POSTED: "Events",
    WalkLine.NOT_COMPARED: "Not read",
    WalkLine.NOT_THERE: "Differences",
    WalkLine.OTHER_FIGURE: "Differences",
    WalkLine.OTHERS: "Differences",
    WalkLine.TWICE: "Differences",
    WalkLine.OFFSET: "Differences",
    WalkLine.UNCLAIMED: "Differences",
    WalkLine.TAKEN_BACK: "Differences",
    WalkLine.AT_SERVICE: "By client",
    WalkLine.PROVED: "By client",
}
_ROLLED: Final = {
    "carried_in": "Carried in",
    "found": "+ of the period",
    "ended": "− ended in it",
    "carried_out": "= carried out",
    "open_now": "Open by now",
}
_SITE: Final = Column("site_id", "Site", Show.ID, 40)


def walk_of(month: Month) -> Block:
    """Return the walk over the period."""
    figures = columns_of_walk(month.walk, 1)
    return Block(
        name="Walk",
        scope="from the sheets to the services, by the day of the action",
        note=(
            "An event is of the day on which it happened, by the clock of its site, whichever night posted it. Updates "
            "of rewards, and rows that need fixing, tell no such day: they are of the day on which they were taken in. "
            "Points are gross. At the services: as they were read last."
        ),
        empty="Nothing is of this period: no event happened in it, and no file was taken in.",
        columns=(
            Column("step", "Step", Show.TEXT, 2),
            *figures,
            Column("sheet", "Lines", Show.LINK, 8 - len(figures)),
        ),
        frame=lines_of_period(month.walk, _SHEETS),
        strong="is_total",
    )


def beside_the_last(month: Month) -> Block:
    """Return the chief lines beside those of the period before, with the change; without kinds that have nothing."""
    kinds = [beside for beside in _BESIDE if any(set(lines["kind"]) & {beside.kind} for lines in _both(month))]
    columns = [Column("step", "Step", Show.TEXT, 10 - 3 * len(kinds) if kinds else 10)]
    for beside in kinds:
        columns += [
            Column(f"{beside.key}_now", f"{beside.name} {month.period.short}", beside.show, 1),
            Column(f"{beside.key}_before", f"{beside.name} {month.period.before.short}", beside.show, 1),
            Column(f"{beside.key}_change", f"{beside.name} change", beside.show, 1),
        ]
    return Block(
        name="Beside the period before",
        scope=f"{month.period.spoken} and {month.period.before.spoken}, in points and amounts",
        note="",
        empty="Nothing is of either period.",
        columns=tuple(columns),
        frame=_beside(month, kinds),
        strong="is_total",
    )


class _Beside(NamedTuple):
    key: str
    kind: Kind
    measure: str
    name: str
    show: Show


_BESIDE: Final = (
    _Beside("earned", Kind.EARNED, "points", "Earned", Show.COUNT),
    _Beside("redeemed", Kind.REDEEMED, "points", "Redeemed", Show.COUNT),
    _Beside("amount", Kind.REWARD_UPDATE, "amount", "Rewards", Show.AMOUNT),
)


def _both(month: Month) -> tuple[pd.DataFrame, pd.DataFrame]:
    return month.walk, month.last


def _lines_of_both(month: Month) -> list[WalkLine]:
    """Return the totals and whatever either period has: each total follows from what stands above it."""
    found = {line for walked in _both(month) for line in walked["line"]}
    return [line for line in WALK if line in STEPS or line is WalkLine.IN_SHEETS or line in found]


def _beside(month: Month, kinds: Sequence[_Beside]) -> pd.DataFrame:
    lines = []
    for line in _lines_of_both(month) if kinds else ():
        step = step_of_period(line)
        told: dict[str, Any] = {"step": step, "is_total": line in STEPS or line is WalkLine.IN_SHEETS}
        for beside in kinds:
            now, before = (
                summed(walked[walked["kind"].eq(beside.kind)], line, beside.measure) for walked in _both(month)
            )
            cents = CENTS if beside.measure == "amount" else 0
            told[f"{beside.key}_now"] = now + cents
            told[f"{beside.key}_before"] = before + cents
            told[f"{beside.key}_change"] = now - before + cents
        lines.append(told)
    columns = ["step", "is_total", *(f"{one.key}_{when}" for one in kinds for when in ("now", "before", "change"))]
    return pd.DataFrame(lines, columns=columns, dtype="object")


def walk_by_site_of(month: Month) -> Block:
    """Return the walk of each site, and of rewards."""
    parts = []
    for site_id in sorted(month.walk["site_id"].unique()):
        of_site = month.walk[month.walk["site_id"].eq(site_id)]
        parts.append(lines_of_period(of_site, _SHEETS).assign(site=site_id or NO_SITE))
    none = lines_of_period(month.walk, {}).assign(site="")
    return Block(
        name="Walk by site",
        scope="the walk of each site, of the period",
        note=f"Over all sites each line is that of the walk. Rewards, and rows that name no site, are of {NO_SITE}.",
        empty="Nothing is of this period.",
        columns=(
            Column("site", "Site", Show.ID, 40),
            Column("step", "Step", Show.TEXT, 36),
            *columns_of_walk(month.walk, 14),
            Column("sheet", "Lines", Show.LINK, 18),
        ),
        frame=pd.concat(parts, ignore_index=True) if parts else none,
        strong="is_total",
    )


def balances_of_month(month: Month) -> Block:
    """Return the balances of each site over the period."""
    block = site_balances_block(_with_other_days(month.balances), "the clients that the period posted to")
    note = (
        " From the last reading before the first event of the period was posted to the last one within it, or "
        "the first after; what was posted between them of other days is in the opening balance, and By client tells it."
    )
    return Block(**{**vars(block), "note": block.note + note})


def _with_other_days(balances: pd.DataFrame) -> pd.DataFrame:
    """Return the balances with what was posted of other days in the opening ones, so that each line adds up."""
    opening = balances["opening"] + balances["other_days"].fillna(0)
    return balances.assign(opening=opening)


def by_client_of_month(month: Month) -> Block:
    """Return the balance of each client over the period."""
    block = client_balances_block(month.balances, "the clients that the period posted to")
    columns = [*block.columns[:-1], Column("proved_since_at", f"Read ({month.timezone})", Show.LOCAL, 20)]
    columns.insert(3, Column("other_days", "± of other days", Show.COUNT, 13, total=True))
    frame = _to_the_second(block.frame, "proved_since_at")
    return Block(**{**vars(block), "columns": tuple(columns), "frame": frame})


def rolled_differences(month: Month) -> Block:
    """Return the differences by site and class: carried in, of the period, ended, carried out."""
    frame = month.rolled.assign(
        site_id=month.rolled["site_id"].replace("", NO_SITE),
        short=[word(BREAKS, code).short for code in month.rolled["class"]],
    )
    figures = [Column(key, name, Show.QUANTITY, 1) for key, name in _ROLLED.items()]
    return Block(
        name="Differences carried in and out",
        scope="by the day that each is about",
        note="What this period carries out the next one carries in. The lines are on the sheet Differences.",
        empty="No difference was carried in, and none is of this period.",
        columns=(
            Column("site_id", "Site", Show.ID, 1),
            Column("short", "Class", Show.TEXT, 2),
            Column("measure", "Measure", Show.TEXT, 2),
            *figures,
        ),
        frame=frame,
    )


def differences_block(month: Month) -> Block:
    """Return each difference that was carried in or is of the period."""
    found = month.differences
    frame = found.assign(
        short=[word(BREAKS, code).short for code in found["class"]],
        out=["carried out" if left else "ended" for left in found["is_left"]],
        detail=retold_by_site(found, month.zones, month.timezone),
    )
    return Block(
        name="Differences",
        scope="carried into the period, and of it",
        note="One line per difference; what was decided stands beside each.",
        empty="No difference was carried in, and none is of this period.",
        columns=(
            Column("day", "Day", Show.DATE, 12),
            Column("came", "Came", Show.TEXT, 14),
            Column("out", "Went", Show.TEXT, 13),
            Column("state", "By now", Show.TEXT, 13),
            Column("short", "What", Show.TEXT, 22),
            _SITE,
            Column("client_id", "Client", Show.ID, 40),
            Column("reward_id", "Reward", Show.ID, 40),
            Column("points", "Points", Show.COUNT, 12, total=True),
            Column("amount", "Amount", Show.AMOUNT, 14, total=True),
            Column("owner", "Owner", Show.TEXT, 16),
            Column("reason", "What was decided", Show.TEXT, 34),
            Column("detail", "What is known", Show.TEXT, 44),
            Column("break_id", "Break", Show.ID, 40),
        ),
        frame=frame,
    )


def by_source_of(month: Month) -> Block:
    """Return what was posted by source, beside the period before."""
    return _by(month, "source", "By source", month.by_source, month.last_by_source)


def by_staff_of(month: Month) -> Block:
    """Return what was posted by whom the sheets name, beside the period before."""
    return _by(month, "staff", "By staff", month.by_staff, month.last_by_staff)


_BY: Final = {
    "earned_events": "Earned: events",
    "earned_points": "Earned: points",
    "redeemed_events": "Redeemed: events",
    "redeemed_points": "Redeemed: points",
}


def _by(month: Month, key: str, name: str, now: pd.DataFrame, before: pd.DataFrame) -> Block:
    both = now.merge(before, how="outer", on=["site_id", key], suffixes=("", "_before"), validate="1:1", sort=True)
    figures = {column: both[column].fillna(0) for column in both.columns if column.endswith(("_events", "_points"))}
    figures |= {column: both[column].fillna(0) for column in both.columns if column.endswith("_before")}
    frame = both.assign(**figures)
    for kind in ("earned", "redeemed"):
        frame[f"{kind}_change"] = frame[f"{kind}_points"] - frame[f"{kind}_points_before"]
    last = month.period.before.short
    return Block(
        name=name,
        scope=f"what was posted of {month.period.spoken}, and of {month.period.before.spoken}",
        note="Updates of rewards belong to no client and have neither.",
        empty="Nothing was posted.",
        columns=(
            _SITE,
            Column(key, key.capitalize(), Show.TEXT, 30),
            *(Column(column, heading, Show.COUNT, 13, total=True) for column, heading in _BY.items()),
            Column("earned_points_before", f"Earned: {last}", Show.COUNT, 14, total=True),
            Column("earned_change", "Earned: change", Show.COUNT, 13, total=True),
            Column("redeemed_points_before", f"Redeemed: {last}", Show.COUNT, 14, total=True),
            Column("redeemed_change", "Redeemed: change", Show.COUNT, 13, total=True),
        ),
        frame=frame,
    )


def events_block(month: Month) -> Block:
    """Return every event of the period, with its place in the sheets and what has become of it."""
    events = month.events
    points = events["points"]
    is_redeemed = events["kind"].eq(Kind.REDEEMED)
    sums = events.assign(earned=points.where(~is_redeemed), redeemed=points.where(is_redeemed))
    frame = _to_the_second(sums, "compared_at")
    return Block(
        name="Events",
        scope="all that happened in the period, whatever has become of it",
        note="Points are positive for both kinds. What became of an event is as it stands now.",
        empty="No event is of this period.",
        columns=(
            Column("action_at", f"Action at ({month.timezone})", Show.LOCAL, 20),
            Column("kind", "Kind", Show.TEXT, 15),
            _SITE,
            Column("client_id", "Client", Show.ID, 40),
            Column("reward_id", "Reward", Show.ID, 40),
            Column("earned", "Points earned", Show.COUNT, 14, total=True),
            Column("redeemed", "Points redeemed", Show.COUNT, 14, total=True),
            Column("amount", "Amount", Show.AMOUNT, 16, total=True),
            Column("state", "State", Show.TEXT, 12),
            Column("compared_at", f"Read back ({month.timezone})", Show.LOCAL, 20),
            Column("source", "Source", Show.TEXT, 19),
            Column("staff", "Staff", Show.TEXT, 22),
            Column("file", "File", Show.TEXT, 26),
            Column("sheet", "Sheet", Show.TEXT, 16),
            Column("row_number", "Row", Show.COUNT, 10),
            Column("event_id", "Event", Show.ID, 40),
        ),
        frame=frame,
    )


def files_block(month: Month) -> Block:
    """Return the files that were taken in in the period."""
    return Block(
        name="Files",
        scope="taken in in the period; their rows may be of days before it",
        note="What became of the rows of each as it was read.",
        empty="No file was taken in in this period.",
        columns=(
            Column("registered_at", f"Taken in ({month.timezone})", Show.LOCAL, 20),
            Column("name", "File", Show.TEXT, 40),
            Column("rows_read", "Rows", Show.COUNT, 11, total=True),
            Column("accepted", "Accepted", Show.COUNT, 11, total=True),
            Column("duplicate", "Duplicate", Show.COUNT, 11, total=True),
            Column("held", "Held", Show.COUNT, 11, total=True),
            Column("rejected", "Rejected", Show.COUNT, 11, total=True),
            Column("sha256", "sha256", Show.ID, 66),
        ),
        frame=_to_the_second(month.files, "registered_at"),
    )


def _to_the_second(frame: pd.DataFrame, moment: str) -> pd.DataFrame:
    """Return the lines with a moment of our own making as people read it; what was sent keeps its fractions."""
    return frame.assign(**{moment: pd.to_datetime(frame[moment], utc=True).dt.floor("s")})


def unread_block(month: Month, *, is_on_front: bool = False) -> Block:
    """Return what of the period nobody has looked at."""
    widths = (4, 6) if is_on_front else (40, 90)
    return Block(
        name="Could not be read" if is_on_front else "Not read",
        scope="of the period",
        note="Nothing is concluded about it: that an entry is not shown does not mean that it is not there.",
        empty="Everything of this period was read, or is proved by a balance.",
        columns=(Column("what", "What", Show.TEXT, widths[0]), Column("why", "Why", Show.TEXT, widths[1])),
        frame=month.unread.head(20) if is_on_front else month.unread,
    )


def in_the_way_block(month: Month) -> Block:
    """Return what has to be done before the period can be signed."""
    return Block(
        name="In the way of signing it",
        scope="what has to be done first",
        note="",
        empty="",
        columns=(Column("what", "What", Show.TEXT, 10),),
        frame=pd.DataFrame({"what": list(month.in_the_way)}, dtype="str"),
    )


def proof_of(month: Month) -> Block:
    """Return every equation of the period with both its sides."""
    return Block(
        name="Proof",
        scope="the equations of this period",
        note="Both sides of every equation. Points are gross.",
        empty="No equation was checked.",
        columns=EQUATION,
        frame=month.ties,
    )


def signatures_block(month: Month) -> Block:
    """Return who signed the period, as what, and when."""
    columns = ["role", "by_name", "actor", "at", "reason", "holds"]
    frame = pd.DataFrame(list(month.signatures), columns=columns, dtype="object")
    return Block(
        name="Signatures",
        scope="of the period, over all sites",
        note="Who signed is who the system says it was; the name beside it is the one that was given.",
        empty=f"Nobody has signed it: tieout sign {month.period.name} --by NAME.",
        columns=(
            Column("role", "As", Show.TEXT, 1),
            Column("by_name", "Name", Show.TEXT, 1),
            Column("actor", "User", Show.TEXT, 1),
            Column("at", f"Signed at ({month.timezone})", Show.LOCAL, 2),
            Column("holds", "By now", Show.TEXT, 2),
            Column("reason", "Said", Show.TEXT, 3),
        ),
        frame=frame,
    )


def changes_block(month: Month) -> Block:
    """Return what changed since the period was signed."""
    return Block(
        name="Changed since it was signed",
        scope="of the period",
        note="",
        empty="",
        columns=(Column("what", "What", Show.TEXT, 10),),
        frame=pd.DataFrame({"what": list(month.changes)}, dtype="str"),
    )
