"""The story of a client."""

from sqlalchemy import Connection

from flows.review.clocks import Clocks
from flows.review.story.described import describe_event
from flows.review.story.of_break import _value, class_in_words
from sql.balances import balance_known
from sql.trace import events_of_client_at, open_breaks_of_client
from transforms.vocabulary import State

_LATEST_OF_CLIENT = 20


def client_lines(connection: Connection, site_id: str, client_id: str, clocks: Clocks) -> list[str]:
    """Return what is known of a client of a site, the latest events first; a statement is `tieout client`."""
    clock = clocks.of(site_id)
    events = events_of_client_at(connection, site_id, client_id)
    shown = events[-_LATEST_OF_CLIENT:][::-1]
    counts = {state: sum(event.state == state for event in events) for state in State}
    told = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    known = balance_known(connection, site_id, client_id)
    lines = [f"Client {client_id} of site {site_id}: {len(events):,} events ({told or 'none'})."]
    if known is not None:
        lines.append(f"The balance was {known.balance:,} points when it was last read, {clock.tell(known.read_at)}.")
    lines += [
        f"An open difference: {class_in_words(broken)}, {_value(broken)}; tieout trace {broken.break_id}"
        for broken in open_breaks_of_client(connection, site_id, client_id)
    ]
    lines += [f"  {describe_event(event, clock)}: {event.state}; event {event.event_id}" for event in shown]
    if len(events) > len(shown):
        lines.append(f"  and {len(events) - len(shown):,} before.")
    lines.append(f"What to do: tieout client {client_id} --site {site_id} is the whole statement.")
    return lines
