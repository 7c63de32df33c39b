"""Keeping house by command and by night: what goes is named first, what somebody needs stays, recovering works."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.keeping import find
from flows.ledger.connection import open_ledger
from sql.signatures import Signing, keep_signature
from tests.flows.command import Command, Ended
from tests.flows.workplace import Workplace, earned, open_workplace
from transforms.vocabulary import SignedAs

LONG_AGO = """
[keep]
archive_days = 30
snapshots_days = 30
reports_days = 30
rejected_days = 30
not_sent_days = 30
open_months = 3
{more}
"""


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let it be more than a year later, for whoever keeps house."""

    def go() -> None:
        monkeypatch.setattr(find, "utc_now", lambda: datetime.now(UTC) + timedelta(days=400))

    return go


def three_nights(workplace: Workplace) -> None:
    """Run three nights; of the first an event is left that waits for a person."""
    client_ids: list[str] = workplace.ready["mindbody"]["client_ids"]
    workplace.put("paid.csv", earned(client_ids[0]))
    workplace.put("waits.csv", earned(client_ids[1], points=2_000_000_000))
    workplace.run()
    for number, name in ((2, "second.csv"), (3, "third.csv")):
        workplace.put(name, earned(client_ids[number]))
        workplace.run()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, ready: dict[str, Any]) -> Workplace:
    """A workplace in SQLite after three nights; each test takes a copy of it."""
    clients = [ready["mindbody"]["client_ids"].pop() for _ in range(4)]
    ours = {**ready, "mindbody": {**ready["mindbody"], "client_ids": clients}}
    workplace = open_workplace(tmp_path_factory.mktemp("filled") / "work", ours)
    three_nights(workplace)
    return workplace


@pytest.fixture
def aged(filled: Workplace, tmp_path: Path, later: Callable[[], None]) -> Workplace:
    """The workplace a year later."""
    shutil.copytree(filled.folder, tmp_path / "aged")
    later()
    return Workplace(tmp_path / "aged", filled.ready)


def clean(tieout: Command, workplace: Workplace, *options: str, more: str = "") -> Ended:
    """Keep things for 30 days, and keep house."""
    services = workplace.config.read_text().partition("\n[keep]")[0]
    workplace.config.write_text(services + LONG_AGO.format(more=more))
    return tieout("clean", *options, "--config", workplace.config)


def files(workplace: Workplace) -> set[str]:
    """Return what lies in the workspace, by kind and the beginning of its name."""
    folders = ("archive", "snapshots", "reports")
    return {
        str(path.relative_to(workplace.folder)) for name in folders for path in (workplace.folder / name).rglob("*")
    }


def named(found: list[dict[str, Any]], kind: str) -> list[str]:
    return sorted(Path(one["path"]).name.partition(".")[0] for one in found if one["kind"] == kind)


def check_clean(workplace: Workplace, tieout: Command) -> None:
    """List, list again in words, remove, and find nothing more."""
    shutil.rmtree(workplace.folder / "backups", ignore_errors=True)
    before = files(workplace)
    told = clean(tieout, workplace, "--json", more="own_copies_days = 350").json
    listed = told["removable"]
    assert named(listed, "archive") == ["paid", "second", "third"]
    assert [one["reason"] for one in told["staying"] if "waits" in one["path"]] == [
        "an event of it is held, not sent yet, in doubt or under watch"
    ]
    # The first run brought what waits, and the last one is what a workspace is known by.
    assert (len(named(listed, "snapshots")), len(named(listed, "reports"))) == (1, 1)
    said = clean(tieout, workplace, more="own_copies_days = 350")
    assert said.code == 0
    assert "Nothing was removed" in said.out
    assert "archive/" in said.out
    assert (told["removed"], files(workplace)) == (0, before)

    ended = clean(tieout, workplace, "--remove", "--json", more="own_copies_days = 350")
    assert (ended.code, ended.json["removed"]) == (0, len(listed)), ended
    assert archived(workplace) == {"waits"}
    written_down = (workplace.folder / ".tieout" / "removed.jsonl").read_text()
    assert all(one["path"] in written_down for one in listed)
    again = clean(tieout, workplace, "--remove", "--json", more="own_copies_days = 350")
    assert (again.json["removable"], again.json["removed"]) == ([], 0)
    run_id = next(Path(one["path"]).name.partition(".")[0] for one in listed if one["kind"] == "snapshots")
    gone = tieout("report", run_id, "--config", workplace.config)
    assert gone.code == 3
    assert "keeping house removed it on" in gone.err


def test_clean_names_what_goes_and_what_stays_and_removes_it_where_asked(aged: Workplace, tieout: Command) -> None:
    check_clean(aged, tieout)


def test_what_is_of_no_signed_period_stays_until_it_is_signed(aged: Workplace, tieout: Command) -> None:
    def listed() -> dict[str, Any]:
        clean(tieout, aged, more="own_copies_days = 350")
        unsigned = aged.config.read_text().replace("open_months = 3\n", "")
        aged.config.write_text(unsigned)
        found: dict[str, Any] = tieout("clean", "--json", "--config", aged.config).json
        return found

    shutil.rmtree(aged.folder / "backups", ignore_errors=True)
    before = listed()
    assert before["removable"] == []
    assert any("its period is not signed" in one["reason"] for one in before["staying"])
    today = datetime.now(UTC)
    period = {"since_on": (today - timedelta(days=2)).date(), "until_on": (today + timedelta(days=2)).date()}
    with open_ledger(aged.settings) as ledger, ledger.begin() as connection:
        for role in SignedAs:
            signing = Signing(at=today, actor=role, by_name=role, role=role, content="{}", **period)
            keep_signature(connection, signing)
    assert named(listed()["removable"], "archive") == ["paid", "second", "third"]


@pytest.mark.long
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_was_set_aside_and_copies_of_what_nobody_sent_go_with_all_that_belongs_to_them(
    workplace: Workplace, tieout: Command, later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_INBOX__MOVE_REJECTED", "true")
    for name in ("old.csv", "mended.csv"):
        workplace.put(f"-99/{name}", f"1,{name}", headings="ClientId,Action")
    assert tieout("run", "--plain", "--config", workplace.config).code == 3
    sheet = workplace.put("../sheet.csv", earned(workplace.ready["mindbody"]["client_ids"][0]))
    tieout("upload", sheet, "--plain", "--config", workplace.config, answer="no\n")
    folder = workplace.folder
    (mended,) = folder.glob("rejected/-99/*/mended.*.csv")
    mended.write_text("somebody works on it")
    mine = mended.with_name("notes.txt")
    mine.write_text("mine")
    assert clean(tieout, workplace, "--json").json["removable"] == []
    later()
    told = clean(tieout, workplace, "--remove", "--json").json
    gone = [(one["kind"], Path(one["path"]).name.partition(".")[0]) for one in told["removable"]]
    assert sorted(gone) == [("not-sent", "sheet"), ("rejected", "old")]
    assert [one["reason"] for one in told["staying"] if one["kind"] == "rejected"] == [
        "it is not what was set aside: somebody works on it"
    ]
    left = sorted(path.name.partition(".")[0] for path in mended.parent.iterdir())
    assert left == ["mended", "mended", "mended", "notes"]
    assert not list((folder / "not-sent").iterdir())


@pytest.mark.long
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_clean_on_postgresql(workplace: Workplace, tieout: Command, later: Callable[[], None]) -> None:
    three_nights(workplace)
    later()
    check_clean(workplace, tieout)


def test_without_a_copy_nothing_goes_that_recovering_needs(aged: Workplace, tieout: Command) -> None:
    shutil.rmtree(aged.folder / "backups")
    told = clean(tieout, aged, "--remove", "--json").json
    assert {one["kind"] for one in told["removable"]} == {"reports"}
    assert any("no copy of the ledger" in one["reason"] for one in told["staying"])


@pytest.mark.long
def test_what_the_oldest_copy_does_not_know_stays_and_with_that_copy_nothing_is_missing(
    aged: Workplace, tieout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A recovery waits for the last request of before.
    monkeypatch.setenv("TIEOUT_LOADER__TIMEOUT_SECONDS", "0.5")
    oldest, *_ = sorted((aged.folder / "backups").iterdir())
    assert named(clean(tieout, aged, "--remove", "--json").json["removable"], "archive") == ["paid"]
    remove_ledger(aged)
    # Without any copy what was removed is missing, and is said once, however many files that are.
    lost = tieout("recover", "--json", "--config", aged.config)
    assert (lost.code, [one["what"] for one in lost.json["not_read"]]) == (3, ["removed"]), lost
    remove_ledger(aged)
    shutil.copy(oldest, aged.folder / "tieout.db")
    ended = tieout("recover", "--json", "--config", aged.config)
    assert (ended.code, ended.json["not_read"], ended.json["posted"]) == (1, [], {"service": 2}), ended


def test_a_copy_that_is_damaged_knows_nothing(aged: Workplace, tieout: Command) -> None:
    oldest, *_ = sorted((aged.folder / "backups").iterdir())
    oldest.write_bytes(b"damaged")
    assert named(clean(tieout, aged, "--json").json["removable"], "archive") == []


class Killed(BaseException):
    """The process is gone."""


def test_a_night_that_is_killed_while_it_keeps_house_loses_nothing_and_the_next_one_goes_on(
    aged: Workplace, tieout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(aged.folder / "backups")
    clean(tieout, aged, more="own_copies_days = 350\nby_night = true\n[backups]\nkeep = 0")
    unlink = Path.unlink

    def killed_at_the_second(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("second."):
            raise Killed
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", killed_at_the_second)
    with pytest.raises(Killed):
        tieout("run", "--plain", "--config", aged.config)
    monkeypatch.setattr(Path, "unlink", unlink)
    assert archived(aged) == {"second", "third", "waits"}
    ended = tieout("run", "--plain", "--config", aged.config)
    assert ended.code == 1, ended
    assert "keeping house: removing" in ended.err
    assert "archive/second." in ended.err
    assert archived(aged) == {"waits"}


def archived(workplace: Workplace) -> set[str]:
    return {path.name.partition(".")[0] for path in (workplace.folder / "archive").iterdir()}


def remove_ledger(workplace: Workplace) -> None:
    for path in workplace.folder.glob("tieout.db*"):
        path.unlink()


def test_what_a_killed_process_was_writing_goes_after_a_day(aged: Workplace, tieout: Command) -> None:
    """A copy of the ledger that was cut off is as large as the ledger, and hidden; a person's own file is not ours."""
    halves = [
        f"{folder}/.{name}.0a1b2c3d.part{more}"
        for folder, name, more in (
            ("backups", "ledger-1.db", ""),
            ("backups", "ledger-1.db", "-journal"),
            ("archive/-99", "march.0b1c2d3e4f5a.xlsx", ""),
            ("reports/night", "night.html", ""),
        )
    ]
    own = ("backups/mine.part", "archive/.hidden.part", "reports/.0a1b2c3d.part.txt")
    for name in (*halves, *own):
        path = aged.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    listed = tieout("clean", "--json", "--config", aged.config).json["removable"]
    assert {one["path"] for one in listed if one["kind"] == "half-written"} == set(halves)
    assert "half-written: what a process that was killed was writing" in tieout("clean", "--config", aged.config).out
    tieout("clean", "--remove", "--config", aged.config)
    assert [name for name in (*halves, *own) if (aged.folder / name).exists()] == list(own)


def test_what_is_being_written_stays(workplace: Workplace, tieout: Command) -> None:
    part = workplace.folder / "backups" / ".ledger-1.db.0a1b2c3d.part"
    part.parent.mkdir()
    part.write_text("half")
    workplace.run()
    tieout("clean", "--remove", "--config", workplace.config)
    assert part.exists()
