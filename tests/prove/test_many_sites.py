"""A night of many small sites, five of them broken in five ways: all others are posted, nothing is lost, five lines.

Twelve sites in `make test`, two hundred in `make prove`; on both databases.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.sandbox import start_sandbox
from tests.flows.command import Tieout
from tests.flows.workplace import HEADINGS, PASSWORD, Workplace, earned, further_sites, open_workplace

RUN = ("run", "--plain", "--json")
# Of the sites, by what is wrong there as the night begins.
EXPIRED, LEFT, BROKEN_FILE, DOWN = "1001", "1002", "1003", "1004"
UNKNOWN = "9999"  # the service does not know it
CLIENT_DOWN = "200000001"
CLIENT = "200000002"


def configure(workplace: Workplace, database_url: str, passwords: dict[str, str]) -> None:
    workplace.configure(database_url=database_url, calls_per_day=1_000_000, max_tries=2)
    workplace.configure(workplace.config.read_text("utf-8") + further_sites(passwords))


@pytest.fixture(params=[12, pytest.param(200, marks=pytest.mark.long)])
def sites_count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def ready(tmp_path: Path, sites_count: int) -> Iterator[dict[str, Any]]:
    options = ("--more-sites", str(sites_count - 2), "--extra-clients", "3")
    # Each post to one site is answered by a gateway, and nothing of it takes effect.
    with start_sandbox(state=tmp_path / "sandbox.db", faults=f"503_before={CLIENT_DOWN}", options=options) as found:
        yield found


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any]) -> Workplace:
    return open_workplace(tmp_path, ready)


@pytest.fixture
def tieout(workplace: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tieout:
    return Tieout(workplace, monkeypatch, capsys)


@pytest.mark.first_case
@pytest.mark.timeout(600)
def test_five_broken_sites_stop_nobody_else(
    workplace: Workplace, tieout: Tieout, database_url: str, sites_count: int, tmp_path: Path
) -> None:
    # All but the first, which stands in the settings already, and the one that nobody knows.
    further = [str(1000 + number) for number in range(1, sites_count - 1)]
    right = dict.fromkeys(further, PASSWORD)
    configure(workplace, database_url, right)
    left = workplace.folder / "left.csv"
    left.write_text("\n".join([HEADINGS, earned(CLIENT), ""]))
    assert tieout("approve", tieout("plan", left, "--site", LEFT, "--json").json["plan_id"]).code == 0
    wrong = {**right, EXPIRED: "expired", UNKNOWN: PASSWORD}
    del wrong[LEFT]
    configure(workplace, database_url, wrong)
    for site_id in ("-99", *wrong):
        workplace.put(f"{site_id}/export.csv", earned(CLIENT_DOWN if site_id == DOWN else CLIENT))
    broken = workplace.inbox / BROKEN_FILE / "export.csv"
    good = broken.read_bytes()
    broken.write_bytes(b"PK\x03\x04 half of a workbook")

    first = tieout(*RUN)
    broken_names = {f"Mindbody site {site_id}" for site_id in (EXPIRED, LEFT, DOWN, UNKNOWN)}
    assert (first.code, first.json["posted"], first.json["ties_out"]) == (3, sites_count - 5, True)
    assert {one["what"] for one in first.json["not_read"]} == broken_names | {"export.csv"}
    assert len([line for line in first.err.splitlines() if line.startswith("tieout: ")]) == 5
    verdict = json.loads(Path(first.json["report"]).with_suffix(".json").read_text("utf-8"))["verdict"]
    assert all(name in verdict for name in broken_names)
    # Of the files that could not be read, and of those for places in trouble, none has left.
    assert {path.parent.name for path in workplace.inbox.rglob("*.csv")} == {EXPIRED, BROKEN_FILE, UNKNOWN}

    # All is mended, but for the site that nobody knows, whose file a person takes away.
    broken.write_bytes(good)
    (workplace.inbox / UNKNOWN / "export.csv").unlink()
    configure(workplace, database_url, right)
    with start_sandbox(state=tmp_path / "sandbox.db") as mended:
        text = workplace.config.read_text("utf-8").replace(str(workplace.ready["url"]), mended["url"])
        workplace.configure(text)
        second = tieout(*RUN)
    assert (second.code, second.json["posted"], second.json["not_read"]) == (0, 4, [])
    paid = Counter(line["site_id"] for line in workplace.commits())
    assert paid == Counter(["-99", *further])
