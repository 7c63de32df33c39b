"""Long lists, a part at a time."""

from flows.desk.visit import Visit

MOST_SHOWN = 100  # rows of a list on one page
_LONGEST = 9  # digits


def page_of(visit: Visit, count: int, most: int = MOST_SHOWN) -> tuple[int, int]:
    """Return which part of a list of so many is asked for, from 1, and how many parts there are."""
    pages = parts_of(count, most)
    return min(part_of(visit), pages), pages


def parts_of(count: int, most: int = MOST_SHOWN) -> int:
    """Return how many parts a list of so many has; an empty one has one, too.

    >>> parts_of(0), parts_of(100), parts_of(101)
    (1, 1, 2)
    """
    whole, rest = divmod(count, most)
    return max(1, whole + 1 if rest else whole)


def part_of(visit: Visit) -> int:
    """Return which part of a list is asked for, from 1, however many there are."""
    return number_of_part(visit.request.query_params.get("page", ""))


def number_of_part(text: str) -> int:
    """Return the part that an address names, from 1.

    >>> number_of_part("3"), number_of_part("-1"), number_of_part("x"), number_of_part("²")
    (3, 1, 1, 1)
    """
    is_number = text.isascii() and text.isdecimal() and len(text) < _LONGEST
    return max(int(text), 1) if is_number else 1
