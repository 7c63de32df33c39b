from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from flows.sandbox import start_sandbox
from tests.flows.sandbox.talk import Talk, open_talk


@pytest.fixture(scope="session")
def shared() -> Iterator[Talk]:
    """One sandbox for the tests that each use clients and rewards of their own."""
    with start_sandbox(options=("--extra-clients", "300", "--extra-rewards", "50")) as ready:
        yield open_talk(ready)


@pytest.fixture
def talk(shared: Talk) -> Talk:
    return Talk(shared.ready, dict(shared.mindbody), dict(shared.referral_rock))


@pytest.fixture
def start() -> Iterator[Callable[..., Talk]]:
    """Start sandboxes that end with the test."""
    with ExitStack() as stack:
        yield lambda *args, **kwargs: open_talk(stack.enter_context(start_sandbox(*args, **kwargs)))


@pytest.fixture
def client_id(shared: Talk) -> str:
    """A client whom no other test uses."""
    return shared.ready["mindbody"]["client_ids"].pop()
