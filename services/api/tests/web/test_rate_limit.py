"""Token buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.api.problems import Problem
from watchkeeper.api.web import rate_limit
from watchkeeper.api.web.rate_limit import RateLimit


def taken(limit: RateLimit, client: str, now_s: float) -> bool:
    """Whether a request of ``client`` is let through."""
    try:
        limit.spend(client, now_s)
    except Problem:
        return False
    return True


def test_a_full_bucket_lets_its_size_through_and_fills_evenly() -> None:
    """60 a minute: 60 at once, then one a second."""
    limit = RateLimit("requests", 60)
    assert [taken(limit, "a", 0.0) for _ in range(61)] == [True] * 60 + [False]
    assert not taken(limit, "a", 0.9)
    assert taken(limit, "a", 1.0)
    assert not taken(limit, "a", 1.0)


def test_clients_do_not_share_a_bucket() -> None:
    """One client's flood costs another nothing."""
    limit = RateLimit("requests", 1)
    assert taken(limit, "a", 0.0)
    assert not taken(limit, "a", 0.0)
    assert taken(limit, "b", 0.0)


def test_the_refusal_tells_how_long_to_wait() -> None:
    """429 with Retry-After and the RateLimit fields."""
    limit = RateLimit("sign-ins", 6)
    for _ in range(6):
        limit.spend("a", 0.0)
    with pytest.raises(Problem) as refused:
        limit.spend("a", 3.0)
    assert refused.value.status_code == 429
    assert refused.value.headers == {
        "Retry-After": "7",
        "RateLimit-Policy": '"sign-ins";q=6;w=60',
        "RateLimit": '"sign-ins";r=0;t=7',
    }
    assert taken(limit, "a", 10.0)


def test_a_token_given_back_counts_again_but_not_beyond_the_bucket() -> None:
    """A sign-in that succeeds costs nothing, and gains nothing."""
    limit = RateLimit("sign-ins", 1)
    limit.give_back("a", 0.0)
    assert taken(limit, "a", 0.0)
    assert not taken(limit, "a", 0.0)
    limit.give_back("a", 0.0)
    assert taken(limit, "a", 0.0)


def test_only_so_many_clients_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one unseen for longest is forgotten, and has a full bucket again."""
    monkeypatch.setattr(rate_limit, "BUCKETS_MAX", 2)
    limit = RateLimit("requests", 1)
    limit.spend("a", 0.0)
    limit.spend("b", 0.0)
    assert not taken(limit, "a", 0.0)
    limit.spend("c", 0.0)
    assert not taken(limit, "a", 0.0)
    assert taken(limit, "b", 0.0)


@given(
    per_minute=st.integers(1, 600),
    pauses_s=st.lists(st.floats(0, 10, allow_nan=False), max_size=200),
)
def test_never_more_than_the_bucket_and_what_filled_it(per_minute: int, pauses_s: list[float]) -> None:
    """Over any time, at most a bucketful plus the rate times the time is let through."""
    limit = RateLimit("requests", per_minute)
    now_s, through = 0.0, 0
    for pause_s in pauses_s:
        now_s += pause_s
        through += taken(limit, "a", now_s)
    assert through <= per_minute + now_s * per_minute / 60 + 1e-6


@given(st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=50))
def test_a_clock_that_goes_back_gives_nothing(times_s: list[float]) -> None:
    """Tokens stay between none and a bucketful, in whatever order the times come."""
    limit = RateLimit("requests", 5)
    for now_s in times_s:
        taken(limit, "a", now_s)
        assert 0 <= limit.wait_s("a", now_s) <= 12.0
