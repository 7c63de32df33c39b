"""Remember when nights are due, so that one which did not run can be told from one that nobody asked for."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from sql.queries import rows_query
from sql.tables.runs import schedules


def schedule_in_force(connection: Connection) -> Row[Any] | None:
    """Return the cron line, its zone and since when it holds (``since_at``); None where no night was ever planned."""
    return connection.execute(rows_query("schedule_in_force")).one_or_none()


def record_schedule(connection: Connection, cron: str, timezone: str, now: datetime) -> None:
    """Keep the schedule as holding from now on; nothing happens where it holds already."""
    known = schedule_in_force(connection)
    is_known = known is not None and (known.cron, known.timezone) == (cron, timezone)
    if not is_known:
        connection.execute(insert(schedules).values(cron=cron, timezone=timezone, since_at=now))
