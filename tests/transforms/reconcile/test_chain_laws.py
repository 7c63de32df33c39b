"""Laws of the balance, against a small service that people and time act on as well.

What happened is known here, and unknown to the rule. Whatever it was: where a chain is whole and the service tells its
balances truly, all that we sent since the base took effect exactly once, unless somebody else's entry between two
answers made up for it to the point. And a chain of which a reading shows something else never counts as one that
agreed.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from transforms.reconcile.agreement import Shown, agrees
from transforms.reconcile.chain import Base, Link, follow
from transforms.vocabulary import Outcome

READ_AT = datetime(2026, 9, 20, 3, tzinfo=UTC)
POINTS = st.sampled_from([-20, -10, -5, 5, 10, 20])


@dataclass(frozen=True)
class Post:
    """One request of ours and what really came of it."""

    change: int
    committed: int  # how often
    is_recorded: bool  # False: killed before the answer was kept
    is_confirmed: bool
    is_echo: bool
    tells_balance: bool


@dataclass
class Story:
    """What happened in turn: a number is what somebody else did to the balance."""

    steps: list[Post | int]
    links: list[Link] = field(default_factory=list)
    foreign: list[list[int]] = field(default_factory=lambda: [[]])  # since the base, and since each answer
    balance: int = 100

    def play(self) -> "Story":
        for step in self.steps:
            if isinstance(step, int):
                self.balance += step
                self.foreign[-1].append(step)
            else:
                self._post(step)
        return self

    def _post(self, post: Post) -> None:
        self.balance += post.change * post.committed
        number = len(self.links) + 1
        answered = post.is_recorded and post.is_confirmed
        balance = self.balance if post.is_recorded and post.tells_balance else None
        at = READ_AT + timedelta(minutes=number)
        self.links.append(Link(number, post.change, answered, post.is_recorded and post.is_echo, balance, at))
        self.foreign.append([])


_mostly = st.sampled_from([True] * 9 + [False])
posts = st.builds(
    Post,
    change=POINTS,
    committed=st.sampled_from([1, 1, 1, 1, 0, 2]),
    is_recorded=_mostly,
    is_confirmed=_mostly,
    is_echo=_mostly,
    tells_balance=_mostly,
)
stories = st.builds(Story, st.lists(st.one_of(posts, posts, POINTS), max_size=6)).map(Story.play)


@law(1000)
@given(stories)
def test_what_a_whole_chain_spares_took_effect_once_unless_it_was_made_up_for_to_the_point(story: Story) -> None:
    chain = follow(Base(100, READ_AT), story.links)
    note("whole" if chain.is_whole else f"{chain.flaw}")
    if not chain.is_whole:
        return
    sent = [step for step in story.steps if isinstance(step, Post)]
    assert all(post.is_recorded and post.is_confirmed and post.is_echo for post in sent)
    for post, others in zip(sent, story.foreign, strict=False):
        assert sum(others) == post.change * (1 - post.committed)


@law(300)
@given(stories, st.integers())
def test_the_order_in_which_requests_are_told_changes_nothing(story: Story, seed: int) -> None:
    told = list(story.links)
    random.Random(seed).shuffle(told)  # noqa: S311
    assert follow(Base(100, READ_AT), told) == follow(Base(100, READ_AT), story.links)


@law(1000)
@given(stories, st.booleans())
def test_a_chain_agrees_only_where_the_reading_shows_nothing_that_it_hides(story: Story, shows_entries: bool) -> None:
    chain = follow(Base(100, READ_AT), story.links)
    *before, after = story.foreign
    hidden = [points for others in before for points in others]
    shown = [_entry(points, chain.last_at - timedelta(seconds=1)) for points in hidden]
    shown += [_entry(points, chain.last_at + timedelta(seconds=1)) for points in after]
    says = agrees(chain, story.balance, shown if shows_entries else [])
    note(f"agrees: {says}")
    if hidden and shows_entries and chain.is_whole and chain.links_count:
        assert says is False
    if says:
        assert story.balance == chain.balance + (sum(after) if shows_entries else 0)


def _entry(points: int, at: datetime) -> Shown:
    return Shown(Outcome.UNEXPECTED_REMOTE, points, at, is_ours=False, was_known=False)
