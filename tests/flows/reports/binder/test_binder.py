"""The pages of the binder are read back with poppler where it is there, and by their own bytes where it is not."""

import csv
import re
import zlib
from base64 import a85decode
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from flows.reports.binder.paper import paper_of
from flows.reports.binder.pdf import write_pdf
from flows.reports.binder.section_files import write_section_files
from flows.reports.binder.write import write_binder
from flows.reports.document import document_of_run
from flows.runtime.errors import CouldNotRun
from tests.flows.reports import samples


def pages_count(path: Path) -> int:
    return len(re.findall(rb"/Type /Page\b", path.read_bytes()))


def drawn(path: Path) -> bytes:
    """Return what the pages draw, unpacked."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", path.read_bytes(), re.DOTALL)
    packed = [stream.strip() for stream in streams if stream.strip().endswith(b"~>")]
    return b"".join(zlib.decompress(a85decode(stream, adobe=False)) for stream in (one[:-2] for one in packed))


def test_write_pdf_is_two_pages_also_of_a_night_with_many_differences(tmp_path: Path) -> None:
    few = samples.breaks()
    many = pd.concat([few] * 40, ignore_index=True).assign(id=[f"brk-{number:04d}" for number in range(40 * len(few))])
    for name, report in (("few", samples.report()), ("many", samples.report(breaks=many)), ("none", samples.quiet())):
        assert (name, pages_count(write_pdf(paper_of(document_of_run(report)), tmp_path / f"{name}.pdf"))) == (name, 2)


def test_write_pdf_made_twice_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    made = [write_pdf(paper_of(document_of_run(samples.report())), tmp_path / f"{name}.pdf") for name in "ab"]
    assert made[0].read_bytes() == made[1].read_bytes()
    assert drawn(made[0])


@pytest.mark.parametrize("title", ["<b>&amp;</i>", "李 <para>", "\x07\u202e", "=1+1", "Ł" * 500])
def test_write_pdf_takes_any_text_for_text(tmp_path: Path, title: str) -> None:
    breaks = samples.breaks().assign(detail=title, owner=title, client_id=title)
    paper = paper_of(document_of_run(samples.report(title=title, breaks=breaks)))
    assert pages_count(write_pdf(paper, tmp_path / "r.pdf")) >= 2


def test_paper_of_keeps_what_was_found_the_walk_and_the_differences(tmp_path: Path) -> None:
    paper = paper_of(document_of_run(samples.report()))
    assert [block.name for block in paper.first] == ["Walk"]
    assert [block.name for line in paper.second for block in line] == ["Balances", "Roll-forward of breaks", "Breaks"]
    assert len(paper.answers) == 4
    assert paper.roles == ("Prepared by", "Approved by")


def test_paper_of_says_how_many_lines_it_leaves_out() -> None:
    opened = date(2025, 7, 2) - timedelta(days=3)
    breaks = pd.concat([samples.breaks()] * 3, ignore_index=True).assign(opened_on=opened)
    paper = paper_of(document_of_run(samples.report(breaks=breaks)))
    assert paper.second[-1][-1].note.endswith("The first 10 of 27 lines; the workbook has them all.")


def test_write_section_files_writes_summaries_and_lines(tmp_path: Path) -> None:
    written = write_section_files(document_of_run(samples.report()), tmp_path / "new" / "folder")
    names = {path.name for path in written}
    assert {f"run-20250702-0900-7f3a-{name}.csv" for name in ("walk", "posted", "balances", "by-day")} <= names
    posted = next(path for path in written if path.name.endswith("-posted.csv"))
    lines = list(csv.DictReader(posted.read_text(encoding="utf-8").splitlines()))
    assert len(lines) == 40
    assert sum(int(float(line["Points earned"] or 0)) for line in lines) > 0


def test_write_binder_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CouldNotRun, match="cannot be written"):
        write_binder(document_of_run(samples.report()), tmp_path / "file" / "r.pdf", None)
