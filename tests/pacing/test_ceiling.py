"""The ceiling of a carrier, for any pattern of calls."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septet.pacing import Ceiling, ceiling

RATES = st.integers(1, 3000)
STARTS = st.sampled_from([0.0, 1.1, 12_345.678, 4_000_000.3])
# Pauses that meet the edges of a second, and any others.
PAUSES = st.sampled_from([0.0, 1e-9, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.999999999, 1.0, 5.0]) | st.floats(0.0, 2.0)
CALLS = st.lists(st.tuples(PAUSES, st.integers(0, 5000), st.integers(0, 20)), max_size=80)


def most_in_a_second(sent: list[tuple[float, int]]) -> int:
    """The most segments in any half-open second: one that starts with a segment holds the most."""
    most = 0
    for index, (start, _) in enumerate(sent):
        most = max(most, sum(count for moment, count in sent[index:] if moment < start + 1.0))
    return most


@settings(deadline=None)
@given(RATES, STARTS, CALLS)
def test_no_second_holds_more_than_the_rate(rate: int, start: float, calls: list[tuple[float, int, int]]) -> None:
    paced, now, sent = Ceiling(rate, start), start, []
    for pause, want, unused in calls:
        now += pause
        granted = paced.grant(want, now)
        assert 0 <= granted <= want
        back = min(unused, granted)
        paced.refund(back)
        sent.append((now, granted - back))
    assert most_in_a_second(sent) <= rate


@settings(deadline=None)
@given(RATES, STARTS, st.lists(st.tuples(PAUSES, st.integers(1, 50)), max_size=60))
def test_who_waits_for_the_delay_gets_a_segment(rate: int, start: float, calls: list[tuple[float, int]]) -> None:
    paced, now, sent = Ceiling(rate, start), start, []
    for pause, want in calls:
        now += pause
        delay = paced.delay(now)
        assert 0.0 <= delay <= 1.1 + 1.02 / rate
        now += delay
        granted = paced.grant(want, now)
        assert granted >= 1
        sent.append((now, granted))
    assert most_in_a_second(sent) <= rate


@pytest.mark.parametrize("rate", [100, 101, 150, 333, 999, 1000, 5000])
def test_a_busy_caller_gets_nearly_all_of_the_rate(rate: int) -> None:
    paced, sent = Ceiling(rate, 100.0), 0
    for millisecond in range(1001, 11_001):
        sent += paced.grant(10_000, 100.0 + millisecond / 1000)
    assert rate * 10 * 0.98 <= sent <= rate * 10 + rate / 100 + 1


@pytest.mark.parametrize("rate", [1, 3, 10, 99])
def test_a_slow_carrier_is_used_nearly_fully_by_who_waits_for_the_delay(
    rate: int,
) -> None:
    paced, now, sent = Ceiling(rate, 0.0), 1.1, 0
    while now < 101.1:
        sent += paced.grant(1, now)
        now += paced.delay(now)
    assert sent >= rate * 100 * 0.98


@given(RATES)
def test_a_restart_stays_under_the_ceiling(rate: int) -> None:
    before, sent = Ceiling(rate, 0.0), []
    for millisecond in range(1001, 2001, 7):
        sent.append((millisecond / 1000, before.grant(10_000, millisecond / 1000)))
    after = Ceiling(rate, 2.0)
    for millisecond in range(2000, 3500, 7):
        sent.append((millisecond / 1000, after.grant(10_000, millisecond / 1000)))
    assert most_in_a_second(sent) <= rate
    assert sum(count for moment, count in sent if moment >= 3.0) > 0


def test_zero_is_unlimited() -> None:
    paced = Ceiling(0, 0.0)
    assert paced.grant(1_000_000, 0.0) == 1_000_000
    assert paced.delay(0.0) == 0.0


def test_a_time_that_goes_back_grants_nothing_more() -> None:
    paced = Ceiling(10, 100.0)
    assert paced.grant(5, 102.0) == 1
    assert paced.grant(5, 50.0) == 0
    assert paced.grant(5, 102.05) == 0


def test_what_is_refunded_can_be_granted_again_and_no_more() -> None:
    paced = Ceiling(1000, 0.0)
    assert paced.grant(11, 5.0) == 11
    paced.refund(4)
    assert paced.grant(11, 5.0) == 4
    paced.refund(1_000_000)
    assert paced.grant(1_000_000, 5.0) == 11


def test_it_reads_no_clock() -> None:
    assert "time" not in {name for name, _ in inspect.getmembers(ceiling, inspect.ismodule)}


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError):
        Ceiling(-1, 0.0)
