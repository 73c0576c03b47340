"""The hard ceiling of a carrier: never more segments in any sliding second than agreed.

A token bucket of capacity b, refilled at q a second, lets fewer than b + q tokens through in any half-open second.
With b + q = rate + 1 that is at most `rate` whole segments. b = 1 + rate/100 absorbs ten milliseconds in which the
caller is late, and costs one hundredth of the rate.

All arithmetic is in integers: sums of floats would let an extra segment through once in a while.
"""

from __future__ import annotations

_SECOND = 1_000_000_000
# A second counts as a microsecond longer than it is, which covers the rounding of float times to nanoseconds.
_COST = 100 * (_SECOND + 1000)


class Ceiling:
    """At most `rate` segments in any half-open second `[t, t + 1)`; 0 = unlimited.

    Nothing is granted in the first second, so that a restarted node stays under the ceiling together with
    its predecessor. Times are monotonic seconds; one that goes back counts as no time.

    >>> ceiling = Ceiling(100, now=0.0)
    >>> ceiling.grant(10, now=0.5), ceiling.grant(10, now=1.01), ceiling.grant(10, now=1.5)
    (0, 2, 2)
    >>> 0.0 < ceiling.delay(now=1.5) < 0.011
    True
    """

    __slots__ = ("_level", "_opens", "_seen", "rate")

    def __init__(self, rate: int, now: float) -> None:
        if rate < 0:
            raise ValueError("rate must not be negative")
        self.rate = rate
        self._opens = _nanos(now) + _SECOND + 1000
        self._seen = _nanos(now)
        self._level = 0

    def grant(self, want: int, now: float) -> int:
        """How many of `want` segments may go now; they count as gone unless refunded."""
        if not self.rate:
            return want
        moment = self._refill(now)
        if moment < self._opens:
            return 0
        granted = max(0, min(want, self._level // _COST))
        self._level -= granted * _COST
        return granted

    def delay(self, now: float) -> float:
        """Seconds until the next segment may go; 0 if one may go now."""
        if not self.rate:
            return 0.0
        moment = self._refill(now)
        missing = _COST - self._level
        wait = max(self._opens - moment, -(-missing // (99 * self.rate)))
        # A microsecond more, so that the float sum of `now` and this is never just short.
        return (wait + 1000) / _SECOND if wait > 0 else 0.0

    def refund(self, count: int) -> None:
        """Give back segments that were granted and did not go."""
        self._level = min(self._level + count * _COST, self._capacity)

    @property
    def _capacity(self) -> int:
        return (100 + self.rate) * (_COST // 100)

    def _refill(self, now: float) -> int:
        moment = max(_nanos(now), self._seen)
        self._level = min(self._level + 99 * self.rate * (moment - self._seen), self._capacity)
        self._seen = moment
        return moment


def _nanos(seconds: float) -> int:
    return int(seconds * _SECOND)
