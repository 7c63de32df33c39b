"""What happened at a moment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Moment:
    """Something that happened, in a sentence; ``at`` is aware UTC."""

    at: datetime
    order: int  # of what happened at the same moment
    text: str
