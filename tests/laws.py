"""With how many examples a law is tried: with a tenth of them in `make test`, with all in `make prove`.

Hypothesis draws others each time it runs, so that many runs of a tenth see as much as few runs of all.
"""

import os
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings

# Set by `make prove`, which runs whatever bears the marks `law` and `long`.
LONG = "LONG_TESTS"  # not by our prefix: `tieout doctor` asks what such a variable is for
_SHARE, _LEAST = 10, 5
_ALL_PHASES = tuple(Phase)
_Test = TypeVar("_Test", bound=Callable[..., Any])


def one_of_each(count: int, *kept: int) -> list[Any]:
    """Return the numbers 1 to ``count`` as parameters, of which `make test` takes those that are ``kept``."""
    return [pytest.param(number, marks=() if number in kept else pytest.mark.long) for number in range(1, count + 1)]


def law(
    examples: int,
    *,
    suppress_health_check: Collection[HealthCheck] = (),
    phases: Collection[Phase] = _ALL_PHASES,
) -> Callable[[_Test], _Test]:
    """Try a test with so many examples, none of which is timed by itself; ``examples`` is what `make prove` takes."""
    is_long = os.environ.get(LONG) == "1"
    tried = settings(
        max_examples=examples if is_long else max(_LEAST, examples // _SHARE),
        deadline=None,
        suppress_health_check=suppress_health_check,
        phases=phases,
    )

    def mark(test: _Test) -> _Test:
        return pytest.mark.law(tried(test))

    return mark
