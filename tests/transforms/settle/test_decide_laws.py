"""Laws of settling, against a small service that people and time act on as well.

What the service was told and did is known here, and unknown to the rule: which of our requests landed, what was entered
by hand, taken back or expired, and when. Whatever happened, the rule never says "it landed" of what did not, and never
"it did not land" of what did. One thing it takes for ours, and nobody could tell it apart: an entry that the service
shows just as it would show the event, to the second of the site's clock.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from flows.services.mindbody.transactions import to_utc_candidates
from tests.flows.services.exchanges import earn
from tests.laws import law
from transforms.settle.decide import BASE_HOLDS_FOR, Base, Decision, Expected, decide
from transforms.settle.history import History, Transaction
from transforms.vocabulary import State

READ_AT = datetime(2026, 3, 20, 12, tzinfo=UTC)
ZONES = [ZoneInfo(name) for name in ("America/Los_Angeles", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe")]
# Plain times, and both halves of an hour that the clock of Los Angeles, and half an hour that Lord Howe's, has twice.
TIMES = [
    datetime(2025, 10, 1, 17, tzinfo=UTC),
    datetime(2025, 11, 2, 8, 30, tzinfo=UTC),
    datetime(2025, 11, 2, 9, 30, tzinfo=UTC),
    datetime(2026, 4, 4, 14, 45, tzinfo=UTC),
    datetime(2026, 4, 4, 15, 15, tzinfo=UTC),
]
SIGNS = {"Earned": 1, "Redeemed": -1}


@dataclass
class Service:
    """One client at the service: entries as they are, and the balance, which more than entries can move."""

    zone: ZoneInfo
    balance: int = 100
    entries: list[Transaction] = field(default_factory=list)

    def enter(self, action: str, points: int, source: str | None, source_id: int | None, at: datetime) -> None:
        local = at.astimezone(self.zone).replace(tzinfo=None).isoformat()
        self.entries.append(Transaction(action, points, source, source_id, to_utc_candidates(local, self.zone)))
        self.balance += SIGNS.get(action, -1) * abs(points)

    def history(self, around: datetime) -> History:
        """What a reading of the days around shows: not what was entered for another day, but the whole balance."""
        near = [entry for entry in self.entries if abs(entry.action_at - around) < timedelta(days=2)]
        return History("1", self.balance, tuple(near))


@dataclass(frozen=True)
class Story:
    """What happened to a client, in this order: before the base was told, the base, and after."""

    action: str
    at: datetime
    zone: ZoneInfo
    base_age: timedelta | None  # None: never told
    before: list[tuple[str, int, int]]  # of other people: what, how many points, how far from the event's time
    after: list[tuple[str, int, int]]
    landed: list[bool]  # of each of our requests
    told: str  # how the service shows what landed
    twin: list[bool] | None  # requests of an equal event that is confirmed: which landed; None: there is no such event
    was_answered: bool


HOURS = st.sampled_from([2, -7, 8, 24, 24 * 40])  # not one: in a doubled hour that would be shown the same
FOREIGN = st.tuples(
    st.sampled_from(["equal", "kin", "other", "redeem", "removed", "expired"]),
    st.sampled_from([10, 3]),
    HOURS,
)
STORIES = st.builds(
    Story,
    action=st.sampled_from(list(SIGNS)),
    at=st.sampled_from(TIMES),
    zone=st.sampled_from(ZONES),
    base_age=st.sampled_from([None, timedelta(minutes=3), BASE_HOLDS_FOR + timedelta(seconds=1), timedelta(days=9)]),
    before=st.lists(FOREIGN, max_size=2),
    after=st.lists(FOREIGN, max_size=3),
    landed=st.lists(st.booleans(), min_size=1, max_size=3),
    told=st.sampled_from(["as sent", "as sent", "other case", "no source", "with a sign"]),
    twin=st.none()
    | st.lists(st.booleans(), min_size=1, max_size=2).map(lambda others: [True, *others])
    | st.just([True]),
    was_answered=st.booleans(),
)


def tell(story: Story) -> Decision:
    """Let the story happen at the service, and give the rule what the ledger knows of it."""
    service = Service(story.zone)
    source = "Sale" if story.action == "Earned" else None
    doubtful = earn(action=story.action, source=source, action_at=story.at, was_answered=story.was_answered)
    landed_twins = sum(story.twin or [])
    act(service, story, story.before)
    if story.twin is not None:
        service.enter(story.action, 10, source, None, story.at)
    base = None if story.base_age is None else Base(service.balance, READ_AT - story.base_age)
    for _ in range(landed_twins - 1):
        service.enter(story.action, 10, source, None, story.at)
    for has_landed in story.landed:
        if has_landed:
            land(service, story, source)
    act(service, story, story.after)
    confirmed = (story.at,) if story.twin is not None else ()
    expected = Expected(
        confirmed_times=confirmed,
        base=base,
        requests=len(story.landed),
        double_times=(story.at,) * (len(story.twin or [True]) - 1),
        confirmed=tuple(earn(action=story.action, source=source, action_at=at) for at in confirmed),
    )
    return decide(doubtful, service.history(story.at), expected, READ_AT)


def act(service: Service, story: Story, foreign: list[tuple[str, int, int]]) -> None:
    """Do what other people and time do; nothing of it equals the event to the second."""
    source = "Sale" if story.action == "Earned" else None
    for what, points, hours in foreign:
        elsewhere = story.at + timedelta(hours=hours)
        match what:
            case "equal":
                service.enter(story.action, points, source, None, elsewhere)
            case "kin":
                service.enter(story.action, points, None if source else "Sale", 7, story.at)
            case "other":
                service.enter(story.action, points, source, 9, elsewhere)
            case "redeem":
                service.enter("Redeemed", points, None, 4, story.at + timedelta(minutes=5))
            case "removed":
                service.enter("Removed", points, source, None, story.at)
            case _:
                service.balance -= points


def land(service: Service, story: Story, source: str | None) -> None:
    match story.told:
        case "other case":
            service.enter(story.action, 10, source and source.lower(), None, story.at)
        case "no source":
            service.enter(story.action, 10, None, None, story.at)
        case "with a sign":
            service.enter(story.action, -10, source, None, story.at)
        case _:
            service.enter(story.action, 10, source, None, story.at)


@law(3000)
@given(STORIES)
def test_decide_never_takes_for_landed_what_did_not_and_never_sends_again_what_did(story: Story) -> None:
    decision = tell(story)
    note(f"{decision.state} of {'landed' if any(story.landed) else 'lost'}")
    if any(story.landed):
        assert decision.state in (State.POSTED, State.UNKNOWN), decision.reason
    else:
        assert decision.state in (State.READY, State.UNKNOWN), decision.reason


@law(500)
@given(STORIES)
def test_decide_tells_what_a_quiet_client_shows(story: Story) -> None:
    quiet = Story(**(vars(story) | {"before": [], "after": [], "told": "as sent", "twin": None, "was_answered": False}))
    assert tell(quiet).state is (State.POSTED if any(story.landed) else State.READY)
