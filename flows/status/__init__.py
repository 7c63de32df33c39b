"""How it stands: the nights that ran and those that did not, what waits for a person, and the calls that are left."""

from flows.status.collect import Status, collect_status
from flows.status.lines import status_lines

__all__ = ["Status", "collect_status", "status_lines"]
