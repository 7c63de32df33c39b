"""Where events go and in which lane, and how places, clients and rewards are named wherever something is said of them.

The ledger lets one event of a lane be on its way at a time. Were a lane written in another way anywhere, two requests
for one client could be on their way at once, and neither answer would say which of them it is of.
"""

from typing import NamedTuple

from transforms.vocabulary import HAS_SITES, SERVICE_NAMES, Target, Unread

LANES_OF_CLIENTS = f"{Target.MINDBODY}:"
LANES_OF_REWARDS = f"{Target.REFERRAL_ROCK}:"


class NotRead(NamedTuple):
    """What nobody could look at: a file, a client, a reward, a destination. Nothing is concluded about it.

    It is never told as "not there": an event of a client who could not be read may have been posted all the same.
    """

    what: str  # as a person reads it; what it is, is never made out from it: a file may be called whatever one likes
    why: str
    kind: Unread = Unread.FILE
    site_id: str = ""  # whose it is; "" where it has no site, or nobody can tell

    @property
    def key(self) -> tuple[Unread, str]:
        """What tells it from everything else that could not be read: a client, say, from a file with such a name."""
        return self.kind, self.what


def name_of_client(site_id: str, client_id: str) -> str:
    """Return a client of Mindbody as a person reads it."""
    return f"client {client_id} of site {site_id}"


def name_of_reward(reward_id: str) -> str:
    """Return a reward of Referral Rock as a person reads it; ids are GUIDs, whose case says nothing."""
    return f"reward {reward_id.lower()}"


_REFERRAL_ROCK = SERVICE_NAMES[Target.REFERRAL_ROCK]


class Destination(NamedTuple):
    """Where events go: a service, and one site of it ("" where the service has no sites)."""

    target: Target
    site_id: str

    @property
    def name(self) -> str:
        """The destination as a person reads it."""
        service = SERVICE_NAMES[self.target]
        return f"{service} site {self.site_id}" if HAS_SITES[self.target] else service


def place_of(site_id: str) -> str:
    """Begin a sentence about all events of a site, as events have it; "" is Referral Rock, which has no sites.

    >>> place_of("-99"), place_of("")
    ('Site -99', 'Referral Rock')
    """
    return f"Site {site_id}" if site_id else _REFERRAL_ROCK


def in_a_sentence(site_id: str) -> str:
    """Name the same within a sentence.

    >>> in_a_sentence("-99"), in_a_sentence("")
    ('site -99', 'Referral Rock')
    """
    return f"site {site_id}" if site_id else _REFERRAL_ROCK


def client_not_read(site_id: str, client_id: str, why: str) -> NotRead:
    """Say that nobody could look at a client."""
    return NotRead(name_of_client(site_id, client_id), why, Unread.CLIENT, site_id)


def reward_not_read(reward_id: str, why: str) -> NotRead:
    """Say that nobody could look at a reward."""
    return NotRead(name_of_reward(reward_id), why, Unread.REWARD)


def destination_not_read(destination: Destination, why: str) -> NotRead:
    """Say that nobody could look at a whole site or service, or not to the end."""
    return NotRead(destination.name, why, Unread.DESTINATION, destination.site_id)


def lane_of_client(site_id: str, client_id: str) -> str:
    """Return the lane of a client, as events of it bear it.

    >>> lane_of_client("-99", "000123")
    'mindbody:-99:000123'
    """
    return f"{LANES_OF_CLIENTS}{site_id}:{client_id}"


def lane_of_reward(reward_id: str) -> str:
    """Return the lane of a reward by its id in lower case."""
    return f"{LANES_OF_REWARDS}{reward_id}"
