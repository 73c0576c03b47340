"""Pauses between attempts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet.pacing import Backoff


@given(st.floats(0.001, 10), st.floats(1, 1000), st.integers())
def test_pauses_stay_within_their_bounds(minimum: float, factor: float, seed: int) -> None:
    backoff = Backoff(minimum, minimum * factor, seed)
    for attempt in range(1, 100):
        assert minimum <= backoff.next() <= min(minimum * factor, minimum * 2.0**attempt)


def test_pauses_grow_and_start_again_after_a_success() -> None:
    backoff = Backoff(0.5, 60.0, seed=3)
    pauses = [backoff.next() for _ in range(200)]
    assert max(pauses[:2]) <= 2.0 < max(pauses) <= 60.0
    assert backoff.attempts == 200
    backoff.reset()
    assert backoff.next() <= 1.0


def test_a_thousand_failures_do_not_overflow() -> None:
    backoff = Backoff(0.5, 60.0, seed=3)
    assert max(backoff.next() for _ in range(2000)) <= 60.0


def test_the_seed_decides() -> None:
    def pauses(seed: int) -> list[float]:
        backoff = Backoff(0.5, 60.0, seed)
        return [backoff.next() for _ in range(20)]

    assert pauses(1) == pauses(1) != pauses(2)


@pytest.mark.parametrize(("minimum", "maximum"), [(0.0, 1.0), (2.0, 1.0)])
def test_bad_bounds_are_refused(minimum: float, maximum: float) -> None:
    with pytest.raises(ValueError):
        Backoff(minimum, maximum, seed=1)
