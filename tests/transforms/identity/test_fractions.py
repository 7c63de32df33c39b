from hypothesis import given
from hypothesis import strategies as st

from transforms.identity.fractions import is_same_fraction, pair_fractions

FRACTIONS = st.lists(st.one_of(st.none(), st.text("01", min_size=1, max_size=3)), max_size=5)


def test_pair_fractions_pairs_whatever_order_they_come_in() -> None:
    rows = [(0, "9"), (1, None), (2, "123")]
    events = [("a", "12"), ("b", "900"), ("c", "5")]
    assert pair_fractions(rows, events) == {0: "b", 2: "a", 1: "c"}


def test_pair_fractions_leaves_out_what_contradicts() -> None:
    assert pair_fractions([(0, "100"), (1, "900")], [("a", "900"), ("b", "555")]) == {1: "a"}


@given(FRACTIONS, FRACTIONS)
def test_pair_fractions_pairs_as_many_as_can_be(rows: list[str | None], events: list[str | None]) -> None:
    paired = pair_fractions(list(enumerate(rows)), [(str(number), digits) for number, digits in enumerate(events)])
    assert all(is_same_fraction(rows[row], events[int(event)]) for row, event in paired.items())
    assert len(set(paired.values())) == len(paired) == most_pairs(rows, events)


def most_pairs(rows: list[str | None], events: list[str | None]) -> int:
    """Count by trying everything."""
    if not rows:
        return 0
    first, rest = rows[0], rows[1:]
    tries = [most_pairs(rest, events)]
    for place, digits in enumerate(events):
        if is_same_fraction(first, digits):
            tries.append(1 + most_pairs(rest, events[:place] + events[place + 1 :]))
    return max(tries)
