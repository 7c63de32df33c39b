from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.reports.page.page import write_page
from tests.flows.reports import samples
from tests.laws import law


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that every tag is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return read(write_page(samples.report(), tmp_path_factory.mktemp("page") / "r.html"))


def test_write_page_needs_nothing_from_elsewhere(page: Reader) -> None:
    links = [value for _, attrs in page.tags for name, value in attrs.items() if name in {"src", "href"}]
    assert all(str(link).startswith("#") for link in links)
    assert not {"script", "link", "img", "iframe", "form"} & {tag for tag, _ in page.tags}


def test_write_page_links_lead_to_parts_that_are_there(page: Reader) -> None:
    targets = {attrs.get("id") for _, attrs in page.tags}
    links = {str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a"}
    assert len(links) > 30
    assert links <= targets


def test_write_page_tells_its_charts_in_words(page: Reader) -> None:
    charts = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert [attrs["role"] for attrs in charts] == ["img", "img"]
    assert "0 to 1 day: 1, 2 to 7 days: 2, 8 to 30 days: 4, over 30 days: 2." in page.text


def test_write_page_tables_have_captions_and_headings(page: Reader) -> None:
    names = [tag for tag, _ in page.tags]
    assert names.count("caption") == names.count("table") > 10
    assert {attrs.get("scope") for tag, attrs in page.tags if tag == "th"} == {"col"}


def test_write_page_of_a_quiet_night_draws_nothing(tmp_path: Path) -> None:
    quiet = read(write_page(samples.quiet(), tmp_path / "q.html"))
    assert "svg" not in {tag for tag, _ in quiet.tags}
    assert "No breaks: source, ledger and service agree." in quiet.text


def test_write_page_made_twice_is_the_same(tmp_path: Path) -> None:
    one, two = (write_page(samples.report(), tmp_path / name) for name in ("1.html", "2.html"))
    assert one.read_bytes() == two.read_bytes()


def test_write_page_says_how_many_lines_it_leaves_out(tmp_path: Path) -> None:
    page = write_page(samples.report(posted=samples.posted(501)), tmp_path / "r.html").read_text(encoding="utf-8")
    assert "The first 500 of 501 lines; the workbook has them all." in page


@law(30)
@given(text=st.text() | st.sampled_from(["<script>alert(1)</script>", '"><img src=x>', "</title>", "]]>"]))
def test_write_page_obeys_no_markup_from_data(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    report = samples.quiet(title=text, run_id=text, rejected=_everywhere(text))
    plain = read(write_page(samples.quiet(rejected=_everywhere("x")), tmp_path_factory.mktemp("p") / "x.html"))
    hostile = read(write_page(report, tmp_path_factory.mktemp("p") / "r.html"))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]


def _everywhere(text: str) -> pd.DataFrame:
    return pd.DataFrame([{**dict.fromkeys(samples.rejected().columns, text), "row": 1}])
