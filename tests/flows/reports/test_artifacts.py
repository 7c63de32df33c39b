import re
import subprocess
import sys
from pathlib import Path

from flows.reports.artifacts import MOST_ROWS, markdown, prefect_artifacts
from tests.flows.reports import samples


def test_prefect_artifacts_are_a_summary_small_tables_and_links(tmp_path: Path) -> None:
    made = prefect_artifacts(samples.report(), [tmp_path / "r.xlsx"], with_rows=True)
    assert [kind for _, kind, _ in made] == ["markdown", *["table"] * 4, "link"]
    assert made[-1] == ("tieout-file-xlsx", "link", ((tmp_path / "r.xlsx").as_uri(), "r.xlsx"))


def test_prefect_artifacts_have_keys_that_prefect_takes() -> None:
    keys = [key for key, _, _ in prefect_artifacts(samples.report(), with_rows=True)]
    assert all(re.fullmatch(r"[a-z0-9-]+", key) for key in keys)
    assert len(set(keys)) == len(keys)


def test_prefect_artifacts_keep_tables_small() -> None:
    refused = samples.refused().loc[[0] * (MOST_ROWS + 1)]
    tables = {
        key: payload
        for key, kind, payload in prefect_artifacts(samples.report(refused=refused), with_rows=True)
        if kind == "table"
    }
    assert len(tables["tieout-refused"]) == MOST_ROWS  # type: ignore[arg-type]


def test_prefect_artifacts_of_a_quiet_night_are_only_the_summary() -> None:
    assert [kind for _, kind, _ in prefect_artifacts(samples.quiet(), with_rows=True)] == ["markdown"]


def test_prefect_artifacts_name_no_client_and_no_cell_unless_asked(tmp_path: Path) -> None:
    report = samples.report()
    made = prefect_artifacts(report, [tmp_path / "r.xlsx"], with_rows=False)
    assert [kind for _, kind, _ in made] == ["markdown", "link"]
    of_people = {*report.breaks["client_id"], *report.waiting["client_id"], *report.refused["client_id"]}
    assert len(of_people) > 1
    assert [one for one in of_people if isinstance(one, str) and one in str(made)] == []


def test_markdown_obeys_nothing_from_data() -> None:
    text = markdown(samples.report(title="[x](http://y) | <b>\n# z"))
    assert text.splitlines()[0] == r"# \[x\](http://y) \| \<b\>\\n\# z"


def test_artifacts_import_no_prefect() -> None:
    code = "import sys, flows.reports.artifacts; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603  # our own code
