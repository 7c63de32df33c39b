from random import Random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.rows import Row, earned, frame_of, update
from transforms.identity.event_ids import identify

AT = "2026-02-01T10:00:00Z"


def ids_of(*rows: Row, sha256: str = "a", site_id: str = "") -> list[str]:
    return identify(frame_of(rows), sha256, site_id)["event_id"].tolist()


def keys_of(*rows: Row) -> list[str]:
    return identify(frame_of(rows), "a")["content_key"].tolist()


def test_identify_gives_a_dated_row_the_same_id_in_every_file() -> None:
    assert ids_of(earned(), sha256="a") == ids_of(earned("other"), earned(), sha256="b", site_id="-99")[1:]


@pytest.mark.parametrize("row", [earned(at=None), update()], ids=["undated", "update"])
def test_identify_gives_what_only_the_ledger_can_tell_apart_an_id_of_its_file(row: Row) -> None:
    assert keys_of(row) == keys_of(row)
    assert len({*ids_of(row, sha256="a"), *ids_of(row, sha256="b"), *ids_of(row, sha256="a", site_id="-99")}) == 3


def test_identify_counts_equal_rows() -> None:
    identified = identify(frame_of([earned("a"), earned("b"), earned("a"), earned("a")]), "x")
    assert identified["occurrence"].tolist() == [1, 1, 2, 3]
    assert identified["event_id"].is_unique


def test_identify_counts_rows_with_a_receipt_first() -> None:
    identified = identify(frame_of([earned(), {**earned(), "receipt": "r"}]), "x")
    assert identified["occurrence"].tolist() == [2, 1]


@pytest.mark.parametrize("amount", ["25", "25.0", "25.00", "2.5E+1", "0025"])
def test_identify_takes_equal_amounts_as_equal(amount: str) -> None:
    assert keys_of(update(amount=amount)) == keys_of(update(amount="25"))


@pytest.mark.parametrize("amount", ["250", "2.5", "-25", "25.0000000000000000000000000001", None])
def test_identify_takes_other_amounts_as_others(amount: str | None) -> None:
    assert keys_of(update(amount=amount)) != keys_of(update(amount="25"))


@pytest.mark.parametrize("values", [{"payout_id": "p-2"}, {"description": "x"}, {"eligibility_on": "2026-01-01"}])
def test_identify_takes_other_values_of_a_reward_as_others(values: Row) -> None:
    assert keys_of(update(**values)) != keys_of(update())


def test_identify_tells_neighboring_fields_apart() -> None:
    assert keys_of(update(reward_id="a", payout_id="bc")) != keys_of(update(reward_id="ab", payout_id="c"))


def test_identify_puts_one_client_of_one_site_in_one_lane() -> None:
    rows = [earned("a"), earned("a", at=None, points=3), earned("a", site_id="-98"), update("a")]
    lanes = identify(frame_of(rows), "x")["lane"].tolist()
    assert lanes == ["mindbody:-99:a", "mindbody:-99:a", "mindbody:-98:a", "referral_rock:a"]


def test_identify_takes_a_frame_without_rows() -> None:
    assert identify(frame_of([]), "x")["event_id"].tolist() == []


def test_identify_leaves_its_frame_as_it_was() -> None:
    frame = frame_of([earned(), update()])
    before = frame.copy()
    identify(frame, "x")
    pd.testing.assert_frame_equal(frame, before)


rows = st.builds(
    earned,
    st.sampled_from(["a", "b"]),
    st.sampled_from([None, AT, "2026-02-01T10:00:01Z"]),
    points=st.integers(1, 2),
    source_id=st.sampled_from([None, 1]),
) | st.builds(update, amount=st.sampled_from([None, "25"]))


@law(50)
@given(st.lists(rows, max_size=8), st.randoms())
def test_identify_gives_the_same_ids_whatever_the_order(given_rows: list[Row], random: Random) -> None:
    shuffled = random.sample(given_rows, len(given_rows))
    assert sorted(ids_of(*given_rows)) == sorted(ids_of(*shuffled))
    assert len(set(ids_of(*given_rows))) == len(given_rows)
