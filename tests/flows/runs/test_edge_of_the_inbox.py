"""The edge of the inbox, by the real command: what is there is read, or told with a code that is not 0."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flows.intake import waiting
from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned

RUN = ("run", "--plain", "--json")


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "40")) as found:
        yield found


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Callable[[float | None], None]:
    """Let nights watch young files that long; None is what they do where nobody says anything."""

    def watch(seconds: float | None) -> None:
        if seconds is None:
            monkeypatch.delenv("TIEOUT_INBOX__QUIET_SECONDS", raising=False)
        else:
            monkeypatch.setenv("TIEOUT_INBOX__QUIET_SECONDS", str(seconds))

    return watch


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Let something happen while young files are watched, in place of the time that takes: nobody has to be quick."""

    def let_happen(happen: Callable[[], None]) -> None:
        monkeypatch.setattr(waiting, "_watch", lambda *_: happen())

    return let_happen


def nobody_watches() -> None:
    pytest.fail("a file was watched")


def test_an_inbox_that_is_gone_is_told_and_what_the_ledger_has_goes_on(workplace: Workplace, tieout: Tieout) -> None:
    assert tieout(*RUN).code == 0
    path = workplace.folder / "by hand.csv"
    path.write_text("ClientId,Points,Action,Source,SourceId,ActionDateTime\n" + earned("200000001") + "\n")
    assert tieout("approve", tieout("plan", path, "--json").json["plan_id"]).code == 0
    workplace.inbox.rmdir()
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], workplace.inbox.exists()) == (3, 1, False)
    assert [one["what"] for one in ended.json["not_read"]] == ["inbox"]
    assert "is its share mounted?" in ended.err
    assert "inbox" in tieout("doctor").out
    workplace.inbox.mkdir()
    assert tieout(*RUN).code == 0


@pytest.mark.long
def test_a_link_that_leads_out_and_one_that_leads_nowhere_are_told(workplace: Workplace, tieout: Tieout) -> None:
    outside = workplace.folder / "outside" / "a.csv"
    outside.parent.mkdir()
    workplace.put("b.csv", earned("200000002")).rename(outside)
    (workplace.inbox / "-99").symlink_to(outside.parent)
    (workplace.inbox / "gone.csv").symlink_to(workplace.folder / "nothing.csv")
    ended = tieout(*RUN)
    assert (ended.code, ended.json["files"]) == (3, 0)
    assert {one["what"] for one in ended.json["not_read"]} == {"-99", "gone.csv"}
    workplace.configure(workplace.config.read_text("utf-8") + '\n[inbox]\nroots = ["outside"]\n')
    (workplace.inbox / "gone.csv").unlink()
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], outside.exists()) == (0, 1, False)


@pytest.mark.long
def test_an_unfinished_file_is_passed_over_and_said_once(workplace: Workplace, tieout: Tieout) -> None:
    workplace.put("march.csv.part", earned("200000003")[:-12])
    workplace.put("Thumbs.db", "x")
    first = tieout(*RUN)
    assert (first.code, first.json["files"]) == (0, 0)
    assert "march.csv.part" in first.err
    assert "march.csv.part" not in tieout(*RUN).err
    (workplace.inbox / "march.csv.part").unlink()
    workplace.put("march.csv", earned("200000003"))
    assert tieout(*RUN).json["posted"] == 1


@pytest.mark.long
def test_a_file_that_has_been_quiet_is_taken_at_once(
    workplace: Workplace,
    tieout: Tieout,
    watching: Callable[[float | None], None],
    meanwhile: Callable[[Callable[[], None]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watching(None)
    meanwhile(nobody_watches)
    monkeypatch.setenv("TIEOUT_BY_SCHEDULE", "1")
    path = workplace.put("a.csv", earned("200000004"))
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"]) == (0, 1)


@pytest.mark.long
def test_whoever_starts_a_run_by_hand_waits_for_no_young_file(
    workplace: Workplace,
    tieout: Tieout,
    watching: Callable[[float | None], None],
    meanwhile: Callable[[Callable[[], None]], None],
) -> None:
    watching(None)
    meanwhile(nobody_watches)
    workplace.put("a.csv", earned("200000019"))
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], "watching" in ended.err) == (0, 1, False)


def test_a_young_file_is_watched_once_and_taken_where_it_did_not_grow(
    workplace: Workplace, tieout: Tieout, watching: Callable[[float | None], None]
) -> None:
    watching(0.6)
    # As a server does whose clock is ahead.
    path = workplace.put("a.csv", earned("200000005"))
    in_an_hour = time.time() + 3600
    os.utime(path, (in_an_hour, in_an_hour))
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], "watching for 1 s" in ended.err) == (0, 1, True)


@pytest.mark.long
def test_a_file_that_grows_meanwhile_is_left_and_taken_whole_by_the_next_night(
    workplace: Workplace,
    tieout: Tieout,
    watching: Callable[[float | None], None],
    meanwhile: Callable[[Callable[[], None]], None],
) -> None:
    watching(600)
    path = workplace.put("a.csv", earned("200000006"))
    workplace.put("b.csv", earned("200000007"))

    def write_on() -> None:
        with path.open("a") as file:
            file.write(earned("200000006", 11) + "\n")

    meanwhile(write_on)
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"], path.exists()) == (3, 1, True)
    assert ended.json["not_read"] == [
        {"what": "a.csv", "why": "it is still being written: it is taken by the next night, once it is whole."}
    ]
    watching(0)
    assert tieout(*RUN).json["posted"] == 2


@pytest.mark.long
def test_what_is_written_after_a_file_was_taken_is_read_by_the_next_night(workplace: Workplace, tieout: Tieout) -> None:
    """Moving a file does not stop a program that has it open: its rows would go with it."""
    path = workplace.put("a.csv", earned("200000008"))
    with path.open("a") as writing:
        first = tieout(*RUN)
        writing.write(earned("200000008", 11) + "\n")
    assert (first.code, first.json["posted"], path.exists()) == (3, 1, True)
    second = tieout(*RUN)
    assert (second.code, second.json["posted"], second.json["duplicate"], path.exists()) == (0, 1, 1, False)
    assert sorted(line["points"] for line in workplace.commits("200000008")) == [10, 11]


@pytest.mark.long
def test_files_wait_for_their_companions_where_the_settings_ask_for_that(workplace: Workplace, tieout: Tieout) -> None:
    workplace.configure(workplace.config.read_text("utf-8") + '\n[inbox]\ndone_suffix = ".done"\n')
    workplace.put("a.csv", earned("200000009"))
    workplace.put("b.csv", earned("200000010"))
    (workplace.inbox / "a.csv.done").touch()
    ended = tieout(*RUN)
    assert (ended.code, ended.json["posted"]) == (3, 1)
    assert [one["what"] for one in ended.json["not_read"]] == ["b.csv"]
    assert [path.name for path in workplace.inbox.iterdir()] == ["b.csv"]
    (workplace.inbox / "b.done").touch()
    assert (tieout(*RUN).code, list(workplace.inbox.iterdir())) == (0, [])


def test_an_inbox_that_is_a_file_is_told_and_nothing_of_it_counts_as_read(workplace: Workplace, tieout: Tieout) -> None:
    workplace.inbox.rmdir()
    workplace.inbox.write_text("a note of somebody")
    ended = tieout(*RUN)
    assert (ended.code, [one["what"] for one in ended.json["not_read"]]) == (3, ["inbox"])
    assert "is a file and no folder" in ended.err
    assert "What was read ties out" in tieout("run", "--plain").out
