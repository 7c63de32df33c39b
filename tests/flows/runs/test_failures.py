"""What can be missing, wrong or out of reach: one clear line, the right exit code, and no file lost."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.runs.settle import settle as settle_run
from flows.runs.upload import upload as upload_run
from flows.runtime.errors import CouldNotRun, ExitCode, SettingsError
from flows.sandbox import start_sandbox
from tests.flows.workplace import HEADINGS, SAMPLES, Workplace, earned, open_workplace, redeemed

Place = Callable[..., Workplace]
UPDATE = "3344d59a-0000-4000-8000-0000000000{},35b10000-0000-4000-8000-000000000001,{}"
UPDATES = "RewardId,PayoutId,Amount"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    state = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    faults = "drop_before=200000050,503_before=200000051*1,drop_after=200000052*1,429=200000053*1"
    with start_sandbox(state=state, faults=faults, options=("--extra-clients", "60", "--extra-rewards", "20")) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path, ready: dict[str, Any]) -> Place:
    return lambda **choices: open_workplace(tmp_path, ready, **choices)


def without(workplace: Workplace, pattern: str, replacement: str = "") -> Workplace:
    """Change the settings text; it is an error of the test where nothing changes."""
    text = workplace.config.read_text("utf-8")
    changed = re.sub(pattern, replacement, text, flags=re.MULTILINE | re.DOTALL)
    assert changed != text
    return workplace.configure(changed)


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("pattern", "replacement", "said", "goes_on"),
    [
        pytest.param('^api_key = "[^"]*"\n', "", "mindbody.api_key is missing", "b.csv", id="no api key"),
        pytest.param('^public_key = "[^"]*"\n', "", "referral_rock.public_key", "a.csv", id="no public key"),
        pytest.param('^private_key = "[^"]*"\n', "", "referral_rock.public_key", "a.csv", id="no private key"),
        pytest.param('^api_key = "[^"]*"', 'api_key = "no"', "mindbody.api_key", "b.csv", id="wrong api key"),
        pytest.param('^password = "[^"]*"', 'password = "no"', "password", "b.csv", id="wrong password"),
        pytest.param('^private_key = "[^"]*"', 'private_key = "no"', "keys", "a.csv", id="wrong keys"),
    ],
)
def test_nightly_goes_on_without_a_service_that_is_not_to_be_had(
    place: Place, pattern: str, replacement: str, said: str, goes_on: str
) -> None:
    workplace = without(place(), pattern, replacement)
    update = UPDATE.format("09", 3)
    files = [workplace.put("a.csv", earned("200000001")), workplace.put("b.csv", update, headings=UPDATES)]
    ended = workplace.run()
    assert (ended.exit_code, ended.totals["ties_out"]) == (ExitCode.COULD_NOT_RUN, True)
    assert [failure for failure in ended.failures if said in failure and "\n" not in failure]
    assert [path.name for path in files if not path.is_file()] == [goes_on]
    registered = {row["name"] for row in workplace.rows("SELECT name FROM files")}
    assert registered & {"a.csv", "b.csv"} == {goes_on}


def test_nightly_keeps_nothing_and_moves_nothing_where_nothing_answers(place: Place) -> None:
    workplace = without(place(), '^base_url = "[^"]*"', 'base_url = "http://127.0.0.1:9"')
    update = UPDATE.format("09", 3)
    files = [workplace.put("a.csv", earned("200000001")), workplace.put("b.csv", update, headings=UPDATES)]
    ended = workplace.run()
    assert [failure for failure in ended.failures if "out of reach" in failure] == list(ended.failures)
    assert (ended.exit_code, [path.is_file() for path in files]) == (ExitCode.COULD_NOT_RUN, [True, True])
    assert workplace.rows("SELECT * FROM files") == []


def test_nightly_whose_settings_lead_nowhere_says_what_to_mend_in_them(place: Place) -> None:
    workplace = without(place(), '^api_key = "[^"]*"\n')
    workplace.put("a.csv", earned("200000001"))
    with pytest.raises(SettingsError, match=r"mindbody\.api_key is missing"):
        workplace.run()


@pytest.mark.long
def test_nightly_without_a_site_rejects_the_rows_and_says_why(place: Place) -> None:
    workplace = without(place(), r"^\[\[mindbody.sites\]\].*?\n\n")
    workplace.put("a.csv", earned("200000002"))
    assert workplace.run().totals["rejected"] == 1
    assert [row["code"] for row in workplace.rows("SELECT code FROM rejections")] == ["site_unknown"]


@pytest.mark.long
def test_nightly_goes_on_after_the_failure_is_mended(place: Place) -> None:
    workplace = without(place(), '^password = "[^"]*"', 'password = "no"')
    workplace.put("a.csv", earned("200000003"))
    assert workplace.run().exit_code is ExitCode.COULD_NOT_RUN
    ended = workplace.configure().run()
    assert (ended.totals["posted"], len(workplace.commits("200000003"))) == (1, 1)


WRONG = {
    "foreign.pdf": b"%PDF-1.7 no table at all",
    "broken.xlsx": b"PK\x03\x04 broken",
    "empty.csv": b"",
    "no_heading.csv": b"Name,Phone\nA,1\n",
    "column_missing.csv": b"ClientId,Action\nA,Earned\n",
    "heading_twice.csv": HEADINGS.encode() + b",Points\n",
}


def test_nightly_leaves_wrong_files_where_they_were_and_does_the_others(place: Place) -> None:
    workplace = place()
    for name, content in WRONG.items():
        (workplace.inbox / name).write_bytes(content)
    workplace.put("good.csv", earned("200000010"))
    ended = workplace.run()
    assert (ended.exit_code, ended.totals["posted"]) == (ExitCode.COULD_NOT_RUN, 1)
    assert {path.name for path in workplace.inbox.iterdir()} == set(WRONG)
    assert {failure.partition(": ")[0] for failure in ended.failures} == set(WRONG)
    assert not any("\n" in failure for failure in ended.failures)


def test_nightly_names_the_required_column_that_is_missing(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", "A,Earned", headings="ClientId,Action")
    (failure,) = workplace.run().failures
    assert "Points" in failure


@pytest.mark.long
def test_nightly_gives_the_folder_of_a_file_as_its_site(place: Place) -> None:
    workplace = place()
    workplace.put("-99/a.csv", earned("200000021"))
    workplace.put("-98/b.csv", earned("200000021"))
    assert workplace.run().totals["posted"] == 1
    assert [row["code"] for row in workplace.rows("SELECT code FROM rejections")] == ["site_unknown"]


@pytest.mark.long
def test_nightly_finds_the_duplicates_of_an_overlapping_file(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000022", 7), earned("200000022"), earned("200000022"))
    workplace.run()
    new = earned("200000022", 8, "2026-09-22T17:00:00Z")
    workplace.put("b.csv", earned("200000022", 7), earned("200000022"), earned("200000022"), earned("200000022"), new)
    totals = workplace.run().totals
    assert [totals[key] for key in ("accepted", "duplicate", "posted")] == [2, 3, 2]
    assert sorted(line["points"] for line in workplace.commits("200000022")) == [7, 8, 10, 10, 10]


@pytest.mark.long
def test_nightly_stops_at_the_budget_and_goes_on_the_next_day(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace = place(calls_per_day=3)  # one of them gets the token
    workplace.put("a.csv", *(earned("200000023", points) for points in range(1, 4)))
    first = workplace.run()
    assert (first.totals["posted"], first.totals["pending"]) == (2, 1)
    said = (
        "The 3 calls of today for Mindbody are spent: 1 event is left, about 2 calls with the reads, so 1 more night."
    )
    assert said in "\n".join(first.lines)
    for days in (1, 2):
        pass_days(monkeypatch, days)
        last = workplace.run()
    assert (last.totals["pending"], sorted(line["points"] for line in workplace.commits("200000023"))) == (
        0, [1, 2, 3],
    )  # fmt: skip


def pass_days(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Let the clock of the line, not that of the sandbox, go on."""
    from flows.runtime.clock import utc_now

    today = utc_now() + timedelta(days=days)
    for module in (
        "flows.services.calls",
        "flows.services.mindbody.connect",
        "flows.loader.claims",
        "flows.ledger.connection",
        "flows.runs.from_files",
        "flows.reconciliation.ahead",
    ):
        monkeypatch.setattr(f"{module}.utc_now", lambda: today)


@pytest.mark.long
def test_nightly_gets_one_token_for_all_its_steps(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000024"))
    workplace.run()  # a token, an event, and its client's history
    assert workplace.rows("SELECT calls FROM call_counts WHERE target = 'mindbody'") == [{"calls": 3}]


@pytest.mark.first_case
@pytest.mark.parametrize("client_id", ["200000051", "200000053"])
def test_nightly_posts_once_what_surely_or_maybe_failed_before(place: Place, client_id: str) -> None:
    workplace = place(max_tries=4)
    workplace.put("a.csv", earned(client_id), redeemed(client_id))
    totals = workplace.run().totals
    assert (totals["posted"], len(workplace.commits(client_id))) == (2, 2)


def test_nightly_settles_a_lost_answer_by_reading_back(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000052"), redeemed("200000052"))
    assert workplace.run().totals["posted"] == 2
    assert [row["decided"] for row in workplace.rows("SELECT decided FROM settlements")] == ["posted"]
    assert len(workplace.commits("200000052")) == 2


@pytest.mark.long
def test_nightly_ends_though_a_service_never_takes_an_event(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000024"), earned("200000050"))
    totals = workplace.run().totals
    assert (totals["posted"], totals["unknown"] + totals["pending"], totals["ties_out"]) == (1, 1, True)
    assert workplace.commits("200000050") == []


def test_settle_posts_nothing(place: Place) -> None:
    workplace = place()
    workplace.put("a.csv", earned("200000025"))
    ended = settle_run(workplace.settings)
    assert (ended.totals["rows_read"], ended.exit_code, workplace.commits("200000025")) == (0, ExitCode.TIES_OUT, [])


@pytest.mark.long
def test_upload_posts_a_file_and_leaves_it_where_it_lies(place: Place) -> None:
    workplace = place()
    path = workplace.put("a.csv", earned("200000026"))
    ended = upload_run(workplace.settings, path)
    assert (ended.totals["posted"], path.is_file(), ended.run_id.split("-")[0]) == (1, True, "upload")


def test_upload_of_a_wrong_file_is_one_line_and_keeps_nothing(place: Place, tmp_path: Path) -> None:
    workplace = place()
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(CouldNotRun, match=r"^a\.pdf: ") as caught:
        upload_run(workplace.settings, tmp_path / "a.pdf")
    assert ("\n" in str(caught.value), workplace.rows("SELECT * FROM files")) == (False, [])


@pytest.mark.long
def test_nightly_with_the_weather_of_the_samples_ends_as_their_readme_says(tmp_path: Path) -> None:
    faults = "drop_after=100000009*1,read_503=100000009,drop_after=100000010*1"
    with start_sandbox(state=tmp_path / "sandbox.db", faults=faults) as ready:
        workplace = open_workplace(tmp_path, ready, max_tries=2)
        for sample in SAMPLES:
            (workplace.inbox / sample.name).write_bytes(sample.read_bytes())
        totals = workplace.run().totals
    assert [totals[key] for key in ("posted", "refused", "unknown", "pending")] == [28, 6, 1, 1]
    assert totals["ties_out"]


def test_nightly_registers_no_file_that_the_archive_cannot_keep(place: Place) -> None:
    """Such a file could never be recovered once the ledger is lost."""
    workplace = place()
    (workplace.folder / "archive").write_text("no folder")
    path = workplace.put("a.csv", earned("200000040"))
    summary = workplace.run()
    assert (summary.exit_code, summary.totals["files"]) == (ExitCode.COULD_NOT_RUN, 0)
    assert "cannot be kept in the archive" in summary.failures[0]
    assert (path.is_file(), workplace.commits("200000040")) == (True, [])


@pytest.mark.long
def test_upload_keeps_the_file_in_the_archive_and_leaves_it_where_it_is(place: Place) -> None:
    workplace = place()
    path = workplace.folder / "by hand.csv"
    path.write_text("\n".join([HEADINGS, earned("200000041")]) + "\n")
    upload_run(workplace.settings, path)
    (kept,) = (workplace.folder / "archive").iterdir()
    assert kept.read_bytes() == path.read_bytes()
