import json

from flows.reports.report import rows
from flows.reports.snapshots import _lines, _read
from flows.reports.unread import unread_frame, unread_in
from tests.flows.reports import samples
from transforms.destinations import NotRead, client_not_read

THINGS = [client_not_read("-99", "000123", "status 503"), NotRead("reward list.xlsx", "damaged", site_id="-99")]


def test_a_snapshot_keeps_what_was_not_read_as_what_it_is() -> None:
    kept = "".join(_lines(samples.quiet(not_read=unread_frame(THINGS)), {}))
    assert unread_in(rows(_read(kept), "not_read")) == THINGS


def test_a_snapshot_of_before_tells_what_was_not_read_by_its_name() -> None:
    lines = list(_lines(samples.quiet(not_read=unread_frame(THINGS)), {}))
    begin = next(place for place, line in enumerate(lines) if line.startswith('{"frame": "not_read"'))
    about = json.loads(lines[begin])
    about["types"] = {name: about["types"][name] for name in ("what", "why")}
    before = [*lines[:begin], json.dumps(about) + "\n", *lines[begin + 1 : begin + 3], *lines[begin + 5 :]]
    report = _read("".join(before))
    # The folder that the file lay in was not told then.
    assert unread_in(rows(report, "not_read")) == [THINGS[0], NotRead("reward list.xlsx", "damaged")]
