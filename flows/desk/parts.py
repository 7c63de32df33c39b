"""Long lists, a part at a time."""

from flows.desk.visit import Visit

MOST_SHOWN = 100  # rows of a list on one page
_LONGEST = 9  # digits


def page_of(visit: Visit, count: int, most: int = MOST_SHOWN) -> tuple[int, int]:
    """Return which part of a list of so many is asked for, from 1, and how many parts there are."""
    pages = max(1, -(-count // most))
    return min(part_of(visit), pages), pages


def part_of(visit: Visit) -> int:
    """Return which part of a list is asked for, from 1, however many there are."""
    asked = visit.request.query_params.get("page", "1")
    return max(int(asked), 1) if asked.isdecimal() and len(asked) < _LONGEST else 1
