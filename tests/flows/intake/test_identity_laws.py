"""Laws of identity, through the check and the ledger: what overlaps is never a second event, however it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from pydantic import SecretStr

from flows.intake.check import check_file
from flows.intake.register import register
from flows.ledger.connection import Ledger, open_ledger
from flows.settings.sections import Settings
from sql.register import Registered
from tests.laws import law
from tests.registered import add_run, run_of, with_site

_FIRST = datetime(2025, 10, 1, 17)  # noqa: DTZ001 - a clock time, of whatever zone
_ZONES = ("UTC", "America/New_York", "Australia/Sydney", "Asia/Kolkata")
_numbers = count()


@dataclass(frozen=True)
class Entry:
    """What a row says: a client, a second, and the digits after it."""

    client: int
    second: int
    digits: str

    @property
    def clock(self) -> str:
        return (_FIRST + timedelta(seconds=self.second)).isoformat(sep=" ")


ENTRIES = st.lists(
    st.builds(Entry, st.integers(1, 2), st.integers(0, 1), st.text("09", max_size=3)), min_size=1, max_size=6
)


@dataclass(frozen=True)
class Book:
    """A ledger for all examples, each of which has clients of its own."""

    ledger: Ledger
    settings: Settings

    def take_in(self, lines: Sequence[str], zone: str = "UTC") -> Registered:
        number = next(_numbers)
        path: Path = self.settings.root / f"export-{number}.csv"
        headings = "No.,ClientId,Points,Action,Source,ActionDateTime"
        numbered = [f"{number}-{place},{line}" for place, line in enumerate(lines)]
        path.write_text("\n".join([headings, *numbered]) + "\n", encoding="utf-8")
        in_zone = self.settings.model_copy(update={"columns": {"desk": {"timezone": zone}}})
        registered = register(run_of(in_zone, self.ledger, "run"), check_file(in_zone, path, None))
        assert registered is not None
        return registered


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("laws")
    plain = Settings(database_url=SecretStr(f"sqlite:///{folder / 'ledger.db'}"), workspace=folder)
    with open_ledger(plain) as ledger:
        add_run(ledger, "run")
        yield Book(ledger, with_site(plain))


def written(draw: st.DrawFn, entry: Entry, example: int, *, offset: bool) -> str:
    """Write an entry as some program would, its fraction cut anywhere."""
    digits = entry.digits[: draw(st.integers(0, 3))]
    clock = entry.clock.replace(" ", draw(st.sampled_from(["T", " "])))
    zone = draw(st.sampled_from(["Z", "+00:00", "+0000", " Z"])) if offset else ""
    time = clock + (f".{digits}" if digits else "") + zone
    points = draw(st.sampled_from(["10", "10.0", "010"]))
    action = draw(st.sampled_from(["Earned", "EARNED", "earned"]))
    source = draw(st.sampled_from(["Sale", "sale"]))
    return f"{example}-{entry.client},{points},{action},{source},{time}"


def whole(entry: Entry, example: int, *, offset: bool) -> str:
    fraction = f".{entry.digits}" if entry.digits else ""
    return f"{example}-{entry.client},10,Earned,Sale,{entry.clock}{fraction}{'Z' if offset else ''}"


laws = law(30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@laws
@given(st.data(), ENTRIES)
def test_an_overlapping_export_in_any_spelling_makes_no_second_event(
    book: Book, data: st.DataObject, entries: list[Entry]
) -> None:
    example = next(_numbers)
    first = book.take_in([whole(entry, example, offset=True) for entry in entries])
    assert first.accepted == len(entries)
    chosen = data.draw(st.permutations(entries))[: data.draw(st.integers(1, len(entries)))]
    again = book.take_in([data.draw(st.composite(written)(entry, example, offset=True)) for entry in chosen])
    assert again.duplicate == len(chosen)


@laws
@given(st.data(), ENTRIES, st.permutations(_ZONES))
def test_a_row_whose_raw_cells_are_known_is_never_accepted_under_another_zone(
    book: Book, data: st.DataObject, entries: list[Entry], zones: list[str]
) -> None:
    example = next(_numbers)
    book.take_in([whole(entry, example, offset=False) for entry in entries], zones[0])
    for zone in zones[1:]:
        lines = [data.draw(st.composite(written)(entry, example, offset=False)) for entry in entries]
        again = book.take_in(lines, zone)
        assert (again.accepted, again.rejected) == (0, 0)
