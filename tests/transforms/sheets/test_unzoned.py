"""Times that name no zone: told how they are read, or asked about, once for a layout or a site."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from tests.transforms.sheet_makers import CLIENT, RULES, check_rows
from transforms.sheets.clocks import SiteClock
from transforms.sheets.layout import Layout
from transforms.sheets.unzoned import unzoned_questions
from transforms.vocabulary import Times

STUDIO = ZoneInfo("America/Los_Angeles")
WITH_SITES = [*CLIENT, "SiteId"]
LOCAL = "2024-10-26 00:00"


def row(time: str, *more: str) -> list[str]:
    return ["1", "5", "Earned", "", "", time, *more]


def rules_of(*layouts: Layout, **sites: SiteClock):  # type: ignore[no-untyped-def]
    clocks = sites or {"-99": SiteClock(STUDIO)}
    return replace(RULES, site_clocks=clocks, layouts=layouts)


def test_a_question_shows_the_first_row_both_ways_in_full() -> None:
    checked = check_rows(row("2024-10-25T17:00:00Z"), row(LOCAL), row("2024-10-27"), rules=rules_of())
    (question,) = unzoned_questions(checked.unzoned)
    assert "row 3 has 2024-10-26 00:00" in question.message
    assert question.choices["utc"] == "as UTC: Fri 25 Oct 2024, 5:00 pm in the studio"
    assert question.choices["site"] == "as the studio's time: Sat 26 Oct 2024, 12:00 am in the studio"
    assert (question.site_id, checked.unzoned[0].count) == ("-99", 2)


def test_an_example_that_the_studio_has_once_is_preferred() -> None:
    checked = check_rows(row("2024-11-03 01:30"), row("2024-11-03 05:30"), rules=rules_of())
    (question,) = unzoned_questions(checked.unzoned)
    assert "row 3" in question.message


def test_no_time_without_an_offset_is_no_question() -> None:
    checked = check_rows(row("2024-10-25T17:00:00+02:00"), row(""), row("x"), rules=rules_of())
    assert checked.unzoned == ()


def test_each_site_is_asked_about_once_and_each_layout_once() -> None:
    sites = {"1": SiteClock(STUDIO), "2": SiteClock(ZoneInfo("Europe/Berlin"))}
    rows = [row(LOCAL, site) for site in ("1", "2", "1")]
    of_sites = check_rows(*rows, headings=WITH_SITES, rules=rules_of(**sites))
    assert [question.site_id for question in unzoned_questions(of_sites.unzoned)] == ["1", "2"]
    desk = Layout("desk", {"ClientId": "client_id"})
    of_layout = check_rows(row(LOCAL), headings=CLIENT, rules=rules_of(desk))
    (question,) = unzoned_questions(of_layout.unzoned)
    assert (question.about.layout, question.site_id) == ("desk", None)


def test_each_row_is_read_by_the_clock_of_its_site() -> None:
    sites = {"1": SiteClock(STUDIO, Times.SITE), "2": SiteClock(ZoneInfo("Europe/Berlin"), Times.SITE)}
    rows = [row(LOCAL, site) for site in ("1", "2")]
    checked = check_rows(*rows, headings=WITH_SITES, rules=rules_of(**sites))
    assert [f"{at:%d %H}" for at in checked.events["action_at"]] == ["26 07", "25 22"]


@pytest.mark.parametrize(
    ("clock", "told"),
    [
        pytest.param(
            SiteClock(STUDIO, Times.SITE),
            "read as the studio's time (America/Los_Angeles), as it is set for site -99: 2024-10-26 00:00 in row 2 is "
            "Sat 26 Oct 2024, 12:00 am in the studio",
        ),
        pytest.param(
            SiteClock(STUDIO, Times.UTC),
            "read as UTC, as it is set for site -99: 2024-10-26 00:00 in row 2 is Fri 25 Oct 2024, 5:00 pm in the "
            "studio",
        ),
        pytest.param(SiteClock(STUDIO, Times.UTC, is_as_before=True), 'write times = "site" for site -99'),
    ],
)
def test_how_times_are_read_is_said(clock: SiteClock, told: str) -> None:
    checked = check_rows(row(LOCAL), rules=rules_of(**{"-99": clock}))
    assert not list(unzoned_questions(checked.unzoned))
    assert told in checked.notes[-1].message
    assert (checked.notes[-1].row, checked.notes[-1].column) == (2, "ActionDateTime")
