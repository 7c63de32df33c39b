"""A file in several parts that leave each other something to say, and all that a check finds in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from flows.intake.check import check_file
from flows.intake.checked_file import CheckedFile
from flows.settings.sections import Settings

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HEADINGS = "ClientId,Points,Action,Source,ActionDateTime"


def checked(path: Path, settings: Settings, part_rows: int = 110) -> CheckedFile:
    return check_file(settings, path, "-99", now=NOW, part_rows=part_rows)


def what_was_told(file: CheckedFile) -> tuple[object, ...]:
    frames = [pd.concat(list(parts)).to_csv() for parts in (file.errors, file.skipped, file.identified())]
    return *frames, file.notes, file.questions, file.file_totals, len(file.unzoned)


def write_rows(path: Path, *rows: str, headings: str = HEADINGS) -> Path:
    path.write_text("\n".join([headings, *rows, ""]), encoding="utf-8")
    return path


def mixed_rows() -> Iterator[str]:
    """Rows good and bad; equal neighbors where parts meet; an order of days that only the last rows tell."""
    for number in range(300):
        points = "x" if number % 17 == 0 else str(number % 40 + 1)
        yield f"10000{number // 3:04},{points},Earned,Referral,0{number % 9 + 1}/0{number % 8 + 1}/2026 10:00"
    yield "100009999,5,Earned,Referral,25/09/2026 10:00"
