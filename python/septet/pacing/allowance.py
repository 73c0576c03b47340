"""The rate of an account: segments over all its binds and HTTP, with a burst after a pause."""

from __future__ import annotations

from math import floor, inf


class Allowance:
    """`rate` segments a second in the long run, `burst` at once after a pause; rate 0 = unlimited.

    A message is taken whole, so the balance may fall below zero. Under the policy `pace` the caller then stops
    reading for `ready_in`; under `reject` it asks `take_up_to` first. Times are monotonic seconds.

    >>> allowance = Allowance(rate=10, burst=5, now=0.0)
    >>> allowance.take(7, now=0.0)
    >>> round(allowance.ready_in(now=0.0), 3)
    0.2
    >>> allowance.take_up_to(10, now=0.4)
    2
    """

    __slots__ = ("_balance", "_seen", "burst", "rate")

    def __init__(self, rate: int, burst: int, now: float) -> None:
        if rate < 0 or burst < (1 if rate else 0):
            raise ValueError("rate must not be negative, and a rate needs a burst of at least 1")
        self.rate = rate
        self.burst = burst
        self._balance = float(burst)
        self._seen = now

    def take(self, count: int, now: float) -> None:
        """Count segments that were let through, whatever the balance."""
        if self.rate:
            self._refill(now)
            self._balance -= count

    def ready_in(self, now: float) -> float:
        """Seconds until the balance is above zero; 0 if it is."""
        if not self.rate:
            return 0.0
        self._refill(now)
        # A microsecond more: at exactly that moment the balance would be zero, not above it.
        return 0.0 if self._balance > 0 else -self._balance / self.rate + 1e-6

    def take_up_to(self, count: int, now: float) -> int:
        """Take as many of `count` segments as the balance covers, and say how many."""
        if not self.rate:
            return count
        self._refill(now)
        taken = max(0, min(count, floor(self._balance + 1e-9)))
        self._balance -= taken
        return taken

    def balance(self, now: float) -> float:
        """Segments that could be taken now; below zero: the debt; infinite without a rate."""
        if not self.rate:
            return inf
        self._refill(now)
        return self._balance

    def _refill(self, now: float) -> None:
        if now > self._seen:
            self._balance = min(self._balance + (now - self._seen) * self.rate, float(self.burst))
            self._seen = now
