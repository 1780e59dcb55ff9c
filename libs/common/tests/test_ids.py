"""Ids are the same for the same facts, and different for different ones."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.common.ids import batch_id, dead_letter_id, derived_id

PLAIN = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]))


@given(st.lists(PLAIN), st.lists(PLAIN))
def test_two_lists_of_facts_share_an_id_only_if_they_are_equal(one: list[str], other: list[str]) -> None:
    assert (derived_id("kind", *one) == derived_id("kind", *other)) == (one == other)


def test_the_kind_is_a_fact() -> None:
    assert derived_id("one", "a") != derived_id("other", "a")


def test_ids_stay_what_they_were() -> None:
    """They are stored and compared across versions: a change of one of these values is a change of the contract."""
    assert batch_id("host-1", "cpu", 1_764_000_000_000) == "ffcb3da4-96a5-5c46-bfd5-b9827678a49b"
    assert dead_letter_id("recorder", "metrics", 3, 17) == "d13fce53-b753-5a6c-8340-eb183533f431"


def test_an_id_is_a_name_based_uuid() -> None:
    assert uuid.UUID(derived_id("kind", "fact")).version == 5
