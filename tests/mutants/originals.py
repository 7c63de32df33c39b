"""The good files that are mutated: one of every format, written by several programs, with all the fields there are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import xlsxwriter  # type: ignore[import-untyped]  # it has annotations, and no marker that says so

from tests.flows.readers.xlsb_by_hand import write_xlsb

_REAL = Path(__file__).parents[1] / "flows" / "readers" / "files"
_SAMPLES = Path(__file__).parents[2] / "data_samples"
_CHECKED = (".xlsx", ".xlsb", ".ods")  # ZIP archives, whose checksums tell a changed byte

HEADINGS = ["ClientId", "Points", "Action", "Source", "SourceId", "ActionDateTime", "SiteId"]
Row = Sequence[str | int | None]


@dataclass(frozen=True)
class Original:
    """A file as it was before anything happened to it."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        """Its ending, with the dot."""
        return Path(self.name).suffix

    @property
    def has_checksums(self) -> bool:
        """Whether the format itself can tell that a byte was changed."""
        return self.suffix in _CHECKED


def originals(folder: Path) -> list[Original]:
    """Return the files; those that are made are made in the folder."""
    made = [
        _csv(folder / "comma.csv", ",", "utf-8", "\n"),
        _csv(folder / "semicolon.csv", ";", "utf-8-sig", "\r\n"),
        _csv(folder / "unicode.txt", "\t", "utf-16", "\r\n"),
        _csv(folder / "western.csv", ",", "cp1252", "\n"),
        _json(folder / "list.json"),
        _json_lines(folder / "lines.jsonl"),
        _openpyxl(folder / "openpyxl.xlsx"),
        _xlsxwriter(folder / "points.xlsx"),
        write_xlsb(folder / "by_hand.xlsb", [list(map(str, HEADINGS)), *([str(v or "") for v in r] for r in _rows())]),
    ]
    real = [path for path in _REAL.iterdir() if path.suffix != ".md" and not path.stem.startswith("password")]
    samples = [path for path in _SAMPLES.iterdir() if path.suffix != ".md"]
    return [Original(path.name, path.read_bytes()) for path in (*made, *sorted(real), *sorted(samples))]


def _rows() -> list[Row]:
    sources = ["Sale", "Referral", "Class Booking", "Appointment Booking"]
    rows: list[Row] = []
    for number in range(24):
        at = datetime(2025, 5, 1 + number, 10, 26, 33, tzinfo=UTC).isoformat().replace("+00:00", "Z")
        is_earned = number % 3 > 0
        source = (sources[number % 4], 7000 + number) if is_earned else (None, None)
        client = f"Zoë{number}" if number % 8 == 0 else f"{100_000_000 + 37 * number}"
        rows.append([client, 1200 + number, "Earned" if is_earned else "Redeemed", *source, at, "-99"])
    return rows


def _csv(path: Path, delimiter: str, encoding: str, end: str) -> Path:
    lines = [delimiter.join("" if value is None else str(value) for value in row) for row in (HEADINGS, *_rows())]
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def _items() -> list[dict[str, str | int]]:
    return [{key: value for key, value in zip(HEADINGS, row, strict=True) if value is not None} for row in _rows()]


def _json(path: Path) -> Path:
    path.write_text(json.dumps(_items(), ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _json_lines(path: Path) -> Path:
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in _items()), encoding="utf-8")
    return path


def _openpyxl(path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (HEADINGS, *_rows()):
        book.active.append(list(row))
    book.properties.created = book.properties.modified = datetime(2025, 5, 1, tzinfo=UTC).replace(tzinfo=None)
    book.save(path)
    return path


def _xlsxwriter(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Rewards")
        for number, row in enumerate((HEADINGS, *_rows())):
            page.write_row(number, 0, row)
    return path
