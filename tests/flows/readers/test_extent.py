import pytest

from flows.readers import extent
from flows.readers.extent import find_extent


def sheet(*cells: str) -> bytes:
    return f"<worksheet><cols/><sheetData><row r='1'>{''.join(cells)}</row></sheetData></worksheet>".encode()


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        pytest.param([], (0, 0, 0), id="none"),
        pytest.param(['<c r="A1"/>', '<c r="B7" s="1"><v>1</v></c>'], (7, 2, 2), id="usual"),
        pytest.param(['<c r="XFD1048576"><v>1</v></c>'], (1_048_576, 16_384, 1), id="the last there is"),
        pytest.param(['<c s="1" r="C3"/>'], (3, 3, 2), id="another order"),
        pytest.param(["<c r='C3'/>", '<c r="A9"/>'], (9, 3, 3), id="single quotes"),
        pytest.param(['<x:c r="C3"/>'], (3, 3, 2), id="with a prefix"),
        pytest.param(['<c r="c3"/>'], (3, 3, 2), id="small letters"),
        pytest.param(["<c/>"], (1, 0, 1), id="without a place"),
        pytest.param(['<c r="A99999999999999"/>'], (99_999_999_999_999, 1, 2), id="far beyond"),
    ],
)
def test_find_extent_reads_places_however_they_are_written(cells: list[str], found: tuple[int, int, int]) -> None:
    assert find_extent(sheet(*cells)) == found


def test_find_extent_reads_a_sheet_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [f'<c r="AB{row}"><v>{row}</v></c>' for row in range(1, 200)]
    whole = find_extent(sheet(*cells))
    found = set()
    for size in range(7, 64):
        monkeypatch.setattr(extent, "_BLOCK", size)
        found.add(find_extent(sheet(*cells)))
    assert found == {whole} == {(199, 28, 199)}
