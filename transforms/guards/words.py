"""What guards have to say, in a person's words."""


def stop_text(why: str, *, site_id: str, events_count: int, points: int) -> str:
    """Tell what waits, and which limit it is over.

    >>> stop_text("more points than guards.max_points_per_run (50): 60", site_id="-99", events_count=2, points=60)
    '2 events of site -99, 60 points, wait for a person: more points than guards.max_points_per_run (50): 60.'
    """
    if not site_id:
        what = _counted(events_count, "reward update")
    else:
        what = f"{_counted(events_count, 'event')} of site {site_id}, {points:,} points,"
    waits = "waits" if events_count == 1 else "wait"
    return f"{what} {waits} for a person: {why}."


def how_to_decide(run_id: str) -> str:
    """Tell what to do about all that a run holds."""
    return (
        f"`tieout plan {run_id}` shows what waits, `tieout approve {run_id}` lets it go, `tieout discard {run_id}` not."
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
