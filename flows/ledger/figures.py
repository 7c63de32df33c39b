"""How long the parts of a run took, step by step, so that its end can say how fast it was."""

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any

from flows.runtime.log import record

# What stands behind the verb of a step's name.
_FILES = ("check", "keep", "register", "mark")
_PLACES = ("post", "settle")


class Timings:
    """The seconds of each kind of step, by the wall clock: what ran side by side counts once."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def measure(self, name: str, function: Callable[[], Any]) -> Any:
        """Run a step, and note how long it took."""
        began = perf_counter()
        try:
            return function()
        finally:
            self._note(name, began, perf_counter())

    def _note(self, name: str, began: float, ended: float) -> None:
        verb, _, about = name.partition(" ")
        with self._lock:
            first, last = self._spans.get(verb, (began, ended))
            self._spans[verb] = (min(first, began), max(last, ended))
        record(
            "step",
            step=verb,
            file=about if verb in _FILES else None,
            place=about if verb in _PLACES else None,
            seconds=round(ended - began, 3),
        )

    def seconds(self, *verbs: str) -> float:
        """Return how long the steps of these kinds took, from the first to the last of each."""
        total = 0.0
        for verb in verbs:
            if verb in self._spans:
                first, last = self._spans[verb]
                total += last - first
        return total
