"""The story of a client."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from flows.review.clocks import Clocks
from flows.review.story.described import describe_event
from flows.review.story.of_break import class_in_words, value_in_words
from sql.balances import balance_known
from sql.trace import events_of_client_at, open_breaks_of_client
from transforms.vocabulary import State

_LATEST_OF_CLIENT = 20


def client_lines(connection: Connection, site_id: str, client_id: str, clocks: Clocks) -> list[str]:
    """Return what is known of a client of a site, the latest events first; a statement is `tieout client`."""
    clock = clocks.of(site_id)
    events = events_of_client_at(connection, site_id, client_id)
    lines = [f"Client {client_id} of site {site_id}: {len(events):,} events ({_states(events)})."]
    known = balance_known(connection, site_id, client_id)
    if known is not None:
        lines.append(f"The balance was {known.balance:,} points when it was last read, {clock.tell(known.read_at)}.")
    for broken in open_breaks_of_client(connection, site_id, client_id):
        what = f"{class_in_words(broken)}, {value_in_words(broken)}"
        lines.append(f"An open difference: {what}; tieout trace {broken.break_id}")
    latest = events[-_LATEST_OF_CLIENT:]
    lines += [f"  {describe_event(event, clock)}: {event.state}; event {event.event_id}" for event in reversed(latest)]
    if len(events) > len(latest):
        lines.append(f"  and {len(events) - len(latest):,} before.")
    lines.append(f"What to do: tieout client {client_id} --site {site_id} is the whole statement.")
    return lines


def _states(events: Sequence[Row[Any]]) -> str:
    counts = Counter(event.state for event in events)
    told = [f"{counts[state]:,} {state}" for state in State if counts[state]]
    return ", ".join(told) or "none"
