from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from transforms.sheets.clocks import SaidBy, SiteClock, said_clock
from transforms.vocabulary import Times

STUDIO = ZoneInfo("America/Los_Angeles")
ELSEWHERE = ZoneInfo("Australia/Sydney")
OPEN = SiteClock(STUDIO)
IN_UTC = SiteClock(STUDIO, Times.UTC)
OWN = SiteClock(STUDIO, Times.SITE)


@pytest.mark.parametrize(
    ("times", "zone", "site", "is_of_keys", "held", "said_by"),
    [
        pytest.param(None, None, OPEN, False, UTC, SaidBy.NOBODY, id="nobody: by the document, and a question"),
        pytest.param(None, None, OPEN, True, UTC, SaidBy.DOCUMENT, id="keys are the document's own form"),
        pytest.param(None, None, OWN, True, UTC, SaidBy.DOCUMENT, id="what is said of a site's sheets is not of keys"),
        pytest.param(None, None, OWN, False, STUDIO, SaidBy.SITE),
        pytest.param(None, None, IN_UTC, False, UTC, SaidBy.SITE),
        pytest.param(Times.SITE, None, IN_UTC, False, STUDIO, SaidBy.LAYOUT, id="the layout before the site"),
        pytest.param(Times.UTC, None, OWN, False, UTC, SaidBy.LAYOUT),
        pytest.param(Times.SITE, None, OWN, True, STUDIO, SaidBy.LAYOUT, id="a layout of keys is meant"),
        pytest.param(None, ELSEWHERE, IN_UTC, False, ELSEWHERE, SaidBy.LAYOUT),
        pytest.param(Times.SITE, ELSEWHERE, OWN, False, ELSEWHERE, SaidBy.LAYOUT, id="a studio's other zone"),
        pytest.param(Times.SITE, None, SiteClock(), False, UTC, SaidBy.DOCUMENT, id="a site whose zone is not known"),
        pytest.param(None, None, SiteClock(STUDIO, Times.UTC, is_as_before=True), False, UTC, SaidBy.AS_BEFORE),
    ],
)
def test_said_clock_takes_the_narrower_word(
    times: Times | None, zone: ZoneInfo | None, site: SiteClock, is_of_keys: bool, held: ZoneInfo, said_by: SaidBy
) -> None:
    said = said_clock(times, zone, site, is_of_keys=is_of_keys)
    assert (said.zone, said.said_by) == (held, said_by)
