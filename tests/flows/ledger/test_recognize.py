"""A ledger that is not the one that was there: nothing is sent from it, and nothing is told from it either."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest
from alembic import command
from sqlalchemy import text

from flows.ledger.connection import connect_ledger, open_any_ledger
from flows.ledger.counted import adopt_ledger, begin_recovery
from flows.ledger.marker import MarkedLedger, marker_path, read_marker
from flows.ledger.recognize import Traces, TroubleKind, compare
from sql.identity import Position
from sql.migrate import _config
from tests.flows.command import Command
from tests.flows.ledger.conftest import Copies
from tests.flows.workplace import Workplace, earned, open_workplace


def night(workplace: Workplace, tieout: Command) -> int:
    return tieout("run", "--plain", "--config", workplace.config).code


@pytest.fixture
def used(workplace: Workplace, tieout: Command, copies: Copies) -> Workplace:
    """Two nights; the ledger as it was after the first is kept as "monday"."""
    *_, of_monday, of_tuesday = workplace.ready["mindbody"]["client_ids"]
    workplace.put("monday.csv", earned(of_monday))
    assert night(workplace, tieout) == 0
    copies.keep("monday")
    # Nights are told apart by the second in which they began, and two of these may begin in one.
    sleep(1)
    workplace.put("tuesday.csv", earned(of_tuesday))
    assert night(workplace, tieout) == 0
    return workplace


def forget_marker(workplace: Workplace) -> None:
    shutil.rmtree(marker_path(workplace.settings).parent)


def put_overlapping_export(workplace: Workplace) -> Path:
    """Bring what was paid on Tuesday once more, with other content around it."""
    client_id = workplace.ready["mindbody"]["client_ids"][-1]
    return workplace.put("wednesday.csv", earned(client_id), "1,0,Earned,,,")


def is_refused(workplace: Workplace, tieout: Command) -> str:
    """See that a night sends nothing, takes nothing in and says why; return what it said."""
    export, before = put_overlapping_export(workplace), len(workplace.commits())
    ended = tieout("run", "--plain", "--config", workplace.config)
    assert (ended.code, len(workplace.commits()), export.exists()) == (3, before, True)
    (line,) = [line for line in ended.err.splitlines() if line.startswith("tieout: ")]
    assert "tieout recover" in line
    assert "Nothing was sent" in line
    return line


@pytest.mark.first_case
def test_a_copy_of_before_is_refused(used: Workplace, copies: Copies, tieout: Command) -> None:
    copies.put_back("monday")
    line = is_refused(used, tieout)
    assert "number 1" in line
    assert "number 2" in line


@pytest.mark.long
def test_no_ledger_in_a_used_workspace_is_refused(used: Workplace, copies: Copies, tieout: Command) -> None:
    copies.remove()
    assert "is empty" in is_refused(used, tieout)


@pytest.mark.long
def test_no_ledger_is_refused_where_the_marker_is_lost_as_well(
    used: Workplace, copies: Copies, tieout: Command
) -> None:
    copies.remove()
    forget_marker(used)
    assert "archive holds what earlier runs left" in is_refused(used, tieout)


@pytest.mark.long
def test_a_copy_of_before_is_refused_where_the_marker_is_lost_as_well(
    used: Workplace, copies: Copies, tieout: Command
) -> None:
    copies.put_back("monday")
    forget_marker(used)
    assert "the reports here are of" in is_refused(used, tieout)


@pytest.mark.long
def test_a_lost_marker_beside_its_own_ledger_is_made_again(used: Workplace, tieout: Command) -> None:
    forget_marker(used)
    put_overlapping_export(used)
    assert night(used, tieout) == 1
    assert [one.run_number for one in read_marker(used.settings)] == [3]


@pytest.mark.long
def test_half_a_marker_counts_as_lost(used: Workplace, copies: Copies, tieout: Command) -> None:
    marker_path(used.settings).write_text('{"version": 1, "led')
    assert night(used, tieout) == 0
    copies.remove()
    marker_path(used.settings).write_text("")
    assert "is empty" in is_refused(used, tieout)


@pytest.mark.first_case
def test_another_ledger_is_refused(used: Workplace, copies: Copies, tieout: Command, tmp_path: Path) -> None:
    copies.remove()
    other = open_workplace(tmp_path / "other", used.ready)
    assert night(other, tieout) == 0
    assert "another one" in is_refused(used, tieout)


@pytest.mark.long
def test_a_copy_that_was_run_again_is_refused(used: Workplace, copies: Copies, tieout: Command, tmp_path: Path) -> None:
    """It has as many runs as were seen, but not the same."""
    copies.put_back("monday")
    other = open_workplace(tmp_path / "other", used.ready)
    for _ in range(3):
        assert night(other, tieout) == 0
    assert "is older than this workspace" in is_refused(used, tieout)


COMMANDS = [
    ["run", "--plain"],
    ["upload", "--yes", "--plain", "{file}"],
    ["plan", "{file}"],
    ["plan"],
    ["approve", "x"],
    ["discard", "x"],
    ["reverse", "monday.csv", "--reason", "a slip"],
    ["settle", "--plain"],
    ["settle", "x", "--as", "posted", "--reason", "seen"],
    ["reconcile", "--plain"],
    ["breaks"],
    ["trace", "x"],
    ["report", "latest"],
    ["status"],
    ["doctor"],
]


@pytest.mark.first_case
@pytest.mark.parametrize("trouble", ["put back", "removed"])
def test_every_command_refuses(used: Workplace, copies: Copies, tieout: Command, trouble: str) -> None:
    copies.put_back("monday") if trouble == "put back" else copies.remove()
    export, before = put_overlapping_export(used), len(used.commits())
    for words in COMMANDS:
        ended = tieout(*(word.format(file=export) for word in words), "--config", used.config)
        assert (ended.code, "tieout recover" in ended.out + ended.err) == (3, True), (words, ended)
    assert len(used.commits()) == before


@pytest.mark.long
def test_a_refused_ledger_file_is_not_made_in_place_of_the_lost_one(
    used: Workplace, copies: Copies, tieout: Command, database_url: str
) -> None:
    copies.remove()
    is_refused(used, tieout)
    tieout("status", "--config", used.config)
    if database_url.startswith("sqlite"):
        assert not Path(database_url.removeprefix("sqlite:///")).exists()


OLD_RUN = (
    "INSERT INTO runs (run_id, kind, started_at, finished_at, summary)"
    " VALUES ('nightly-20261101T030000-0a1b2c', 'nightly', '2026-11-01 03:00:00', '2026-11-01 03:10:00', '{}')"
)


@pytest.fixture
def old(workplace: Workplace, copies: Copies) -> Workplace:
    """A ledger and a workspace as the version before left them: runs that nobody counted, files, and no marker."""
    copies.remove()
    with connect_ledger(workplace.settings) as ledger, ledger.begin() as connection:
        command.upgrade(_config(connection), "0009")
        connection.execute(text(OLD_RUN))
    for name in ("archive/a.csv", "snapshots/a.json.gz", "reports/nightly-20261101T030000-0a1b2c/a.xlsx"):
        path = workplace.folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"of an earlier night")
    return workplace


@pytest.mark.first_case
def test_ledger_and_workspace_of_the_version_before_go_on(old: Workplace, tieout: Command) -> None:
    assert tieout("run", "--plain", "--config", old.config).code == 3  # says `tieout db upgrade`, as ever
    assert tieout("db", "upgrade", "--config", old.config).code == 0
    assert tieout("status", "--config", old.config).code == 0
    old.put("monday.csv", earned(old.ready["mindbody"]["client_ids"][0]))
    assert night(old, tieout) == 0
    assert [one.run_number for one in read_marker(old.settings)] == [2]


@pytest.mark.long
def test_a_second_ledger_of_the_version_before_goes_on_in_the_same_workspace(
    old: Workplace, tieout: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two settings files with one workspace and two databases: both have a line in the marker, and both go on."""
    assert tieout("db", "upgrade", "--config", old.config).code == 0
    assert night(old, tieout) == 0
    monkeypatch.setenv("TIEOUT_DATABASE_URL", "sqlite:///second.db")
    with connect_ledger(old.settings) as ledger, ledger.begin() as connection:
        command.upgrade(_config(connection), "0009")
        connection.execute(text(OLD_RUN))
    assert tieout("db", "upgrade", "--config", old.config).code == 0
    assert [night(old, tieout), night(old, tieout)] == [0, 0]
    assert [one.run_number for one in read_marker(old.settings)] == [2, 3]
    monkeypatch.setenv("TIEOUT_DATABASE_URL", "sqlite:///third.db")  # a new one is none of them
    assert night(old, tieout) == 3


@pytest.mark.first_case
def test_recover_alone_opens_what_is_refused_until_it_adopts(used: Workplace, copies: Copies, tieout: Command) -> None:
    copies.put_back("monday")
    with open_any_ledger(used.settings) as ledger:
        begin_recovery(used.settings, ledger)
        assert "tieout recover" in is_refused(used, tieout)  # also after recover was killed here
        adopt_ledger(used.settings, ledger)
    (used.inbox / "wednesday.csv").unlink()
    assert night(used, tieout) == 0


@pytest.mark.first_case
def test_a_workspace_that_cannot_keep_a_marker_is_one_clear_line(workplace: Workplace, tieout: Command) -> None:
    (workplace.folder / ".tieout").write_text("in the way")
    export = workplace.put("monday.csv", earned(workplace.ready["mindbody"]["client_ids"][-3]))
    ended = tieout("run", "--plain", "--config", workplace.config)
    assert (ended.code, export.exists(), "Traceback" in ended.err) == (3, True, False)
    assert "marker" in ended.err
    assert "Nothing is sent" in ended.err


A = Position("a", 5, "night-5", None, file_id=3, attempt_id=40, is_from_before=False)
SEEN = MarkedLedger("a", "tieout.db", 5, "night-5", None, file_id=3, attempt_id=40)
NO_TRACES = Traces(None, None)
AS_SEEN: Callable[..., Position] = lambda **changed: replace(A, **changed)  # noqa: E731


@pytest.mark.parametrize(
    ("position", "marked", "kind"),
    [
        pytest.param(A, [SEEN], None, id="as it was seen"),
        pytest.param(AS_SEEN(run_number=6, run_id="night-6"), [SEEN], None, id="ahead: killed before the marker"),
        pytest.param(AS_SEEN(run_number=4), [SEEN], TroubleKind.BEHIND, id="a run is missing"),
        pytest.param(AS_SEEN(attempt_id=39), [SEEN], TroubleKind.BEHIND, id="a claim is missing"),
        pytest.param(AS_SEEN(file_id=2), [SEEN], TroubleKind.BEHIND, id="a file is missing"),
        pytest.param(A, [replace(SEEN, ledger_id="b")], TroubleKind.ANOTHER, id="another one at this place"),
        pytest.param(A, [replace(SEEN, address="x.db")], None, id="moved"),
        pytest.param(
            A, [replace(SEEN, ledger_id="b", address="x.db"), SEEN], None, id="two ledgers of one workspace"
        ),
        pytest.param(A, [replace(SEEN, ledger_id="b", address="x.db")], TroubleKind.ANOTHER, id="unknown here"),
        pytest.param(
            AS_SEEN(is_from_before=True), [replace(SEEN, ledger_id="b", address="x.db")], None,
            id="the second ledger of one workspace, of the version before",
        ),
        pytest.param(AS_SEEN(run_number=0), [SEEN], TroubleKind.NEW, id="emptied"),
        pytest.param(AS_SEEN(run_number=0), [replace(SEEN, run_number=0)], None, id="killed before its first run"),
        pytest.param(None, [SEEN], TroubleKind.NEW, id="no tables"),
        pytest.param(None, [], None, id="all new"),
        pytest.param(A, [replace(SEEN, is_recovering=True)], TroubleKind.RECOVERING, id="being recovered"),
    ],
)  # fmt: skip
def test_compare(position: Position | None, marked: list[MarkedLedger], kind: TroubleKind | None) -> None:
    trouble = compare(position, marked, "tieout.db", NO_TRACES, known_run_id="night-5")
    assert (trouble.kind if trouble else None) == kind
