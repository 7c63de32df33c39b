from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.services.mindbody.transactions import read_transactions
from flows.services.referral_rock.settle import decide_update
from tests.flows.services.exchanges import ACTED_AT, earn, shown, update
from transforms.settle.decide import BASE_HOLDS_FOR, Base, Count, Expected, Witness, ask_balance, decide, weigh
from transforms.settle.history import History
from transforms.vocabulary import State

ZONE = ZoneInfo("America/Los_Angeles")
FIRST_0130 = datetime(2025, 11, 2, 8, 30, tzinfo=UTC)  # 01:30 at the site, before its clock went back
SECOND_0130 = FIRST_0130 + timedelta(hours=1)


READ_AT = ACTED_AT + timedelta(hours=9)


def base(balance: int | None, age: timedelta = timedelta(minutes=5)) -> Base | None:
    return None if balance is None else Base(balance, READ_AT - age)


def state(event=None, *, seen=(), confirmed=(), before=None, now=None, **known) -> State:
    history = History("100000002", now, tuple(read_transactions({"Transactions": list(seen)}, ZONE) or ()))
    return decide(event or earn(), history, Expected(tuple(confirmed), base(before), **known), READ_AT).state


@pytest.mark.parametrize(
    ("seen", "confirmed", "decided"),
    [
        pytest.param(0, 0, State.READY, id="nothing there"),
        pytest.param(1, 0, State.POSTED, id="one more than confirmed"),
        pytest.param(1, 1, State.READY, id="an earlier equal event, and no more"),
        pytest.param(2, 1, State.POSTED, id="an earlier equal event, and one more"),
        pytest.param(0, 1, State.UNKNOWN, id="a confirmed one is gone"),
        pytest.param(2, 0, State.UNKNOWN, id="one more than can be ours"),
    ],
)
def test_decide_counts_equal_entries(seen: int, confirmed: int, decided: State) -> None:
    assert state(seen=[shown()] * seen, confirmed=[ACTED_AT] * confirmed) is decided


@pytest.mark.parametrize(
    ("seen", "now", "decided"),
    [
        pytest.param(1, 30, State.POSTED, id="count and balance: landed"),
        pytest.param(0, 20, State.READY, id="count and balance: did not"),
        pytest.param(1, 20, State.UNKNOWN, id="somebody's equal entry, and the balance did not move"),
        pytest.param(0, 30, State.UNKNOWN, id="no entry, and yet the balance moved"),
        pytest.param(1, 77, State.POSTED, id="others moved the balance: the count decides"),
        pytest.param(0, 77, State.READY, id="others moved the balance: the count decides, not there"),
        pytest.param(2, 30, State.UNKNOWN, id="an older equal entry of somebody: more than can be ours"),
        pytest.param(2, 40, State.UNKNOWN, id="two new ones and twice the points"),
    ],
)
def test_decide_asks_the_balance_too(seen: int, now: int, decided: State) -> None:
    assert state(seen=[shown()] * seen, before=20, now=now) is decided


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"SourceID": 9005}, id="with a source id"),
        pytest.param({"Source": "sale"}, id="the source in other case"),
        pytest.param({"Source": None}, id="without the source"),
        pytest.param({"Points": -10}, id="with a sign"),
    ],
)
@pytest.mark.parametrize(
    "now", [pytest.param(None, id="blind"), pytest.param(30, id="up"), pytest.param(20, id="same")]
)
def test_decide_leaves_an_entry_that_is_almost_equal_to_a_person(told, now) -> None:
    assert state(seen=[shown(**told)], before=20, now=now) is State.UNKNOWN


def test_decide_never_sends_again_on_a_count_alone_what_the_service_answered() -> None:
    answered = earn(was_answered=True)
    assert state(answered) is State.UNKNOWN
    assert state(answered, before=20, now=20) is State.READY
    assert state(answered, before=20, now=20, seen=[shown(Points=3)]) is State.UNKNOWN
    history = History("100000002", 20, tuple(read_transactions({"Transactions": [shown(Points=3)]}, ZONE) or ()))
    accounted_for = Expected((), base(20), confirmed=(earn(points=3),))
    assert decide(answered, history, accounted_for, READ_AT).state is State.READY


@pytest.mark.parametrize(("now", "decided"), [(10, State.POSTED), (20, State.READY)])
def test_decide_subtracts_what_was_redeemed(now: int, decided: State) -> None:
    event = earn(action="Redeemed", source=None)
    entries = [shown(Action="Redeemed", Source=None)] if decided is State.POSTED else []
    assert state(event, seen=entries, before=20, now=now) is decided


@pytest.mark.parametrize("now", [None, 30, 20])
def test_decide_leaves_an_entry_at_another_time_to_a_person(now: int | None) -> None:
    assert state(seen=[shown(at="2025-10-01T03:00:00")], before=20, now=now) is State.UNKNOWN


@pytest.mark.parametrize(
    ("seen", "known", "decided"),
    [
        pytest.param(1, {"requests": 2}, State.POSTED, id="two requests, one is there"),
        pytest.param(2, {"requests": 2}, State.POSTED, id="two requests, both are there"),
        pytest.param(3, {"requests": 2}, State.UNKNOWN, id="two requests, three are there"),
        pytest.param(1, {"double_times": (ACTED_AT,)}, State.UNKNOWN, id="it may be an equal event's second request"),
        pytest.param(2, {"double_times": (ACTED_AT,)}, State.POSTED, id="that one's, and ours"),
        pytest.param(0, {"double_times": (ACTED_AT,)}, State.READY, id="neither of them"),
        pytest.param(
            1, {"double_times": (ACTED_AT + timedelta(hours=1),)}, State.POSTED, id="of an event at another time"
        ),
    ],
)
def test_decide_counts_the_requests_that_may_have_left(seen: int, known: dict[str, object], decided: State) -> None:
    assert state(seen=[shown()] * seen, **known) is decided


@pytest.mark.parametrize("action", ["Removed", "Returned", "LateCanceled"])
def test_decide_leaves_to_a_person_what_may_have_landed_and_been_taken_back(action: str) -> None:
    assert state(seen=[shown(Action=action)]) is State.UNKNOWN
    assert state(seen=[shown(Action=action, Points=3)]) is State.READY


def test_decide_does_not_listen_to_an_old_balance() -> None:
    history = History("100000002", 20, tuple(read_transactions({"Transactions": [shown()]}, ZONE) or ()))
    for age, decided in ((BASE_HOLDS_FOR, State.UNKNOWN), (BASE_HOLDS_FOR + timedelta(seconds=1), State.POSTED)):
        assert decide(earn(), history, Expected((), base(20, age)), READ_AT).state is decided


def test_decide_knows_confirmed_entries_at_other_times() -> None:
    other = ACTED_AT - timedelta(hours=7)
    assert state(seen=[shown(at="2025-10-01T03:00:00")], confirmed=[other]) is State.READY


@pytest.mark.parametrize(
    ("seen", "decided"),
    [
        pytest.param(1, State.READY, id="the entry is the other hour's"),
        pytest.param(2, State.POSTED, id="both hours have theirs"),
    ],
)
def test_decide_in_a_doubled_hour_counts_both(seen: int, decided: State) -> None:
    entries = [shown(at="2025-11-02T01:30:00")] * seen
    assert state(earn(action_at=SECOND_0130), seen=entries, confirmed=[FIRST_0130]) is decided


def test_decide_keeps_the_evidence() -> None:
    history = History("100000002", 30, tuple(read_transactions({"Transactions": [shown()]}, ZONE) or ()))
    decision = decide(earn(), history, Expected((), base(20)), READ_AT)
    assert dict(decision.evidence) == {
        "read_at": READ_AT.isoformat(), "counted": 1, "confirmed": 0, "almost_equal": 0, "doubles": 0, "requests": 1,
        "balance_before": 20, "balance_before_at": "2025-10-02T01:55:00+00:00", "balance_now": 30,
        "balance_says": "it landed",
    }  # fmt: skip


def test_decide_says_that_a_person_has_to() -> None:
    history = History("100000002", 20, tuple(read_transactions({"Transactions": [shown()]}, ZONE) or ()))
    assert "a person has to decide" in decide(earn(), history, Expected((), base(20)), READ_AT).reason


@pytest.mark.parametrize(
    ("reward", "decided"),
    [
        pytest.param(None, State.READY, id="no such reward"),
        pytest.param({"payoutId": "P1", "amount": 10}, State.READY, id="old values"),
        pytest.param(
            {"payoutId": "p1", "amount": 12.5, "eligibilityDate": "2026-01-02T00:00:00Z", "description": "thanks"},
            State.POSTED,
            id="the values of the event",
        ),
    ],
)
def test_decide_update_compares_values(reward: dict[str, object] | None, decided: State) -> None:
    assert decide_update(update(), reward).state is decided


LANDED, DID_NOT, NOTHING = "it landed", "it did not land", None
SAYS = (LANDED, DID_NOT, NOTHING)
# New entries beyond those confirmed, almost equal ones of nobody's, what the balance says, and so it is: of an event
# with two requests that may have landed, beside one further request of an equal event.
TRUTH = [
    *((-1, others, says, State.UNKNOWN) for others in (0, 1) for says in SAYS),
    (0, 0, LANDED, State.UNKNOWN),
    (0, 0, DID_NOT, State.READY),
    (0, 0, NOTHING, State.READY),
    *((0, 1, says, State.UNKNOWN) for says in SAYS),
    *((1, others, says, State.UNKNOWN) for others in (0, 1) for says in SAYS),
    *((new, others, DID_NOT, State.UNKNOWN) for new in (2, 3) for others in (0, 1)),
    *((new, others, says, State.POSTED) for new in (2, 3) for others in (0, 1) for says in (LANDED, NOTHING)),
    *((4, others, says, State.UNKNOWN) for others in (0, 1) for says in SAYS),
]


@pytest.mark.parametrize(("new", "others", "says", "so"), TRUTH)
def test_weigh_follows_its_table(new: int, others: int, says: str | None, so: State) -> None:
    count = Count(counted=3 + new, confirmed=3, unaccounted=others, doubles=1, requests=2)
    assert weigh(count, Witness(says)) is so


def test_the_table_of_weigh_is_whole() -> None:
    asked = {(new, others, says) for new, others, says, _ in TRUTH}
    assert asked == {(new, others, says) for new in range(-1, 5) for others in (0, 1) for says in SAYS}
    assert len(asked) == len(TRUTH)


# An event that the service answered, of which it shows nothing: what the balance says, whether nothing foreign fits.
@pytest.mark.parametrize(
    ("says", "is_alone", "so"),
    [
        (LANDED, False, State.UNKNOWN),
        (LANDED, True, State.UNKNOWN),
        (DID_NOT, False, State.UNKNOWN),
        (DID_NOT, True, State.READY),
        (NOTHING, False, State.UNKNOWN),
        (NOTHING, True, State.UNKNOWN),
    ],
)
def test_weigh_wants_more_than_a_count_of_none_of_what_was_answered(
    says: str | None, is_alone: bool, so: State
) -> None:
    assert weigh(Count(0, 0, 0), Witness(says, is_alone), was_answered=True) is so


@pytest.mark.parametrize(
    ("action", "before", "now", "says"),
    [
        pytest.param("Earned", 20, 30, LANDED, id="earned"),
        pytest.param("Redeemed", 20, 10, LANDED, id="redeemed"),
        pytest.param("Earned", 20, 20, DID_NOT, id="unmoved"),
        pytest.param("Earned", 20, 25, NOTHING, id="moved by somebody else"),
        pytest.param("Earned", None, 30, NOTHING, id="not known before"),
        pytest.param("Earned", 20, None, NOTHING, id="not told now"),
    ],
)
def test_ask_balance(action: str, before: int | None, now: int | None, says: str | None) -> None:
    history = History("100000002", now, ())
    assert ask_balance(earn(action=action, points=10), history, Expected((), base(before)), READ_AT).says == says
