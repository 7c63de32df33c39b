from datetime import date
from pathlib import Path

from flows.reconcile import reconcile


def test_reconcile_takes_days_as_text_as_a_server_hands_them_over(prefect_url: str, workspace: Path) -> None:
    found = reconcile("2026-11-01", until=date(2026, 11, 2), config=str(workspace / "tieout.toml"))  # type: ignore[arg-type]
    assert (found.since, found.until) == (date(2026, 11, 1), date(2026, 11, 2))
