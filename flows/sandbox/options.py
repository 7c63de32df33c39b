"""How a sandbox is set up: its site, its zone, the answer shapes that nobody documented, and its size."""

from dataclasses import dataclass
from enum import StrEnum

API_KEY = "sandbox-api-key"
USERNAME = "sandbox-staff"
PASSWORD = "sandbox-password"  # noqa: S105  (opens nothing but this stand-in, and stands in its ready line)
PUBLIC_KEY = "sandbox-public-key"
PRIVATE_KEY = "sandbox-private-key"


class BatchAnswer(StrEnum):
    """What Referral Rock answers to a batch: its documents show the first, calls like it answer as the others."""

    SINGLE = "single"  # one {message, reward} for the whole batch; the reward is the last one
    ARRAY = "array"  # one {message, reward} per item
    RESULTS = "results"  # one {resultInfo: {status, message}, reward} per item


class PostAnswer(StrEnum):
    """What Mindbody answers to a posted reward: the specification says the first, a public client reads the second."""

    LIST = "list"  # {PaginationResponse, Balance, Transactions: [one]}
    ONE = "one"  # {Transaction: one, Balance}


@dataclass(frozen=True)
class Options:
    """The start options; `extra_clients` and `extra_rewards` add plain ones to the seed, for tests of size."""

    site_id: str = "-99"
    timezone: str = "America/Los_Angeles"
    batch_answer: BatchAnswer = BatchAnswer.ARRAY
    post_answer: PostAnswer = PostAnswer.LIST
    is_strict: bool = False  # Referral Rock refuses a batch with one bad item as a whole
    shows_whole_seconds: bool = False  # Mindbody keeps fractions of a second, and does not show them
    more_sites: int = 0  # further sites, 1001 and up: the same clients, each with points of its own there
    extra_clients: int = 0
    extra_rewards: int = 0
    clock_ahead: float = 0.0  # seconds that the services' clock is ahead of this machine's; negative: behind
    date_ahead: float = 0.0  # seconds that the Date header is ahead of the services' clock

    @property
    def site_ids(self) -> tuple[str, ...]:
        """All sites, the seed's own first."""
        return (self.site_id, *(str(1000 + number) for number in range(1, self.more_sites + 1)))
