"""What a person keeps of a site that has left is in nobody's way until the site is back."""

from flows.ledger.connection import Ledger
from flows.runtime.clock import utc_now
from flows.settings.sections import Settings
from sql.claims import open_work
from sql.event_decisions import Said, changed_decision
from sql.kept_sites import keep_site, kept_sites, take_up_site
from sql.look_back import clients_next_in_turn
from tests.registered import EARN, add_events, add_run


def test_kept_work_stands_before_nobody_and_goes_on_once_it_is_taken_up(
    ledger: Ledger, ledger_settings: Settings
) -> None:
    add_run(ledger, "run")
    (event,) = add_events(ledger, ledger_settings, [EARN], "run")
    with ledger.begin() as connection:
        keep_site(connection, "-99", [event.event_id], Said("kim", utc_now(), "it moves house"))
        assert (open_work(connection), list(clients_next_in_turn(connection, 9))) == ([], [])
        (kept,) = kept_sites(connection)
        assert (kept.by, kept.events_count, kept.points) == ("kim", 1, 10)
        take_up_site(connection, "-99")
        assert (len(open_work(connection)), len(list(clients_next_in_turn(connection, 9)))) == (1, 1)
        assert (kept_sites(connection), changed_decision(connection)) == ([], None)
