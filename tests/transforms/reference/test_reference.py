from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.transforms.sheet_makers import NOW, RULES, check_rows, codes
from transforms.check.cross_check import judge_source_ids
from transforms.check.parameters import Rules
from transforms.reference.reference import LEFT, NOBODY, WRONG, Reference, Stretch, coverage_frame, facts_frame
from transforms.vocabulary import Source

SITE = "-99"
LATER = NOW + timedelta(minutes=1)  # when the data was taken, so that it knows all that the rows can be about
FACTS = [
    (SITE, "appointment", "8001", "ann"),
    (SITE, "visit", "7001", "ann"),
    (SITE, "sale", "9001", "ann"),
    (SITE, "referred", "200", "ann"),
    (SITE, "visit", "7002", "bob"),
    (SITE, "sale", "9003", NOBODY),
    (SITE, "sale", "9004", "000123"),
    (SITE, "referred", "000456", "ann"),
    (SITE, "referred", "ann", "300"),
]


def everything(subject: str, site_id: str = SITE) -> Stretch:
    return (site_id, subject, None, None, None, LATER)


def reference(*facts: tuple[str, str, str, str], coverage: tuple[Stretch, ...] = ()) -> Reference:
    return Reference(facts_frame(facts or FACTS), coverage_frame(coverage))


def rules(known: Reference | None) -> Rules:
    return Rules(NOW, default_site_id=SITE, reference=known)


def earned(client_id: str, source: str, source_id: str, time: str = "2025-05-20T10:00:00Z") -> list[str]:
    return [client_id, "5", "Earned", source, source_id, time]


def judge(row: list[str], known: Reference) -> str:
    events = check_rows(row).events
    return str(judge_source_ids(events, known, NOW).iloc[0])


@pytest.mark.parametrize(
    ("row", "found"),
    [
        pytest.param(earned("ann", "Appointment Booking", "8001"), "confirmed", id="appointment"),
        pytest.param(earned("ann", "Class Booking", "7001"), "confirmed", id="class"),
        pytest.param(earned("ann", "Sale", "9001"), "confirmed", id="sale"),
        pytest.param(["ann", "5", "Redeemed", "", "9001", ""], "confirmed", id="redeemed at a sale"),
        pytest.param(earned("ann", "Referral", "200"), "confirmed", id="referral"),
        pytest.param(earned("bob", "Class Booking", "7001"), "source_id_other_client", id="another client's class"),
        pytest.param(["bob", "5", "Redeemed", "", "9001", ""], "source_id_other_client", id="another client's sale"),
        pytest.param(earned("ann", "Referral", "300"), "referral_reversed", id="the other one referred"),
        pytest.param(earned("ann", "Sale", "9003"), "source_id_not_found", id="asked for, and not there"),
        pytest.param(earned("ann", "Appointment Booking", "7001"), "not_covered", id="a visit is no appointment"),
        pytest.param(earned("bob", "Referral", "200"), "not_covered", id="somebody else referred: both may have"),
        pytest.param(earned("123", "Sale", "9004"), "spelling", id="client id without its zeros"),
        pytest.param(earned("ANN", "Sale", "9001"), "spelling", id="client id in another case"),
        pytest.param(earned("ann", "Referral", "456"), "spelling", id="referred client id without its zeros"),
    ],
)
def test_judge_source_ids_by_what_is_known(row, found):
    assert judge(row, reference()) == found


@pytest.mark.parametrize(
    ("known", "found"),
    [
        pytest.param(Reference(), "no_data", id="nothing at hand"),
        pytest.param(reference((SITE, "visit", "1", "ann")), "no_data", id="other things at hand"),
        pytest.param(reference(("-1", "sale", "1", "ann")), "no_data", id="another site's"),
        pytest.param(Reference(too_old=frozenset({(SITE, "sales")})), "too_old", id="old"),
        pytest.param(reference((SITE, "sale", "1", "ann")), "not_covered", id="some sales"),
        pytest.param(reference(coverage=(everything("sales"),)), "source_id_not_found", id="all sales"),
        pytest.param(reference(coverage=(everything("visits"),)), "not_covered", id="all visits"),
        pytest.param(reference(coverage=(everything("sales", "-1"),)), "not_covered", id="all sales elsewhere"),
    ],
)
def test_judge_source_ids_says_why_it_cannot(known, found):
    assert judge(earned("ann", "Sale", "9999"), known) == found


def test_judge_source_ids_knows_one_clients_whole_history():
    known = reference(coverage=((SITE, "visits", "ann", None, None, LATER),))
    assert judge(earned("ann", "Class Booking", "1"), known) == "source_id_not_found"
    assert judge(earned("bob", "Class Booking", "1"), known) == "not_covered"


@pytest.mark.parametrize(
    ("source", "since", "until", "as_of", "is_covered"),
    [
        pytest.param("Sale", "2025-04-19", "2025-05-21", "2025-05-21", True, id="a sale is never later than the data"),
        pytest.param("Class Booking", "2025-04-19", "2025-05-21", "2025-05-21", False, id="a visit may be"),
        pytest.param("Class Booking", "2025-04-19", "2025-06-21", "2025-05-21", True, id="visits ahead are in it"),
        pytest.param("Sale", "2025-04-21", "2025-12-31", "2025-05-30", False, id="too little before"),
        pytest.param("Sale", "2025-04-01", "2025-06-20", "2025-07-01", True, id="enough on both sides"),
        pytest.param("Sale", "2025-04-01", "2025-05-15", "2025-07-01", False, id="too little after"),
        pytest.param("Sale", "2025-01-01", "2025-12-31", "2025-05-19", False, id="the row is newer than the data"),
    ],
)
def test_judge_source_ids_within_a_period(source, since, until, as_of, is_covered):
    start, end, taken = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (since, until, as_of))
    subject = "sales" if source == "Sale" else "visits"
    known = Reference(
        coverage=coverage_frame([(SITE, subject, None, start, end, taken)]), margin=timedelta(days=30, hours=10)
    )
    found = judge(earned("ann", source, "1"), known)
    assert found == ("source_id_not_found" if is_covered else "not_covered")


def test_judge_source_ids_lets_an_equal_id_win_over_all_others():
    known = reference(
        (SITE, "appointment", "1", "bob"), (SITE, "appointment", "1", "ann"), (SITE, "appointment", "1", "ANN")
    )
    assert judge(earned("ann", "Appointment Booking", "1"), known) == "confirmed"


def test_judge_source_ids_needs_data_newer_than_a_row_without_a_time():
    old = reference(coverage=((SITE, "sales", None, None, None, NOW - timedelta(hours=1)),))
    assert judge(earned("ann", "Sale", "1", time=""), old) == "not_covered"
    assert (
        judge(earned("ann", "Sale", "1", time=""), reference(coverage=(everything("sales"),))) == "source_id_not_found"
    )


def test_check_sheets_rejects_at_the_cell_with_a_sentence():
    checked = check_rows(earned("bob", "Sale", "9001"), earned("ann", "Sale", "9001"), rules=rules(reference()))
    assert (codes(checked), len(checked.events)) == ([("E2", "source_id_other_client")], 1)
    [error] = checked.errors.to_dict("records")
    assert error["message"] == "The booking or sale with this id belongs to another client."
    assert "look up" in error["suggestion"]


def test_check_sheets_counts_how_every_source_id_came_out():
    rows = [earned("bob", "Sale", "9001"), earned("ann", "Sale", "9001"), ["ann", "5", "Redeemed", "", "7", ""]]
    assert check_rows(*rows).source_ids == {("sales", "no_data"): 3}
    assert check_rows(*rows, rules=rules(reference())).source_ids == {
        ("sales", "source_id_other_client"): 1, ("sales", "confirmed"): 1, ("sales", "not_covered"): 1,
    }  # fmt: skip


def test_check_sheets_looks_up_nothing_in_a_row_that_is_wrong_otherwise():
    checked = check_rows(["bob", "0", "Earned", "Sale", "9001", ""], rules=rules(reference()))
    assert codes(checked) == [("B2", "points_not_positive_integer")]


SOME = law(10)  # an example checks a file twice
CLIENTS = st.sampled_from(["ann", "bob", "300", "000123", "123", "ANN"])
IDS = st.sampled_from(["", "1", "7001", "7002", "8001", "9001", "9003", "9004", "200", "300", "456", "123"])


def row_of(client_id: str, source: str, source_id: str, day: int) -> list[str]:
    action = "Earned" if source else "Redeemed"
    return [client_id, "5", action, str(source), source_id, f"2025-05-{day:02}T10:00:00Z" if day else ""]


ROWS = st.lists(
    st.builds(row_of, CLIENTS, st.sampled_from([*Source, ""]), IDS, st.integers(0, 28)), min_size=1, max_size=12
)
ALL = tuple(everything(subject) for subject in ("visits", "sales", "referrals"))


@SOME
@given(ROWS)
def test_without_reference_data_nothing_changes(rows):
    bare, empty = check_rows(*rows, rules=RULES), check_rows(*rows, rules=rules(Reference()))
    pd.testing.assert_frame_equal(bare.events, empty.events)
    pd.testing.assert_frame_equal(bare.errors, empty.errors)


@SOME
@given(ROWS)
def test_with_all_reference_data_every_source_id_is_confirmed_or_wrong_by_one_code(rows):
    bare = check_rows(*rows, rules=RULES)
    known = reference(coverage=ALL)
    checked = check_rows(*rows, rules=rules(known))
    found = judge_source_ids(bare.events, known, NOW)
    assert set(found) <= {"confirmed", "spelling", *(code.value for code in WRONG)}
    is_wrong = found.isin([code.value for code in WRONG])
    assert len(checked.errors) == len(bare.errors) + is_wrong.sum()
    assert checked.errors["row"].is_unique
    pd.testing.assert_frame_equal(checked.events, bare.events.drop(index=found[is_wrong].index).reset_index(drop=True))


def typed(rows: list[list[str]]) -> pd.DataFrame:
    """Return good rows as the check would, without its cost."""
    client_ids, _, actions, sources, ids, times = map(list, zip(*rows, strict=True))
    columns = {"client_id": client_ids, "action": actions, "source": sources}
    frame = pd.DataFrame({"site_id": SITE, **columns}, dtype="str").replace("", None)
    source_id = pd.Series([int(text) if text else None for text in ids], dtype="Int64")
    return frame.assign(source_id=source_id, action_at=pd.to_datetime(pd.Series(times), utc=True, errors="coerce"))


@law(40)
@given(ROWS, st.lists(st.sampled_from(FACTS), unique=True))
def test_less_reference_data_leaves_more_and_never_confirms_what_all_of_it_does_not(rows, some):
    full = judge_source_ids(typed(rows), reference(), NOW)
    part = judge_source_ids(typed(rows), Reference(facts_frame(some)), NOW)
    is_left = part.isin([why.value for why in LEFT])
    assert (is_left | (part == full) | full.isin(["confirmed", "spelling"])).all()
    assert full[part == "confirmed"].eq("confirmed").all()


def test_check_sheets_tells_that_a_client_id_with_letters_cannot_be_a_source_id():
    [error] = check_rows(earned("ann", "Referral", "AB123456")).errors.to_dict("records")
    assert error["code"] == "source_id_not_positive_integer"
    assert error["suggestion"].startswith("empty the cell: Mindbody takes no id with letters")
