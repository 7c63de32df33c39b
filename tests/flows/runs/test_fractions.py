"""The fraction of a second goes out as the sheet shows it, comes back as the service likes, and matches."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.sandbox import start_sandbox
from tests.flows.workplace import Workplace, earned, open_workplace

CLIENT = "200000001"
TIME = "2026-09-20T17:00:00.123Z"


@pytest.fixture(params=["fractions", "whole seconds"])
def workplace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workplace]:
    options = ["--extra-clients", "9", *(["--whole-seconds"] if request.param == "whole seconds" else [])]
    with start_sandbox(state=tmp_path / "s.db", options=tuple(options), faults=f"drop_after={CLIENT}*1") as ready:
        yield open_workplace(tmp_path / "place", ready)


@pytest.mark.first_case
def test_run_sends_the_fraction_settles_and_matches(workplace: Workplace) -> None:
    workplace.put("a.csv", earned(CLIENT, time=TIME), earned("200000002", time="2026-09-20T17:00:00.5Z"))
    ended = workplace.run().totals
    assert [ended["posted"], ended["unknown"], ended["breaks_open"], ended["ties_out"]] == [2, 0, 0, True]
    sent = {line["client_id"]: line["action_date_time"] for line in workplace.commits()}
    assert sent == {CLIENT: "2026-09-20T17:00:00.123000Z", "200000002": "2026-09-20T17:00:00.500000Z"}
    workplace.put("b.csv", earned(CLIENT, time=TIME[:19] + "Z"), earned("200000002", time="2026-09-20T17:00:00.900Z"))
    again = workplace.run().totals
    assert [again["duplicate"], again["held"], len(workplace.commits())] == [1, 1, 2]
