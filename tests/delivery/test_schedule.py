from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from septet.delivery.schedule import FIRST, HORIZON, LONGEST, delay, next_attempt

ATTEMPTS = st.integers(1, 10_000)


@given(ATTEMPTS, st.text())
def test_a_wait_is_bounded_and_cut_by_at_most_a_quarter(attempt: int, seed: str) -> None:
    whole = min(LONGEST, FIRST * 2.0 ** (attempt - 1)) if attempt < 100 else LONGEST
    assert 0.75 * whole <= delay(attempt, seed) <= whole


@given(ATTEMPTS, st.text())
def test_the_same_attempt_and_seed_wait_the_same(attempt: int, seed: str) -> None:
    assert delay(attempt, seed) == delay(attempt, seed)


def test_events_that_failed_together_spread() -> None:
    assert len({delay(5, f"evt_{i}") for i in range(100)}) > 90


def test_attempts_fill_the_day_and_end_with_it() -> None:
    now, attempt = 0.0, 1
    while (due := next_attempt(attempt, "evt", 0.0, now)) is not None:
        assert due > now
        now, attempt = due, attempt + 1
    assert HORIZON - LONGEST <= now <= HORIZON
    assert 30 <= attempt <= 60


def test_the_receivers_wish_is_a_lower_bound_within_reason() -> None:
    assert next_attempt(1, "evt", 0.0, 0.0, at_least=120.0) == 120.0
    assert next_attempt(1, "evt", 0.0, 0.0, at_least=1e12) == LONGEST
