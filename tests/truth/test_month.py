"""A month of nights in the sandbox: hand entries, late arrivals, returns and a clock change; every night ties.

Both clocks, that of the runs and that of the services, are set to each night in turn. What must be open after every
night is kept here by hand and compared with what the ledger has open.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flows.cli.breaks.deciding import run_decision
from flows.runs.reconcile import reconcile as reconcile_run
from flows.runtime.clock import clock_set_to
from flows.sandbox import start_sandbox
from sql.break_decisions import Verb
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed

ZONE = ZoneInfo("America/Los_Angeles")  # its clock goes back on 1 November 2026
# Past the night whose clock goes back, with every kind of entry; the whole month by `make prove`.
NIGHTS = [
    pytest.param(date(2026, 10, 26), 8, id="8 nights"),
    pytest.param(date(2026, 10, 17), 31, id="a month", marks=pytest.mark.long),
]
REGULAR = [f"20000000{number}" for number in range(1, 7)]
BY_HAND, RETURNED, LATE = "200000011", "200000012", "200000013"  # the last one's posts never take effect by themselves
REVERSALS = {4: "Returned", 13: "Removed", 22: "LateCanceled"}


@pytest.fixture
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(faults=f"phantom={LATE}", options=("--extra-clients", "20")) as found:
        yield found


def local(day: date, hour: int, minute: int = 0, fold: int = 0) -> str:
    """Return a moment of the site as UTC text."""
    return datetime.combine(day, time(hour, minute, fold=fold), ZONE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows_of(night: int, day: date) -> list[str]:
    rows = [earned(REGULAR[(night + place) % 6], 5 + place, local(day, 9 + place)) for place in range(3)]
    rows += [redeemed(REGULAR[night % 6], 3, local(day, 18))] if night % 2 else []
    # The hour that comes twice, both times; and the last minute of the site's day.
    rows += [earned(REGULAR[0], 4, local(day, 1, 30, fold)) for fold in (0, 1)] if day == date(2026, 11, 1) else []
    rows += [earned(REGULAR[1], 2, local(day, 23, 59))] if night % 7 == 0 else []
    return rows + ([earned(LATE, 11, local(day, 12))] if night % 6 == 0 else [])


def by_hand(workplace: Workplace, client_id: str, action: str, points: int, at: str) -> None:
    entry = {"ClientId": client_id, "Action": action, "Points": points, "Source": "Sale", "ActionDateTime": at}
    assert workplace.talk.post_json("/sandbox/desk/transactions", entry)[0] == 200


def studio(workplace: Workplace, night: int, day: date, expected: Counter[str]) -> None:
    """Do what people do by hand that day, and note what must be open after the night."""
    if night % 5 == 1:
        by_hand(workplace, BY_HAND, "Earned", 7, local(day, 15))
        expected["unexpected_remote"] += 1
    if night in REVERSALS:
        by_hand(workplace, RETURNED, REVERSALS[night], 2, local(day, 16))
        expected["reversed_remote"] += 1
    if night % 6 == 0:
        expected["late"] += 1
    if night % 6 == 1:  # the day after: it has come, or the grace time is over
        expected["late"] -= 1
        if night % 12 == 1:
            by_hand(workplace, LATE, "Earned", 11, local(day - timedelta(days=1), 12))
        else:
            expected["missing_remote"] += 1


@pytest.mark.parametrize(("first", "nights"), NIGHTS)
def test_every_night_of_a_month_ties_and_has_open_what_must_be(
    tmp_path: Path, ready: dict[str, Any], first: date, nights: int
) -> None:
    workplace = open_workplace(tmp_path, ready, grace_hours=20)
    expected: Counter[str] = Counter()
    open_before = 0
    for night in range(nights):
        day = first + timedelta(days=night)
        now = datetime.combine(day + timedelta(days=1), time(2), ZONE).astimezone(UTC)
        workplace.talk.post_json("/sandbox/desk/clock", {"now": now.isoformat()})
        with clock_set_to(now):
            studio(workplace, night, day, expected)
            rows = rows_of(night, day)
            # The clients of hand entries have a row every night, so that they are read.
            rows += [earned(client, 1, local(day, 10)) for client in (BY_HAND, RETURNED)]
            workplace.put(f"{day}.csv", *rows)
            summary = workplace.run()
            assert (day, summary.totals["posted"], summary.totals["ties_out"]) == (day, len(rows), True)
            assert (day, Counter(workplace.breaks().values())) == (day, +expected)
            rolled = json.loads(summary.report.with_suffix(".json").read_text("utf-8"))["roll_forward"]
            opening, closing = (sum(row[key] for row in rolled if row["measure"] == "breaks") for key in ENDS)
            assert (day, opening, closing) == (day, open_before, expected.total())
            open_before = closing
            if night % 7 == 6:  # once a week a person explains a hand entry
                entry = next(id_ for id_, name in workplace.breaks().items() if name == "unexpected_remote")
                run_decision(workplace.config, Verb.RESOLVE, entry, "Ann", "entered_by_hand: asked the studio")
                expected["unexpected_remote"] -= 1
    assert {"late", "missing_remote", "unexpected_remote", "reversed_remote"} == set(expected)
    with clock_set_to(now):
        october = reconcile_run(workplace.settings, first, date(2026, 10, 31))
        assert (october.ties_out, october.open) == (True, expected.total())


ENDS = ("open_before", "open_now")
