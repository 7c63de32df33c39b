"""Time a night of one, four, eight and sixteen sites side by side, at the pace of real services; and of 200 sites.

    python -m tests.bench.sites
    TIEOUT_BENCH_SITES=0 python -m tests.bench.sites      without the many, of a few events each; or with so many

The floor is one site's night: sites that go side by side should take no longer, but for what one processor does.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flows.sandbox import start_sandbox
from tests.flows.workplace import PASSWORD, Workplace, earned, further_sites, open_workplace

_EVENTS = 42
_PACE = 10
_GOAL = 1.5
_LOADER = "[loader]\nrequests_per_second = {pace}\nsettle_after_seconds = 0.2\nsites_at_once = {at_once}\n"


def main() -> int:
    """Print a line a night; 1 where eight sites miss the goal."""
    seconds = {sites: _time_night(sites, _EVENTS, at_once=16) for sites in (1, 4, 8, 16)}
    one = seconds[1]
    for sites, taken in seconds.items():
        sys.stdout.write(
            f"{sites:>4} sites of {_EVENTS} events at {_PACE}/s: {taken:6.1f} s, {taken / one:5.2f} of one\n"
        )
    many = int(os.environ.get("TIEOUT_BENCH_SITES", "200"))
    if many:
        taken = _time_night(many, 5, at_once=16)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(f"{many:>4} sites of 5 events, 16 at once: {taken:6.1f} s, peak {peak:.0f} MB\n")
    return 0 if seconds[8] <= _GOAL * one else 1


def _time_night(sites: int, events: int, at_once: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        options = ("--more-sites", str(sites - 1), "--extra-clients", str(events))
        with start_sandbox(state=Path(folder) / "sandbox.db", options=options) as ready:
            workplace = _lay_out(Path(folder), ready, sites, events, at_once)
            begun = time.perf_counter()
            summary = workplace.run()
            taken = time.perf_counter() - begun
            assert summary.totals["posted"] == sites * events, summary.failures
    return taken


def _lay_out(folder: Path, ready: dict[str, Any], sites: int, events: int, at_once: int) -> Workplace:
    workplace = open_workplace(folder, ready, calls_per_day=1_000_000)
    further = [str(1000 + number) for number in range(1, sites)]
    text = workplace.config.read_text("utf-8")
    services = text[: text.index("[loader]")]
    loader = _LOADER.format(pace=_PACE, at_once=at_once)
    workplace.configure(services + further_sites(dict.fromkeys(further, PASSWORD)) + loader)
    clients = ready["mindbody"]["client_ids"][-events:]
    for site_id in ("-99", *further):
        workplace.put(f"{site_id}/export.csv", *(earned(client_id) for client_id in clients))
    return workplace


if __name__ == "__main__":
    sys.exit(main())
