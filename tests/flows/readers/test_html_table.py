from pathlib import Path

import pytest

from flows.readers.read import read_file
from tests.flows.readers.reading import read_one, texts, write_bytes
from transforms.sheets.sheet import FileError, Sheet


def read(html: str, tmp_path: Path) -> Sheet:
    return read_one(write_bytes(tmp_path / "report.xls", html.encode()))


@pytest.mark.parametrize(
    ("html", "rows"),
    [
        pytest.param("<table><tr><td>1<td>2<tr><td>3", [["1", "2"], ["3", None]], id="nothing closed"),
        pytest.param("<table></tr><td>1</td><td>2</td></tr></table>", [["1", "2"]], id="no opening row"),
        pytest.param("<table><tr><td>a&nbspb&#26519;&amp;</td></tr></table>", [["a\u00a0b林&"]], id="entities"),
        pytest.param("<table><tr><td> a\n  b<br>c</td></tr></table>", [["a b c"]], id="blanks"),
        pytest.param("<table><tr><td><a href='/x'>Doe</a></td></tr></table>", [["Doe"]], id="link"),
        pytest.param("<table><tr><td colspan=2>a</td><td>b</td></tr></table>", [["a", None, "b"]], id="colspan"),
        pytest.param(
            "<table><tr><td>1</td><td rowspan=2>2</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></table>",
            [["1", "2", "3"], ["4", None, "5"]],
            id="rowspan",
        ),
        pytest.param("<table><tr><td>t</td></tr></table><table><tr><td>1</td></tr></table>", [["t"], ["1"]], id="two"),
        pytest.param("<style>td {}</style><table><tr><td>1<script>x</script></td></tr></table>", [["1"]], id="script"),
    ],
)
def test_read_file_reads_what_browsers_forgive(html: str, rows: list[list[str | None]], tmp_path: Path) -> None:
    assert texts(read(html, tmp_path)) == rows


def test_read_file_knows_rows_that_span_the_table(tmp_path: Path) -> None:
    html = "<table><tr><td>1</td><td>2</td></tr><tr><td colspan=2>CLASSPASS</td></tr></table>"
    assert read(html, tmp_path).merged_rows == {2}


def test_read_file_refuses_a_page_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no table"):
        read_file(write_bytes(tmp_path / "a.xls", b"<html><body>Sign in</body></html>"))


def test_a_span_of_thousands_of_digits_is_as_wide_as_any(tmp_path: Path) -> None:
    page = f'<table><tr><td colspan="{"9" * 5000}">ClientId</td></tr></table>'
    assert read_one(write_bytes(tmp_path / "a.xls", page.encode())).cells.shape == (1, 1000)
