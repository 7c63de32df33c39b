from pathlib import Path
from typing import Any

import pytest

from flows.ledger.summary import Summary
from flows.runtime.errors import ExitCode

KEYS = [
    "files", "rows_read", "accepted", "duplicate", "held", "rejected", "carried_in", "posted", "refused", "unknown",
    "pending", "withheld", "points_earned", "points_redeemed", "amount_updated", "breaks_open", "ties_out",
]  # fmt: skip
CLEAN: dict[str, Any] = {**dict.fromkeys(KEYS, 0), "amount_updated": "0", "ties_out": True}


def summary(failures: tuple[str, ...] = (), waiting_count: int = 0, **totals: object) -> Summary:
    return Summary("nightly-1", CLEAN | totals, Path("a.xlsx"), failures=failures, waiting_count=waiting_count)


def test_to_json_has_the_documented_keys_in_order() -> None:
    added = ["calls_made", "calls_per_event", "proved"]
    assert list(summary().to_json()) == ["run_id", *KEYS, "report", "notes", "not_read", *added]


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        pytest.param(summary(), ExitCode.TIES_OUT, id="clean"),
        pytest.param(summary(pending=3, duplicate=2, posted=9), ExitCode.TIES_OUT, id="pending goes on by itself"),
        *(
            pytest.param(summary(**{key: 1}), ExitCode.NEEDS_A_PERSON, id=key)
            for key in ("rejected", "held", "refused", "unknown", "breaks_open")
        ),
        pytest.param(summary(waiting_count=1), ExitCode.NEEDS_A_PERSON, id="held by an earlier run"),
        pytest.param(summary(ties_out=False), ExitCode.NEEDS_A_PERSON, id="does not tie out"),
        pytest.param(summary(("a file",), rejected=1), ExitCode.COULD_NOT_RUN, id="a failure"),
    ],
)
def test_exit_code_says_what_the_caller_should_do(ended: Summary, code: ExitCode) -> None:
    assert ended.exit_code is code
