"""What is in doubt, beside what other people enter: settled where it can be told, a person's where not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.workplace import Workplace, earned, open_workplace

LOST, LOST_LATER, DOUBLED, MERGED, BEHIND, LONG_AGO = (f"2000000{number}" for number in range(40, 46))
HAND = {"Action": "Earned", "Points": 10, "Source": "Sale", "ActionDateTime": "2026-09-21T09:00:00Z"}
DAY_2 = "2026-09-21T17:00:00Z"
# The second request about each client is lost on its way, and never gets there.
FAULTS = ",".join(f"503_after={client}*1,drop_before={client}*1" for client in (LOST, LOST_LATER))
Entries = list[dict[str, Any]]


@pytest.fixture
def ready() -> Iterator[dict[str, Any]]:
    faults = f"{FAULTS},mb:twice={DOUBLED}*1,mb:drop_before={DOUBLED}*1,drop_after={MERGED}*1,read_no_client={MERGED}*2"
    # The second answer is lost, and whoever reads then is told what was before the first one.
    for client in (BEHIND, LONG_AGO):
        faults += f",slow={client}*1~0.01,drop_after={client}*1,read_behind={client}*1~2"
    with start_sandbox(faults=faults, options=("--extra-clients", "50")) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    place = open_workplace(tmp_path, ready, max_tries=4)
    return place.configure(f'database_url = "{database_url}"\n' + place.config.read_text("utf-8"))


def by_hand(workplace: Workplace, client_id: str, **changes: Any) -> None:
    entry = {"ClientId": client_id, **HAND, **changes}
    assert workplace.talk.post_json("/sandbox/desk/transactions", entry)[0] == 200


def states(workplace: Workplace) -> list[str]:
    return [row["state"] for row in workplace.rows("SELECT state FROM events ORDER BY file_id, ordinal")]


@pytest.mark.long
def test_a_hand_entry_that_differs_in_the_time_makes_no_lost_request_posted(workplace: Workplace) -> None:
    workplace.put("a.csv", earned(LOST_LATER, 3))
    workplace.run()  # the service tells a balance
    by_hand(workplace, LOST_LATER)  # and moves it by as many points as the lost request would
    workplace.put("b.csv", earned(LOST_LATER, 10, DAY_2))
    workplace.run()
    assert states(workplace) == ["posted", "unknown"]
    (shown,) = workplace.rows("SELECT evidence FROM settlements ORDER BY settlement_id DESC LIMIT 1")
    assert '"almost_equal": 1' in shown["evidence"]
    assert sum(line["actor"] == "api" for line in workplace.commits(LOST_LATER)) == 1


@pytest.mark.first_case
def test_an_equal_events_second_entry_makes_no_lost_request_posted(workplace: Workplace) -> None:
    # The first of two equal rows is doubled by the service, and the request of the second one never gets there. Of the
    # first only one request left: that its entry is there twice is known by the break alone.
    workplace.put("a.csv", earned(DOUBLED))
    workplace.run()
    assert list(workplace.breaks().values()) == ["duplicate_remote"]
    workplace.put("b.csv", earned(DOUBLED), earned(DOUBLED))
    workplace.run()
    assert (states(workplace)[0], states(workplace)[-1]) == ("posted", "unknown")
    assert len(workplace.commits(DOUBLED)) == 2


@pytest.mark.first_case
def test_a_client_whom_the_service_does_not_know_is_no_history_without_entries(workplace: Workplace) -> None:
    """One that was merged into another one, or made a moment ago: what landed is there, and is not sent again."""
    workplace.put("a.csv", earned(MERGED))
    workplace.run()
    assert states(workplace) == ["unknown"]
    (shown,) = workplace.rows("SELECT evidence FROM settlements ORDER BY settlement_id DESC LIMIT 1")
    assert "knows no client 200000043" in shown["evidence"]
    workplace.run()
    workplace.run()
    assert (states(workplace), len(workplace.commits(MERGED))) == (["posted"], 1)


@pytest.mark.parametrize("days", ["one day", "other days"])
def test_a_reading_that_lacks_what_was_confirmed_before_is_behind_and_nothing_is_sent_again(
    workplace: Workplace, days: str
) -> None:
    """A copy of the service that has not heard of the last entries shows neither the lost one nor the one before."""
    client, first = (BEHIND, "2026-09-21T16:00:00Z") if days == "one day" else (LONG_AGO, "2026-09-01T16:00:00Z")
    workplace.put("a.csv", earned(client, 3, first), earned(client, 10, DAY_2))
    workplace.run()
    assert states(workplace) == ["posted", "unknown"]
    (shown,) = workplace.rows("SELECT evidence FROM settlements ORDER BY settlement_id DESC LIMIT 1")
    assert '"is_behind": true' in shown["evidence"]
    workplace.run()
    assert (states(workplace), len(workplace.commits(client))) == (["posted", "posted"], 2)


@pytest.mark.first_case
def test_what_is_settled_and_not_read_back_is_not_compared_and_the_night_ties(tmp_path: Path) -> None:
    """It was read back while it was in doubt, which compared nothing; as a posted event nobody has looked for it."""
    # Of the first night the reading that settles fails, of the second one that which compares.
    faults = f"drop_after={LOST}*1,mb:read_503@1-2,mb:read_503@5-6"
    with start_sandbox(faults=faults, options=("--extra-clients", "50")) as ready:
        workplace = open_workplace(tmp_path, ready)
        workplace.put("a.csv", earned(LOST))
        workplace.run()
        assert states(workplace) == ["unknown"]
        second = workplace.run()
        assert (states(workplace), second.totals["ties_out"], second.totals["agrees"]) == (["posted"], True, False)
        assert "1 posted events are not compared yet: the next run reads them back." in second.lines
        third = workplace.run()
        assert (third.totals["ties_out"], third.totals["agrees"], workplace.breaks()) == (True, True, {})
