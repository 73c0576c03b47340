"""Pauses between attempts: twice as long each time, spread at random so that peers do not come back together."""

from __future__ import annotations

from random import Random


class Backoff:
    """Exponential back-off with full jitter, in seconds.

    The n-th pause lies between `minimum` and `minimum` times 2 to the n, and never above `maximum`.
    The same seed gives the same pauses.

    >>> backoff = Backoff(0.5, 60.0, seed=1)
    >>> all(0.5 <= backoff.next() <= 60.0 for _ in range(1000))
    True
    """

    __slots__ = ("_attempts", "_random", "maximum", "minimum")

    def __init__(self, minimum: float, maximum: float, seed: int) -> None:
        if not 0 < minimum <= maximum:
            raise ValueError("minimum must be above 0 and at most maximum")
        self.minimum = minimum
        self.maximum = maximum
        self._random = Random(seed)
        self._attempts = 0

    def next(self) -> float:
        """The pause before the next attempt."""
        self._attempts += 1
        # The exponent is bounded because a float is: 2.0 ** 1024 overflows.
        ceiling = min(self.maximum, self.minimum * 2.0 ** min(self._attempts, 64))
        return self._random.uniform(self.minimum, ceiling)

    def reset(self) -> None:
        """Start again from the shortest pause: an attempt has succeeded."""
        self._attempts = 0

    @property
    def attempts(self) -> int:
        """Pauses since the last success."""
        return self._attempts
