"""Every figure of a month's reports, held against a count by hand from the sheets and the service's log alone.

Nights at two sites, with entries by hand (one of them dated back to a day that nobody reads), posts that arrive late or
never, refused rows and one that is mended by its receipt, rows that are wrong or known, rewards that are set twice, a
client that cannot be read and a file that cannot be.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.runs.reconcile import reconcile
from flows.runtime.clock import clock_set_to
from flows.sandbox import start_sandbox
from tests.flows.workplace import HEADINGS, PASSWORD, Workplace, further_sites, open_workplace
from tests.truth import by_hand
from tests.truth.by_hand import Counted, Sheet
from tests.truth.forms import Table, page_tables, record_of, workbook_tables

pytestmark = pytest.mark.timeout(1800)  # a whole month, by `make prove`
ZONE = ZoneInfo("America/Los_Angeles")  # its clock goes back on 1 November 2026
FIRST = date(2026, 10, 30)
MAIN, OTHER = "-99", "1001"
POINTS, UPDATES = f"SiteId,{HEADINGS},Receipt", "RewardId,PayoutId,Amount"
PAYOUT = "35b10000-0000-4000-8000-000000000001"
REGULAR = [f"20000000{number}" for number in range(1, 6)]
DESK, LATE, LOST, UNREAD = "200000011", "200000012", "200000013", "200000014"
# What the service never shows of the two, a person enters the next day for one of them.
FAULTS = f"mb:phantom={LATE},mb:phantom={LOST},read_503={UNREAD}"
WALK = {
    "− needs fixing": "needs_fixing",
    "− known already": "known",
    "= accepted": "accepted",
    "− turned down by the service": "turned_down",
    "− replaced by a later update": "replaced",
    "= posted": "posted",
}


@dataclass
class Month:
    """What happened, and what was told about it."""

    sheets: list[Sheet] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)  # lines of the log as each night began
    reports: list[Path] = field(default_factory=list)
    open_breaks: list[Counter[tuple[str, str, int]]] = field(default_factory=list)  # seeded, after each night
    log: list[dict[str, Any]] = field(default_factory=list)
    nights: list[Counted] = field(default_factory=list)
    period: Path = Path()
    told_open: dict[str, str] = field(default_factory=dict)


def at(day: date, hour: int, minute: int = 0) -> str:
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def points_of(night: int, day: date, before: str | None, receipt: str) -> str:
    """Return the sheet of points of a night; a row of before comes again, and one that was refused comes mended."""
    rows = []
    for site in (MAIN, OTHER):
        rows += [f"{site},{REGULAR[(night + n) % 5]},{5 + n + night},Earned,Sale,,{at(day, 9 + n)}," for n in range(3)]
        rows += [f"{site},{REGULAR[night % 5]},3,Redeemed,,,{at(day, 23, 59)},"]
    # Read every night, so that an entry by hand is seen the night after.
    rows += [f"{MAIN},{client},1,Earned,Sale,,{at(day, 10)}," for client in (DESK, LATE, LOST)]
    rows += [f"{OTHER},,4,Earned,Sale,,{at(day, 11)},", f"{MAIN},{REGULAR[0]},ten,Earned,Sale,,{at(day, 11)},"]
    rows += [f"{MAIN},{REGULAR[0]},2,Earnd,Sale,,{at(day, 11)},"]
    rows += [before] if before else []
    if night % 3 == 0:
        rows += [f"{OTHER},nobody,9,Earned,Sale,,{at(day, 12)},"]
    if night == 1:
        rows += [f"{MAIN},{REGULAR[0]},900,Redeemed,,,{at(day, 12)},"]
    if receipt:
        rows += [f"{MAIN},{REGULAR[0]},2,Redeemed,,,{at(day, 12)},{receipt}"]
    if night == 2:
        rows += [f"{MAIN},{UNREAD},6,Earned,Sale,,{at(day, 12)},"]
    return "\n".join([POINTS, *rows]) + "\n"


def rewards_of(night: int, rewards: list[str]) -> tuple[str, str]:
    """Return two sheets of rewards, of which the second sets a reward of the first to something else."""
    # No amount twice in the month: values that were replaced since would wait for a person.
    first, second, third = (rewards[(night + n) % len(rewards)] for n in range(3))
    lines = [f"{first},{PAYOUT},{100 + night}.50", f"{second},{PAYOUT},{200 + night}", f"{third},,1"]
    return "\n".join([UPDATES, *lines]) + "\n", f"{UPDATES}\n{first},{PAYOUT},{300 + night}\n"


def hand_entry(workplace: Workplace, client_id: str, points: int, moment: str) -> None:
    entry = {"ClientId": client_id, "Action": "Earned", "Points": points, "Source": "Sale", "ActionDateTime": moment}
    assert workplace.talk.post_json("/sandbox/desk/transactions", entry)[0] == 200


def live(workplace: Workplace, rewards: list[str], count: int) -> Month:
    """Go through the nights, and note what must be open after each."""
    month = Month()
    open_now: Counter[tuple[str, str, int]] = Counter()
    before, refused = None, ""
    for night in range(count):
        day = FIRST + timedelta(days=night)
        now = datetime.combine(day + timedelta(days=1), time(2), ZONE).astimezone(UTC)
        workplace.talk.post_json("/sandbox/desk/clock", {"now": now.isoformat()})
        month.begins.append(len(workplace.commits()))
        with clock_set_to(now):
            receipt = refused if night == 3 else ""
            month.sheets.append(Sheet(night, f"{day}.csv", points_of(night, day, before, receipt)))
            for name, text in zip("rs", rewards_of(night, rewards), strict=True):
                month.sheets.append(Sheet(night, f"{name}{day}.csv", text))
            for sheet in month.sheets[-3:]:
                (workplace.inbox / sheet.name).write_text(sheet.text, encoding="utf-8")
            broken = workplace.inbox / "broken.xlsx"
            if night == 1:
                broken.write_bytes(b"PK\x03\x04 no workbook")
            by_people(workplace, night, day, open_now)
            summary = workplace.run()
            broken.unlink(missing_ok=True)
        month.reports.append(summary.report)
        record = record_of(summary.report)
        refused = next((one["event_id"] for one in record["refused"] if one["points"] == 900), refused)
        open_now -= Counter({key: n for key, n in open_now.items() if key[0] == "mended" or n < 0})
        open_now += seeded(night)
        month.open_breaks.append(+open_now)
        before = month.sheets[-3].text.splitlines()[1]
    month.log = workplace.commits()
    month.nights = by_hand.count_nights(month.sheets, month.log, month.begins)
    return month


def by_people(workplace: Workplace, night: int, day: date, open_now: Counter[tuple[str, str, int]]) -> None:
    """Do what people do at the desk that day; what never arrived the night before is entered by hand, or never is."""
    if night % 2 == 1:
        hand_entry(workplace, DESK, 7 + night, at(day, 15))
        open_now["unexpected_remote", DESK, 7 + night] += 1
    if night == 2:
        # On a day long before, which no night reads: its balance alone shows it.
        hand_entry(workplace, DESK, 70, at(FIRST - timedelta(days=20), 15))
        open_now["unexpected_remote", DESK, 70] += 1
    if night:
        hand_entry(workplace, LATE, 1, at(day - timedelta(days=1), 10))
        open_now["late", LATE, 1] -= 1
        open_now["late", LOST, 1] -= 1
        open_now["missing_remote", LOST, 1] += 1


def seeded(night: int) -> Counter[tuple[str, str, int]]:
    """Return what a night opens: what is not there yet, and what was refused; the mended row closes its own."""
    found = Counter({("late", LATE, 1): 1, ("late", LOST, 1): 1})
    if night % 3 == 0:
        found["refused", "nobody", 9] += 1
    if night == 1:
        found["refused", REGULAR[0], 900] += 1
    if night == 3:
        found.subtract({("refused", REGULAR[0], 900): 1})
    return found


@pytest.fixture(
    scope="module",
    params=[pytest.param(4, id="4 nights"), pytest.param(31, id="a month", marks=pytest.mark.long)],
)
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    folder = tmp_path_factory.mktemp("month")
    options = ("--more-sites", "1", "--extra-clients", "14", "--extra-rewards", "4")
    with start_sandbox(state=folder / "sandbox.db", faults=FAULTS, options=options) as ready:
        workplace = open_workplace(folder, ready, grace_hours=20, calls_per_day=5000)
        text = workplace.config.read_text(encoding="utf-8")
        workplace.configure(text + further_sites({OTHER: PASSWORD}))
        rewards = ready["referral_rock"]["reward_ids"][3:7]
        found = live(workplace, rewards, request.param)
        last = FIRST + timedelta(days=request.param)
        with clock_set_to(datetime.combine(last, time(3), ZONE).astimezone(UTC)):
            found.period = reconcile(workplace.settings, FIRST - timedelta(days=30), last).report
        found.told_open = workplace.breaks()
        yield found


def in_walk(record: dict[str, Any], line: str) -> dict[tuple[str, str], tuple[int, int, Decimal]]:
    return {
        (one["site_id"] or "", one["kind"] or ""): (one["events"], one["points"] or 0, Decimal(one["amount"] or 0))
        for one in record["walk"]
        if one["line"] == line and one["events"]
    }


def places(lines: list[dict[str, Any]]) -> Counter[tuple[str, int]]:
    return Counter((line["file"], line["row"]) for line in lines)


def test_every_line_of_every_walk_is_what_the_sheets_hold(month: Month) -> None:
    for report, counted in zip(month.reports, month.nights, strict=True):
        record = record_of(report)
        expected = {
            "in_sheets": counted.read,
            "needs_fixing": counted.rejected,
            "known": counted.duplicate,
            "accepted": counted.accepted,
            "turned_down": counted.refused,
            "replaced": counted.replaced,
            "posted": counted.posted - counted.replaced,
        }
        for line, wanted in expected.items():
            assert (report.name, line, in_walk(record, line)) == (report.name, line, counted.sums(wanted))


def test_every_row_of_every_night_is_told_once(month: Month) -> None:
    for report, counted in zip(month.reports, month.nights, strict=True):
        record = record_of(report)
        assert places(record["posted"]) == counted.posted
        assert places(record["refused"]) == counted.refused
        assert places(record["duplicates"]) == counted.duplicate
        assert set(places(record["rejected"])) == set(counted.rejected)
        totals = record["totals"]
        counts = {"rows_read": counted.read, "accepted": counted.accepted, "duplicate": counted.duplicate}
        counts |= {"rejected": counted.rejected, "posted": counted.posted, "refused": counted.refused}
        assert {name: totals[name] for name in counts} == {name: found.total() for name, found in counts.items()}
        sums = counted.sums(counted.posted).items()
        assert totals["points_earned"] == sum(one[1] for (_, kind), one in sums if kind == "earned")
        assert totals["points_redeemed"] == sum(one[1] for (_, kind), one in sums if kind == "redeemed")
        assert Decimal(totals["amount_updated"]) == sum(one[2] for (_, kind), one in sums if kind == "reward_update")
        assert totals["ties_out"]


def test_what_is_open_is_what_was_seeded_each_once(month: Month) -> None:
    for report, wanted in zip(month.reports, month.open_breaks, strict=True):
        record = record_of(report)
        told = Counter((one["class"], one["client_id"], one["points"]) for one in record["breaks"])
        assert (report.name, told) == (report.name, wanted)
        rolled = [one for one in record["roll_forward"] if one["measure"] == "breaks"]
        assert sum(one["open_now"] for one in rolled) == wanted.total()
    in_the_end = Counter(month.told_open.values())
    assert in_the_end == Counter(name for name, _, _ in month.open_breaks[-1].elements())


def test_what_could_not_be_read_is_named_and_nothing_is_concluded(month: Month) -> None:
    unread = [{one["what"] for one in record_of(report)["not_read"]} for report in month.reports]
    assert [any("broken.xlsx" in what for what in found) for found in unread[:3]] == [False, True, False]
    assert any(UNREAD in what for what in unread[2])
    assert not [record for record in map(record_of, month.reports) if record["totals"]["agrees"]]
    assert UNREAD not in {one["client_id"] for one in record_of(month.period)["breaks"]}


def test_balances_are_those_of_the_log(month: Month) -> None:
    ends = [*month.begins[1:], len(month.log)]
    for report, counted, end in zip(month.reports, month.nights, ends, strict=True):
        told = {(one["site_id"], one["client_id"]): one for one in record_of(report)["balances"]}
        posted = by_hand.by_client(counted)
        assert {client: (one["earned"], one["redeemed"]) for client, one in told.items() if client in posted} == posted
        there = by_hand.balances(month.log[:end])
        closing = {client: one["closing"] for client, one in told.items() if one["closing"] is not None}
        assert (report.name, closing) == (report.name, {client: there[client] for client in closing})
        assert (MAIN, UNREAD) not in closing
        assert set(posted) - {(MAIN, UNREAD)} <= set(closing)


def test_the_period_is_what_the_service_holds(month: Month) -> None:
    record = record_of(month.period)
    clients = {client for counted in month.nights for client in by_hand.by_client(counted)} - {(MAIN, UNREAD)}
    there = by_hand.at_service(month.log, clients)
    told = in_walk(record, "at_service")
    assert {key: one[:2] for key, one in told.items() if key[0]} == there
    updates = [line["RewardId"] for counted in month.nights for line in counted.lines.values() if "RewardId" in line]
    assert told["", "reward_update"][2] == by_hand.rewards_set_to(month.log, updates)
    nights = {
        (one["site_id"], one["night"]): (one["service_events"], one["service_points"])
        for one in record["nights"]
        if one["service_events"]
    }
    assert nights == by_hand.by_night(month.log, clients, ZONE)
    assert not [one for one in record["nights"] if one["difference_events"] or one["difference_points"]]


def test_page_and_workbook_show_the_same_figures(month: Month) -> None:
    for report, counted in zip(month.reports, month.nights, strict=True):
        sheets = workbook_tables(report)
        page = page_tables(report.with_suffix(".html"))
        days = by_hand.by_day(counted, ZONE)
        clients = by_hand.by_client(counted)
        for tables in (sheets, {name.replace("-", " ").capitalize(): table for name, table in page.items()}):
            told = [one for one in tables["By day"] if one["Site"] != "—"]
            assert {(one["Day"][:10], one["Site"]): figures(one, "Events", *EARNED) for one in told} == days
            told = [one for one in tables["By client"] if (one["Site"], one["Client"]) in clients]
            assert {(one["Site"], one["Client"]): figures(one, "+ Earned", "− Redeemed") for one in told} == clients
            assert {(one["File"], int(one["Row"])) for one in tables["Rejected rows"]} == set(counted.rejected)
            assert Counter((one["File"], int(one["Row"])) for one in tables["Posted"]) == counted.posted
            assert Counter((one["File"], int(one["Row"])) for one in tables["Refused"]) == counted.refused
            assert Counter((one["File"], int(one["Row"])) for one in tables["Duplicates"]) == counted.duplicate
            assert {one["Difference"] for one in tables["Totals"]} == {"0"}
            _hold_walk(tables["Walk"], counted)


def test_control_totals_are_what_was_accepted_posted_and_is_in_the_log(month: Month) -> None:
    ends = [*month.begins[1:], len(month.log)]
    for report, counted, begin, end in zip(month.reports, month.nights, month.begins, ends, strict=True):
        told = {(one["Site"], one["Kind"], one["Measure"]): one for one in workbook_tables(report)["Control totals"]}
        wanted = {
            "Accepted: events of the files": controls(counted.sums(counted.accepted)),
            "Accepted: batches": controls(counted.sums(counted.accepted)),
            "Posted: in the ledger": controls(counted.sums(counted.posted)),
            "Posted: shown by the service": controls(by_hand.sent_and_there(month.log[begin:end], UNREAD)),
        }
        for heading, sums in wanted.items():
            shown = {key: Decimal(one[heading]) for key, one in told.items() if Decimal(one[heading] or 0)}
            assert (report.name, heading, shown) == (report.name, heading, sums)


def test_both_sides_of_the_equations_are_what_is_counted_by_hand(month: Month) -> None:
    for report, counted, seeded in zip(month.reports, month.nights, month.open_breaks, strict=True):
        told = {
            one["Equation"]: (Decimal(one["Left"]), Decimal(one["Right"])) for one in workbook_tables(report)["Proof"]
        }
        accepted, posted = whole(counted.sums(counted.accepted)), whole(counted.sums(counted.posted - counted.replaced))
        wanted = {
            "Rows": counted.read.total(),
            "Walk to accepted: events": accepted[0],
            "Walk to accepted: gross points": accepted[1],
            "Walk to accepted: amount": accepted[2],
            "Walk to posted: events": posted[0],
            "Walk to posted: gross points": posted[1],
            "Walk to posted: amount": posted[2],
            "Walk: events posted": counted.posted.total(),
            "Accepted rows": accepted[0],
            "Accepted events": accepted[0],
            "Accepted points": accepted[1],
            "Accepted amount": accepted[2],
            "Breaks": seeded.total(),
            "Points in breaks": sum(points * count for (_, _, points), count in seeded.items()),
        }
        assert {name: told[name] for name in wanted} == {name: (figure, figure) for name, figure in wanted.items()}


def controls(sums: Mapping[tuple[str, str], tuple[int, int, Decimal]]) -> dict[tuple[str, str, str], Decimal]:
    """Return the sums by site, kind and measure; an amount for rewards and points for the others."""
    found = {}
    for (site_id, kind), (events, points, amount) in sums.items():
        measure, figure = ("amount", amount) if kind == "reward_update" else ("points", Decimal(points))
        found[site_id or "—", kind, "events"] = Decimal(events)
        found[site_id or "—", kind, measure] = figure
    return found


def whole(sums: Mapping[tuple[str, str], tuple[int, int, Decimal]]) -> tuple[Decimal, ...]:
    return tuple(sum((Decimal(one[place]) for one in sums.values()), start=Decimal(0)) for place in range(3))


EARNED = ("Points earned", "Points redeemed")


def figures(line: dict[str, str], *names: str) -> tuple[int, ...]:
    return tuple(int(line[name] or 0) for name in names)


def _hold_walk(walked: Table, counted: Counted) -> None:
    wanted = {
        "needs_fixing": counted.rejected,
        "known": counted.duplicate,
        "accepted": counted.accepted,
        "turned_down": counted.refused,
        "replaced": counted.replaced,
        "posted": counted.posted - counted.replaced,
    }
    for line in walked:
        if name := WALK.get(line["Step"]):
            sums = counted.sums(wanted[name])
            for kind, events, measure in COLUMNS:
                of_kind = [one for (_, of), one in sums.items() if of == kind]
                assert (line["Step"], int(line[events])) == (line["Step"], sum(one[0] for one in of_kind))
                told = next(figure for heading, figure in line.items() if heading.startswith(measure))
                place = 2 if kind == "reward_update" else 1
                assert Decimal(told) == sum((Decimal(one[place]) for one in of_kind), start=Decimal(0))


COLUMNS = (
    ("earned", "Earned: events", "Earned: points"),
    ("redeemed", "Redeemed: events", "Redeemed: points"),
    ("reward_update", "Rewards", "Amount"),
)
