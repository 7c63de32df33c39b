"""Who does pure work, as `flows.workers.open` needs to know them."""

from concurrent.futures import Executor
from dataclasses import dataclass


@dataclass(frozen=True)
class Pool:
    """Some workers: how to hand them work, and what it is like to lose them.

    ahead: pieces of work that may be out while the next one is read; each is in memory here, so there are few. lost:
    the errors that mean that they are gone, and not that the work went wrong. code: `same_code.code_of_work` of this
    process, where theirs may be another one.
    """

    executor: Executor
    ahead: int
    lost: tuple[type[BaseException], ...]
    name: str
    code: str | None = None
