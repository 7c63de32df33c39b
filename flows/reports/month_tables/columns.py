"""What several tables of a period have."""

from typing import Final

import pandas as pd

from flows.reports.table import Column
from flows.reports.values import Show

SITE: Final = Column("site_id", "Site", Show.ID, 40)


def to_the_second(frame: pd.DataFrame, moment: str) -> pd.DataFrame:
    """Return the lines with a moment of our own making as people read it; what was sent keeps its fractions."""
    return frame.assign(**{moment: pd.to_datetime(frame[moment], utc=True).dt.floor("s")})
