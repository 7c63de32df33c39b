"""One line of figures at the end of a run: how much, how fast, how many calls, how old."""

from datetime import datetime

from flows.ledger.run import Run
from flows.ledger.summary import Summary
from flows.runtime.clock import utc_now
from flows.runtime.log import is_json, record
from sql.budget import calls_made
from sql.figures import oldest_open
from transforms.vocabulary import Target

_HOUR = 3600


def tell_figures(run: Run, summary: Summary) -> None:
    """Say how fast the run was, which calls are left, and how old the oldest thing is that waits."""
    rows, posted = int(summary.totals["rows_read"]), int(summary.totals["posted"])
    reading, posting = run.timings.seconds("check", "register"), run.timings.seconds("post")
    now = utc_now()
    with run.ledger.begin() as connection:
        made = calls_made(connection, Target.MINDBODY, now.date())
        oldest = oldest_open(connection)
    left = max(0, run.settings.mindbody.calls_per_day - made)
    pending_hours = _hours(oldest.pending_since_at, now)
    unknown_hours = _hours(oldest.unknown_since_at, now)
    if is_json():
        record(
            "figures",
            rows=rows,
            rows_per_second=_rate(rows, reading),
            posted=posted,
            posts_per_second=_rate(posted, posting),
            calls_made_today=made,
            calls_left_today=left,
            waiting=summary.waiting_count,
            oldest_pending_hours=pending_hours,
            oldest_unknown_hours=unknown_hours,
        )
        return
    told = [
        f"{rows:,} rows ({_rate(rows, reading):,.0f}/s)",
        f"{posted:,} posted ({_rate(posted, posting):,.0f}/s)",
        f"calls to Mindbody today: {made:,} made, {left:,} left",
    ]
    told += [f"oldest to be sent: {pending_hours:,.1f} h"] if pending_hours is not None else []
    told += [f"oldest in doubt: {unknown_hours:,.1f} h"] if unknown_hours is not None else []
    run.progress(f"figures: {', '.join(told)}")


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1) if seconds > 0 else 0.0


def _hours(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else round((now - since).total_seconds() / _HOUR, 2)
