"""The allowance of an account: burst, long-run rate, debt."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet.pacing import Allowance


@given(
    st.integers(1, 1000),
    st.integers(1, 1000),
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 500)), max_size=50),
)
def test_reject_lets_through_the_burst_and_the_rate_and_no_more(
    rate: int, burst: int, calls: list[tuple[float, int]]
) -> None:
    allowance, now, taken = Allowance(rate, burst, 0.0), 0.0, 0
    for pause, want in calls:
        now += pause
        got = allowance.take_up_to(want, now)
        assert 0 <= got <= want
        taken += got
    assert taken <= burst + rate * now + 1e-6


@given(
    st.integers(1, 1000),
    st.integers(1, 1000),
    st.lists(st.integers(1, 2000), min_size=1, max_size=30),
)
def test_pace_keeps_the_rate_for_who_waits_until_ready(rate: int, burst: int, sizes: list[int]) -> None:
    allowance, now, taken = Allowance(rate, burst, 7.0), 7.0, 0
    for size in sizes:
        now += allowance.ready_in(now)
        assert allowance.ready_in(now) == 0.0
        assert taken <= burst + rate * (now - 7.0) + 1e-3
        allowance.take(size, now)
        taken += size


def test_a_debt_is_paid_at_the_rate() -> None:
    allowance = Allowance(100, 10, 0.0)
    allowance.take(60, 0.0)
    assert allowance.balance(0.0) == -50
    assert allowance.ready_in(0.0) == pytest.approx(0.5, abs=1e-5)
    assert allowance.take_up_to(5, 0.25) == 0
    assert allowance.ready_in(0.25) == pytest.approx(0.25, abs=1e-5)


def test_a_pause_saves_no_more_than_the_burst() -> None:
    allowance = Allowance(100, 10, 0.0)
    assert allowance.take_up_to(1000, 3600.0) == 10


def test_a_time_that_goes_back_earns_nothing() -> None:
    allowance = Allowance(100, 10, 100.0)
    allowance.take(10, 100.0)
    assert allowance.take_up_to(1, 50.0) == 0
    assert allowance.take_up_to(2, 100.01) == 1


def test_zero_is_unlimited() -> None:
    allowance = Allowance(0, 0, 0.0)
    allowance.take(10_000_000, 0.0)
    assert allowance.ready_in(0.0) == 0.0
    assert allowance.take_up_to(5, 0.0) == 5
    assert allowance.balance(0.0) == inf


@pytest.mark.parametrize(("rate", "burst"), [(-1, 1), (1, 0)])
def test_bad_limits_are_refused(rate: int, burst: int) -> None:
    with pytest.raises(ValueError):
        Allowance(rate, burst, 0.0)
