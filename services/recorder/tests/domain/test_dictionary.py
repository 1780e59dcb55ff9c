"""The bounded memory of series."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.recorder.domain.dictionary import (
    REFUSED_KEPT_MAX,
    Dictionary,
    Known,
    may_add,
    note_refused,
    unseen_refused,
)

facts = st.tuples(st.sampled_from("abcdef"), st.sampled_from(["x", "y", "z"]))


@given(st.lists(facts), st.integers(1, 10))
def test_what_is_kept_is_true_and_bounded(learnt: list[tuple[str, str]], series_max: int) -> None:
    """After trim at most ``series_max`` series stand, each with the id it was learnt with, and the count is right."""
    ids = {fact: number for number, fact in enumerate(dict.fromkeys(learnt))}
    dictionary = Dictionary(series_max)
    for fact in learnt:
        dictionary.learn([(*fact, ids[fact])])
        dictionary.trim()
        assert len(dictionary) <= series_max
    kept = {(resource, text): n for resource in "abcdef" for text, n in dictionary.of(resource).ids.items()}
    assert len(dictionary) == len(kept)
    assert all(ids[fact] == number for fact, number in kept.items())


def test_the_least_recently_used_resource_goes_first() -> None:
    """Looking at a resource keeps it."""
    dictionary = Dictionary(2)
    dictionary.learn([("old", "x", 1), ("new", "x", 2)])
    dictionary.of("old")
    dictionary.learn([("third", "x", 3)])
    dictionary.trim()
    assert [bool(dictionary.of(name).ids) for name in ("old", "new", "third")] == [True, False, True]


def test_clear_forgets_all() -> None:
    """After clear nothing is known."""
    dictionary = Dictionary(10)
    dictionary.learn([("a", "x", 1)])
    dictionary.clear()
    assert len(dictionary) == 0
    assert not dictionary.of("a").ids


def test_nothing_may_be_added_before_the_database_counted() -> None:
    """None means: not looked yet."""
    assert not may_add(Known(), 5)
    assert may_add(Known(active=4), 5)
    assert not may_add(Known(active=5), 5)


def test_a_refused_series_is_new_once_and_memory_is_bounded() -> None:
    """Only the first refusal of a text is news, and no more than a fixed number are told apart."""
    known = Known()
    assert unseen_refused(known, ["a", "b", "a"]) == ["a", "b"]
    assert note_refused(known, "a")
    assert not note_refused(known, "a")
    assert unseen_refused(known, ["a", "b"]) == ["b"]
    known.refused = set(range(REFUSED_KEPT_MAX))
    assert unseen_refused(known, ["new"]) == []
    assert not note_refused(known, "new")
