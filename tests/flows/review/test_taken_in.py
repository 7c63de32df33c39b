"""What came, by day, and what has become of it: by the real command, on both databases."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from flows.runtime.clock import utc_now
from tests.flows.command import Tieout
from tests.flows.workplace import Workplace, earned, open_workplace, redeemed


@pytest.fixture
def workplace(tmp_path: Path, ready: dict[str, Any], database_url: str) -> Workplace:
    return open_workplace(tmp_path, ready, database_url=database_url)


def test_files_are_told_by_day_with_what_has_become_of_them(
    workplace: Workplace, tieout: Tieout, database_url: str
) -> None:
    first, poor = ("200000001", "200000002") if database_url.startswith("sqlite") else ("200000003", "200000004")
    path = workplace.put("-99/a.csv", earned(first), redeemed(poor), earned(first, 0))
    content = sha256(path.read_bytes()).hexdigest()
    night = tieout.night()
    (file,) = tieout("files", "--json").json
    assert (file["file"], file["sha256"], file["site_id"], file["run_id"]) == (
        "a.csv",
        content,
        "-99",
        night.json["run_id"],
    )
    assert (file["rows_read"], file["accepted"], file["rejected"]) == (3, 2, 1)
    assert file["now"] == {"posted": 1, "refused": 1}
    assert file["archived"] == f"archive/-99/a.{content[:12]}.csv"
    told = tieout("files")
    assert "a.csv (site -99): 3 rows, 2 accepted, 1 rejected; now 1 posted, 1 refused" in told.out
    (workplace.folder / file["archived"]).unlink()
    assert "in the archive no more" in tieout("files").out


@pytest.mark.long
def test_files_of_other_days_are_not_told(workplace: Workplace, tieout: Tieout) -> None:
    workplace.put("a.csv", earned("200000005", 0))
    tieout("run", "--plain")
    past = (utc_now() - timedelta(days=3)).date()
    assert "No file was taken in" in tieout("files", "--until", past).out
    wrong = tieout("files", "--since", "yesterday")
    assert (wrong.code, '"yesterday" is no date' in wrong.err) == (2, True)
    assert tieout("files", "--since", "2026-03-02", "--until", "2026-03-01").code == 2
