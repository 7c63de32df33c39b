"""Answers that no document knows, met by whole nights: nobody is paid twice, nothing is lost, the others go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.ledger.summary import Summary
from flows.runs.reconcile import reconcile as reconcile_run
from flows.runtime.errors import ExitCode
from flows.sandbox import start_sandbox
from flows.sandbox.odd_answers import ODD_REWARD_VALUES, ODD_VALUES
from flows.sandbox.seed import seed_rewards
from tests.flows.workplace import Workplace, earned, open_workplace
from tests.laws import one_of_each

ODD, PLAIN = "200000001", "200000002"
SITE = "Mindbody site -99"
REWARDS = [f"3344d59a-0000-4000-8000-00000000000{number}" for number in (1, 2, 3, 4, 5, 6)]
ISSUED = REWARDS[2]
PAYOUT = "35b10000-0000-4000-8000-000000000001"
UPDATES = "RewardId,PayoutId,Amount,Description,EligibilityDate"
FORMS = pytest.mark.parametrize("form", ["json", "xml"])


@contextmanager
def opened(
    folder: Path, faults: str | None, *options: str, form: str = "json", **choices: object
) -> Iterator[Workplace]:
    sizes = ("--extra-clients", "20", *options)
    with start_sandbox(state=folder / "sandbox.db", faults=faults, options=sizes) as ready:
        yield open_workplace(folder, ready, referral_rock=f'format = "{form}"', **choices)


def update(reward_id: str, amount: str = "7.25", description: str = "", day: str = "") -> str:
    return f'{reward_id},{PAYOUT},{amount},"{description}",{day}'


def put_updates(workplace: Workplace, *rows: str) -> None:
    workplace.put("rewards.csv", *rows, headings=UPDATES)


def last_reward() -> str:
    """The one that a sweep, which gives the oldest first, has at its end."""
    return str(max(seed_rewards(0), key=lambda reward: reward["createDate"])["id"])


def states(workplace: Workplace) -> list[str]:
    return [row["state"] for row in workplace.rows("SELECT state FROM events ORDER BY file_id, ordinal")]


def not_read(ended: Summary) -> set[str]:
    return {one["what"] for one in ended.to_json()["not_read"]}


# --- what stands for the service, and is not it


@pytest.mark.first_case
@FORMS
@pytest.mark.parametrize("fault", ["403_page", "403_gateway"])
def test_a_firewall_refuses_nothing_for_good_and_stops_its_destination_alone(
    tmp_path: Path, form: str, fault: str
) -> None:
    with opened(tmp_path, f"rr:{fault}", form=form) as workplace:
        put_updates(workplace, *(update(reward_id) for reward_id in REWARDS if reward_id != ISSUED))
        workplace.put("points.csv", earned(PLAIN))
        ended = workplace.run()
        assert (ended.totals["refused"], ended.totals["posted"]) == (0, 1)
        assert set(states(workplace)) <= {"posted", "ready", "unknown"}
        assert ended.exit_code is ExitCode.COULD_NOT_RUN
        assert any("not its own" in failure for failure in ended.failures)
        assert "Referral Rock" in not_read(ended)
        assert len(workplace.commits(PLAIN)) == 1


@pytest.mark.first_case
def test_what_took_effect_behind_a_page_is_read_back_and_posted_once(tmp_path: Path, database_url: str) -> None:
    with opened(tmp_path, f"mb:403_page_after={ODD}*1", database_url=database_url) as workplace:
        workplace.put("points.csv", earned(ODD), earned(PLAIN))
        ended = workplace.run()
        assert (ended.totals["posted"], len(workplace.commits(ODD)), ended.exit_code) == (2, 1, ExitCode.TIES_OUT)


@pytest.mark.long
def test_the_services_own_word_about_access_leaves_events_ready_and_stops_at_once(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:403_denied") as workplace:
        workplace.put("points.csv", earned(ODD))
        put_updates(workplace, update(REWARDS[0]))
        ended = workplace.run()
        assert (ended.totals["pending"], ended.totals["refused"], ended.totals["posted"]) == (1, 0, 1)
        assert ended.exit_code is ExitCode.COULD_NOT_RUN
        assert any("DeniedAccess" in failure for failure in ended.failures)
        assert SITE in not_read(ended)
        assert len(workplace.rows("SELECT * FROM attempts WHERE event_id IN (SELECT event_id FROM events WHERE "
                                  "target = 'mindbody')")) == 1  # fmt: skip


@pytest.mark.long
def test_an_error_that_says_nothing_refuses_nothing_and_is_sent_a_bounded_number_of_times(tmp_path: Path) -> None:
    with opened(tmp_path, f"mb:400_unknown={ODD}", max_tries=3) as workplace:
        workplace.put("points.csv", earned(ODD), earned(PLAIN))
        ended = workplace.run()
        assert (ended.totals["posted"], ended.totals["refused"]) == (1, 0)
        assert states(workplace)[0] in {"ready", "unknown"}
        assert len(workplace.rows("SELECT * FROM answers WHERE code = 'Unknown'")) <= 3


@pytest.mark.long
def test_an_empty_error_beside_the_entry_is_no_refusal(tmp_path: Path) -> None:
    with opened(tmp_path, "mb:empty_error") as workplace:
        workplace.put("points.csv", earned(ODD))
        assert (workplace.run().totals["posted"], len(workplace.commits(ODD))) == (1, 1)


# --- batches


@pytest.mark.long
@FORMS
@pytest.mark.parametrize("shape", ["array", "results", "single"])
def test_one_bad_item_stands_alone_and_the_rest_is_posted(
    tmp_path: Path, form: str, shape: str, database_url: str
) -> None:
    with opened(tmp_path, None, "--strict", "--batch-answer", shape, form=form, database_url=database_url) as workplace:
        put_updates(workplace, *(update(reward_id) for reward_id in REWARDS))
        ended = workplace.run()
        assert (ended.totals["posted"], ended.totals["refused"], ended.totals["unknown"]) == (5, 1, 0)
        # Six halve to three, two and one; what one answer for a batch left open goes alone.
        most = workplace.rows("SELECT count(*) AS n FROM attempts GROUP BY event_id ORDER BY n DESC")[0]["n"]
        assert most <= 6
        assert workplace.run().totals["posted"] == 0


@pytest.mark.long
@FORMS
def test_one_item_that_the_service_fails_at_does_not_block_its_batch(tmp_path: Path, form: str) -> None:
    with opened(tmp_path, f"rr:400_unknown={REWARDS[3]}", form=form, max_tries=3) as workplace:
        put_updates(workplace, *(update(reward_id) for reward_id in REWARDS if reward_id != ISSUED))
        ended = workplace.run()
        assert (ended.totals["posted"], ended.totals["refused"]) == (4, 0)
        assert len(workplace.rows("SELECT * FROM attempts")) <= 5 + 4 + 3


# --- what the service keeps otherwise


@pytest.mark.first_case
@FORMS
def test_a_value_that_is_kept_otherwise_is_posted_with_a_break_and_never_sent_again(
    tmp_path: Path, form: str, database_url: str
) -> None:
    with opened(tmp_path, "rr:kept_otherwise", form=form, database_url=database_url) as workplace:
        put_updates(
            workplace,
            update(REWARDS[0], "12.345"),
            update(REWARDS[1], "5", " two\r\nlines "),
            update(REWARDS[3], "5", "", "2026-05-01"),
        )
        ended = workplace.run()
        assert (ended.totals["posted"], ended.totals["unknown"]) == (3, 0)
        details = [row["detail"] for row in workplace.rows("SELECT detail FROM breaks ORDER BY detail")]
        assert len(details) == 3
        assert "amount: ledger 12.345, service 12.35." in details
        assert any("ledger 2026-05-01, service 2026-05-02" in detail for detail in details)
        assert ended.totals["ties_out"]
        sent = len(workplace.rows("SELECT * FROM attempts"))
        for _ in range(2):
            workplace.run()
        assert len(workplace.rows("SELECT * FROM attempts")) == sent == 3


@pytest.mark.long
@FORMS
def test_a_line_break_of_two_signs_arrives_as_it_is(tmp_path: Path, form: str) -> None:
    with opened(tmp_path, None, form=form) as workplace:
        put_updates(workplace, update(REWARDS[0], "5", "two\r\nlines"))
        (workplace.inbox / "rewards.csv").write_bytes(
            f"{UPDATES}\n{update(REWARDS[0], '5', 'two')}\n".encode().replace(b'"two"', b'"two\r\nlines"')
        )
        assert workplace.run().exit_code is ExitCode.TIES_OUT
        (kept,) = workplace.rows("SELECT description FROM events")
        assert workplace.commits()[-1]["description"] == kept["description"]


# --- odd entries, and answers out of bounds


@pytest.mark.first_case
@pytest.mark.parametrize("number", one_of_each(len(ODD_VALUES), 1, 4, 6), ids=[value[:12] for _, value in ODD_VALUES])
def test_one_odd_entry_leaves_one_client_unread_and_everybody_else_goes_on(tmp_path: Path, number: int) -> None:
    with opened(tmp_path, f"read_odd={ODD}~{number}") as workplace:
        workplace.put("points.csv", earned(ODD), earned(PLAIN))
        ended = workplace.run()
        is_readable = ODD_VALUES[number - 1] == ("Action", '"Expired"')
        assert not_read(ended) == (set() if is_readable else {f"client {ODD} of site -99"})
        assert (ended.totals["posted"], ended.totals["ties_out"], ended.report.is_file()) == (2, True, True)
        assert ended.exit_code is ExitCode.NEEDS_A_PERSON
        # Again, and by the period: an old night's oddity ends no later one.
        workplace.put("more.csv", earned(ODD, 3), earned(PLAIN, 3))
        assert workplace.run().totals["posted"] == 2
        assert reconcile_run(workplace.settings).report.is_file()


@pytest.mark.long
def test_settling_beside_an_odd_entry_decides_nothing(tmp_path: Path, database_url: str) -> None:
    with opened(tmp_path, f"drop_after={ODD}*1,read_odd={ODD}~1", database_url=database_url) as workplace:
        workplace.put("points.csv", earned(ODD), earned(ODD, 3, "2026-09-22T17:00:00Z"), earned(PLAIN))
        ended = workplace.run()
        assert (ended.totals["posted"], ended.totals["unknown"], ended.totals["pending"]) == (1, 1, 1)
        assert len(workplace.commits(ODD)) == 1
        assert not_read(ended) == {f"client {ODD} of site -99"}


@pytest.mark.long
@pytest.mark.parametrize("number", one_of_each(len(ODD_REWARD_VALUES), 2, 4))
def test_one_odd_reward_is_unread_and_the_others_are_matched(tmp_path: Path, number: int) -> None:
    with opened(tmp_path, f"read_odd~{number}") as workplace:
        # Reads give the oldest first, and the fault spoils the last one of a page.
        odd = last_reward()
        put_updates(workplace, update(odd), update(REWARDS[0]))
        ended = workplace.run()
        assert not_read(ended) == {f"reward {odd}"}
        assert (ended.totals["posted"], ended.totals["ties_out"], ended.totals["breaks_open"]) == (2, True, 0)
        assert ended.exit_code is ExitCode.NEEDS_A_PERSON


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        pytest.param("read_huge", "larger than", id="16 MB out of 16 kB"),
        pytest.param("read_deep", "cannot be read", id="5,000 lists in each other"),
        pytest.param("read_slow", "no answer in time", id="a drip of bytes"),
        pytest.param("read_403_page", "status 403", id="a page"),
        pytest.param("read_long_quiet", "quiet", id="quiet for ages"),
    ],
)
def test_an_answer_out_of_bounds_is_refused_and_the_night_goes_on(tmp_path: Path, fault: str, why: str) -> None:
    with opened(tmp_path, f"{fault}={ODD}~30") as workplace:
        text = workplace.config.read_text("utf-8").replace("timeout_seconds = 5", "timeout_seconds = 1")
        workplace.configure(text)
        workplace.put("points.csv", earned(ODD), earned(PLAIN))
        ended = workplace.run()
        assert f"client {ODD} of site -99" in not_read(ended)
        assert any(why in one["why"] for one in ended.to_json()["not_read"])
        assert (ended.totals["posted"], ended.totals["ties_out"]) == (2, True)


@pytest.mark.long
def test_an_answer_to_a_post_that_is_too_large_is_read_back(tmp_path: Path) -> None:
    with opened(tmp_path, f"huge={ODD}") as workplace:
        workplace.put("points.csv", earned(ODD))
        assert (workplace.run().totals["posted"], len(workplace.commits(ODD))) == (1, 1)


# --- reads that are down


@pytest.mark.long
def test_reading_stops_after_a_few_failures_in_a_row_and_says_so(tmp_path: Path) -> None:
    clients = [f"2000000{number:02}" for number in range(1, 13)]
    with opened(tmp_path, "mb:read_503", max_tries=5) as workplace:
        workplace.put("points.csv", *(earned(client_id) for client_id in clients))
        ended = workplace.run()
        (calls,) = workplace.rows("SELECT sum(calls) AS calls FROM call_counts WHERE target = 'mindbody'")
        # A token, twelve posts, and no more reads than had left before the first few had failed.
        assert calls["calls"] <= 1 + 12 + 16
        assert ended.totals["posted"] == 12
        assert ended.exit_code is ExitCode.COULD_NOT_RUN
        assert any("reading there has stopped" in failure for failure in ended.failures)
        assert SITE in not_read(ended)


@pytest.mark.long
def test_posts_to_referral_rock_are_counted_as_calls(tmp_path: Path) -> None:
    with opened(tmp_path, None) as workplace:
        put_updates(workplace, update(REWARDS[0]))
        workplace.run()
        (calls,) = workplace.rows("SELECT sum(calls) AS calls FROM call_counts WHERE target = 'referral_rock'")
        # Seeing that it is there twice or three times, one update, one sweep.
        assert calls["calls"] >= 4
