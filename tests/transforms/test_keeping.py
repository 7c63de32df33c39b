"""What may be removed of what runs leave behind: the rule alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from transforms.keeping import Facts, Leaving, Limits, is_old, why_it_stays

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
LIMITS = Limits(days=dict.fromkeys(Leaving, 100), open_months=3, own_copies_days=None)
SIGNED = Limits(
    days=dict.fromkeys(Leaving, 100), open_months=None, own_copies_days=None, signed_through=date(2026, 3, 31)
)
OLD = Facts(kind=Leaving.ARCHIVED, since_at=NOW - timedelta(days=200), is_in_copy=True)


@pytest.mark.parametrize("kind", list(Leaving))
def test_what_is_over_and_known_to_a_copy_may_go(kind: Leaving) -> None:
    facts = replace(OLD, kind=kind)
    assert (is_old(facts, LIMITS, NOW), why_it_stays(facts, LIMITS, NOW)) == (True, None)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        pytest.param({"since_at": None}, "does not know it", id="nobody_knows_it"),
        pytest.param({"is_as_taken": False}, "somebody changed it", id="changed"),
        pytest.param({"is_newest": True}, "newest", id="newest"),
        pytest.param({"has_open_event": True}, "in doubt", id="open_event"),
        pytest.param({"has_open_break": True}, "difference", id="open_break"),
        pytest.param({"since_at": datetime(2026, 6, 1, tzinfo=UTC)}, "keep.open_months", id="open_month"),
        pytest.param({"is_open": True}, "not posted yet", id="open_sheet"),
        pytest.param({"is_in_copy": False}, "oldest copy", id="not_in_copy"),
        pytest.param({"is_in_copy": None}, "keep.own_copies_days", id="no_copy"),
    ],
)
def test_what_somebody_may_need_stays(changes: dict[str, object], word: str) -> None:
    reason = why_it_stays(replace(OLD, **changes), LIMITS, NOW)  # type: ignore[arg-type]
    assert reason is not None
    assert word in reason


def test_the_month_before_the_open_ones_may_go() -> None:
    assert why_it_stays(replace(OLD, since_at=datetime(2026, 5, 31, 23, tzinfo=UTC)), LIMITS, NOW) is None


@pytest.mark.parametrize(("own_days", "goes"), [(199, True), (201, False)])
@pytest.mark.parametrize("is_in_copy", [True, None])
def test_own_copies_bound_what_goes_however_many_are_in_backups(
    own_days: int, goes: bool, is_in_copy: bool | None
) -> None:
    limits = replace(LIMITS, own_copies_days=own_days)
    assert (why_it_stays(replace(OLD, is_in_copy=is_in_copy), limits, NOW) is None) is goes


def test_a_report_is_no_part_of_what_recovering_needs() -> None:
    assert why_it_stays(replace(OLD, kind=Leaving.REPORT, is_in_copy=None), LIMITS, NOW) is None


@pytest.mark.parametrize("kind", [Leaving.REJECTED, Leaving.NOT_SENT])
def test_that_of_which_nothing_was_sent_needs_no_copy_and_no_open_month(kind: Leaving) -> None:
    young = replace(OLD, kind=kind, is_in_copy=None, since_at=NOW - timedelta(days=101))
    assert (is_old(young, LIMITS, NOW), why_it_stays(young, LIMITS, NOW)) == (True, None)
    changed = why_it_stays(replace(young, is_as_taken=False), LIMITS, NOW)
    assert changed is not None
    assert "somebody works on it" in changed


def test_without_a_limit_nothing_is_old() -> None:
    limits = replace(LIMITS, days=dict.fromkeys(Leaving, None))
    assert not is_old(OLD, limits, NOW)


@pytest.mark.parametrize(
    ("since_at", "goes"),
    [
        pytest.param(datetime(2026, 2, 20, tzinfo=UTC), True, id="signed"),
        # By the clock of the easternmost site it is April.
        pytest.param(datetime(2026, 3, 31, 10, tzinfo=UTC), False, id="of_another_day_elsewhere"),
        pytest.param(datetime(2026, 4, 2, tzinfo=UTC), False, id="not_signed"),
    ],
)
def test_what_is_of_no_signed_period_stays(since_at: datetime, goes: bool) -> None:
    reason = why_it_stays(replace(OLD, since_at=since_at), SIGNED, NOW)
    assert (reason is None) is goes
    assert goes or "tieout sign" in str(reason)


def test_who_signs_nothing_and_says_no_months_keeps_all() -> None:
    limits = replace(SIGNED, signed_through=None)
    assert "tieout sign" in str(why_it_stays(replace(OLD, since_at=NOW - timedelta(days=3000)), limits, NOW))
