"""Guards through the doors: what is over a limit waits with its totals, whoever brings it, and stops nobody else."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.notices.listener import Listener, listening
from tests.flows.workplace import Workplace, earned

OTHER_SITE = """
[[mindbody.sites]]
site_id = "1001"
timezone = "America/Los_Angeles"
username = "sandbox-staff"
password = "sandbox-password"
"""
_clients = count(200000001)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with start_sandbox(state=state, options=("--more-sites", "1", "--extra-clients", "60")) as found:
        yield found


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def clients() -> list[str]:
    """Clients whom no other test pays."""
    return [str(next(_clients)) for _ in range(4)]


def guard(workplace: Workplace, text: str) -> None:
    workplace.configure(workplace.config.read_text("utf-8") + OTHER_SITE + text)


def test_a_batch_over_a_sites_limit_waits_and_the_other_site_is_posted(
    workplace: Workplace, tieout: Tieout, clients: list[str], listener: Listener
) -> None:
    notify = f'\n[notify]\nurls = ["{listener.message_url}"]\n'
    guard(workplace, '[guards.sites."-99"]\nmax_points_per_run = 15\n' + notify)
    workplace.put("-99/a.csv", earned(clients[0]), earned(clients[1]))
    workplace.put("1001/b.csv", earned(clients[2], points=700))
    night = tieout.night()
    why = 'more points than guards.sites."-99".max_points_per_run (15): 20'
    assert (night.code, night.json["held"], night.json["posted"], night.json["not_read"]) == (1, 2, 1, [])
    why = 'more points than guards.sites."-99".max_points_per_run (15): 20'
    approve = f"`tieout approve {night.json['run_id']}`"
    notes = "\n".join(night.json["notes"])
    assert f"a.csv: 2 events of site -99, 20 points, wait for a person: {why}." in notes
    assert approve in notes
    # One message, which says all of it; and none the night after, when nothing has changed.
    assert tieout("run", "--plain").code == 1
    (message,) = listener.messages
    assert (why in message["message"], approve in message["message"], clients[0] in message["message"]) == (
        True,
        True,
        False,
    )
    assert tieout("approve", night.json["run_id"], "--by", "Kim").code == 0
    after = tieout.night()
    assert (after.code, after.json["posted"]) == (0, 2)


@pytest.mark.long
def test_the_page_of_the_report_says_which_guard(workplace: Workplace, tieout: Tieout, clients: list[str]) -> None:
    guard(workplace, "[guards]\nmax_points_per_client = 15\n")
    workplace.put("-99/a.csv", earned(clients[0]), earned(clients[0], points=6), earned(clients[1]))
    night = tieout.night()
    assert (night.json["held"], night.json["posted"]) == (2, 1)
    page = Path(night.json["report"]).with_suffix(".html").read_text("utf-8")
    assert "the points of one client: more than guards.max_points_per_client (15): 16" in page


@pytest.mark.long
def test_upload_tells_before_it_asks_and_yes_is_no_way_around(
    workplace: Workplace, tieout: Tieout, clients: list[str]
) -> None:
    guard(workplace, "[guards]\nmax_new_clients = 1\n")
    path = workplace.put("../a.csv", earned(clients[0]), earned(clients[1]))
    asked = tieout("upload", path, "--site", "-99", "--plain", answer="n\n")
    assert "2 events of site -99, 20 points, wait for a person: more clients new to the site" in asked.err
    sent = tieout("upload", path, "--site", "-99", "--plain", "--yes", "--json")
    assert (sent.code, sent.json["held"], sent.json["posted"]) == (1, 2, 0)


def test_a_plan_says_which_limit_it_is_over(workplace: Workplace, tieout: Tieout, clients: list[str]) -> None:
    guard(workplace, "[guards]\nmax_points_per_run = 15\n")
    path = workplace.put("../a.csv", earned(clients[0]), earned(clients[1]))
    told = tieout("plan", path, "--site", "-99").out
    assert "more points than guards.max_points_per_run (15): 20." in told
    kept = tieout("plan", workplace.put("../b.csv", earned(clients[2], points=99)), "--site", "-99", "--json").json
    assert ("(15): 99." in kept["notes"][0], kept["new"]) == (True, 1)


def test_a_share_of_rejected_rows_holds_the_good_ones(workplace: Workplace, tieout: Tieout, clients: list[str]) -> None:
    guard(workplace, "[guards]\nmax_rejected_share = 0.3\n")
    workplace.put("-99/a.csv", earned(clients[0]), earned(clients[1], points=0))
    night = tieout.night()
    assert (night.json["held"], night.json["rejected"]) == (1, 1)
    assert "a larger share of rejected rows than guards.max_rejected_share (30%): 50%" in "".join(night.json["notes"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('[guards.sites."-97"]\nmax_new_clients = 1\n', 'guards.sites."-97"', id="a site of nobody"),
        pytest.param("[guards]\nmax_new_client = 1\n", "max_new_client", id="a key that is mistyped"),
        pytest.param('[guards.sites."-99"]\nmax_payout_changes = 1\n', "max_payout_changes", id="no key of a site"),
    ],
)
def test_a_guard_that_would_guard_nothing_is_a_wrong_setting(
    workplace: Workplace, tieout: Tieout, text: str, said: str
) -> None:
    guard(workplace, text)
    ended = tieout("run", "--plain")
    assert (ended.code, said in ended.err) == (2, True)
