"""Differences for many at once: listed in words, narrowed down, decided about together, and the chain stays whole."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.runtime.clock import clock_set_to
from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace

CLIENTS = [f"20000000{number}" for number in range(1, 5)]
RULES = """
[[reconcile.breaks]]
owner = "Kim"
due_days = 2
classes = ["unexpected_remote"]
least_points = 40
"""
NIGHT = datetime(2026, 9, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(options=("--extra-clients", "9")) as found:
        yield found


@pytest.fixture
def tieout(
    tmp_path: Path, ready: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Tieout:
    """A night of four clients with a hand entry each, of 10, 20, 30 and 40 points, and one refused row."""
    workplace = open_workplace(tmp_path, ready)
    with workplace.config.open("a", encoding="utf-8") as settings:
        settings.write(RULES)
    for number, client_id in enumerate(CLIENTS, 1):
        _enter(workplace, client_id, 10 * number)
    refused = f"{CLIENTS[0]},9000,Redeemed,,,2026-09-21T17:00:00Z"
    workplace.put("a.csv", *(earned(client_id, 7) for client_id in CLIENTS), refused)
    with clock_set_to(NIGHT):
        workplace.run()
    return Tieout(workplace, monkeypatch, capsys)


def _enter(workplace: Workplace, client_id: str, points: int) -> None:
    if any(line.get("actor") == "desk" for line in workplace.commits(client_id)):
        return  # by the test before: the sandbox is the same
    entry = {"ClientId": client_id, "Action": "Earned", "Points": points, "ActionDateTime": "2026-09-20T19:00:00Z"}
    workplace.talk.post_json("/sandbox/desk/transactions", entry)


def by_class(tieout: Tieout, *options: str) -> list[tuple[str, int]]:
    listed = tieout("breaks", "--open", *options, "--json").json
    return sorted((record["class"], record["points"]) for record in listed)


def test_breaks_are_told_in_words_narrowed_down_and_written_as_a_file(tieout: Tieout, tmp_path: Path) -> None:
    with clock_set_to(NIGHT + timedelta(days=3)):
        mine = by_class(tieout, "--class", "unexpected_remote", "--client", CLIENTS[1])
        assert mine == [("unexpected_remote", 20)]
        assert by_class(tieout, "--site", "1") == []
        assert by_class(tieout, "--older-than", "3") == []
        assert len(by_class(tieout, "--older-than", "2", "--class", "unexpected_remote")) == 4
        assert by_class(tieout, "--owner", "Kim") == [("unexpected_remote", 40)]
        (late,) = tieout("breaks", "--overdue", "--json").json
        assert (late["due_on"], late["assigned_to"], late["owner"]) == ("2026-09-28", "Kim", None)
        path = tmp_path / "breaks.csv"
        told = tieout("breaks", "--class", "unexpected_remote", "--csv", path).out
    assert "Somebody else's entry (unexpected_remote): client 200000004 of site -99, 40 points; " not in told
    assert "40 points, open since 26 Sep 2026, 3 days; for Kim; due on 28 Sep 2026, overdue" in told
    assert "What to do: Ask who made the entry" in told
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert sorted(row["points"] for row in rows) == ["10", "20", "30", "40"]
    with clock_set_to(NIGHT):
        assert "open since today" in tieout("breaks", "--open").out


def test_a_decision_about_all_of_a_class_shows_how_many_asks_and_keeps_the_chain(tieout: Tieout) -> None:
    words = ("--by", "Ann", "--reason", "entered_by_hand: asked the studio")
    many = ("breaks", "resolve", "--all-of", "unexpected_remote", *words)
    with clock_set_to(NIGHT):
        asked = tieout(*many, answer="n\n")
        assert "resolve 4 differences, 100 points in all" in asked.err
        assert (asked.code, "Nothing was changed." in asked.out) == (0, True)
        assert len(by_class(tieout, "--class", "unexpected_remote")) == 4
        assert tieout(*many).code == 2  # nobody answered
        assert "Recorded: resolve 1 by Ann." in tieout(*many, "--client", CLIENTS[2], "--yes").out
        assert "Recorded: resolve 3 by Ann." in tieout(*many, answer="y\n").out
        assert "unexpected_remote" not in dict(by_class(tieout))
        assert len(tieout("breaks", "--with-reason", "entered_by_hand", "--json").json) == 4
        assert "Recorded: reopen 4 by Ann." in tieout("breaks", "reopen", *many[2:], "--yes").out
    assert tieout("doctor").out.count("decisions about breaks and events, and who signed, is as it was written") == 1


def test_a_reason_is_found_by_the_code_that_was_kept_of_it(tieout: Tieout) -> None:
    said = {CLIENTS[0]: "Entered-by-hand : asked", CLIENTS[1]: "timing", CLIENTS[2]: "asked; timing: none of it"}
    with clock_set_to(NIGHT):
        for client, reason in said.items():
            of_client = ("--all-of", "unexpected_remote", "--client", client, "--by", "Ann", "--reason", reason)
            assert tieout("breaks", "acknowledge", *of_client, "--yes").code in (0, 1)
        found = {
            code: [record["client_id"] for record in tieout("breaks", "--with-reason", code, "--json").json]
            for code in ("entered_by_hand", "timing", "other")
        }
    assert found == {"entered_by_hand": [CLIENTS[0]], "timing": [CLIENTS[1]], "other": [CLIENTS[2]]}


def test_a_reason_starts_no_formula_and_moves_no_cursor_in_the_file(tieout: Tieout, tmp_path: Path) -> None:
    path = tmp_path / "breaks.csv"
    of_client = ("--all-of", "unexpected_remote", "--client", CLIENTS[0], "--by", "=1+1")
    with clock_set_to(NIGHT):
        tieout("breaks", "acknowledge", *of_client, "--reason", "@SUM(A1)\x1b[2J\nas agreed", "--yes")
        tieout("breaks", "--csv", path)
    written = path.read_bytes()
    assert b"\x1b" not in written
    (said,) = [row for row in csv.DictReader(written.decode("utf-8-sig").splitlines()) if row["reason"]]
    assert (said["owner"], said["reason"]) == ("'=1+1", r"'@SUM(A1)\x1b[2J\nas agreed")


@pytest.mark.long
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("resolve", "x", "--all-of", "refused"), id="one and many"),
        pytest.param(("resolve", "x", "--site", "-99"), id="one, and what narrows many down"),
        pytest.param(("resolve",), id="neither"),
        pytest.param(("resolve", "--all-of", "refusd"), id="no such class"),
    ],
)
def test_a_decision_that_is_about_nothing_certain_is_one_line(tieout: Tieout, arguments: tuple[str, ...]) -> None:
    ended = tieout("breaks", *arguments, "--by", "Ann", "--reason", "why")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
