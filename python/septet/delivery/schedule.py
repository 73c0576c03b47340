"""When a webhook event is tried again: pure functions of the attempt and a seed."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

FIRST: Final = 1.0
"""Seconds before the second attempt, before jitter."""

LONGEST: Final = 3600.0
"""Seconds that no wait exceeds."""

HORIZON: Final = 24 * 3600.0
"""Seconds after its first attempt at which an event is given up."""


def delay(attempt: int, seed: str) -> float:
    """Seconds to wait after the failed attempt number `attempt` (from 1).

    The wait doubles with every attempt up to `LONGEST`, and is cut by up to a quarter, so that events
    which failed together do not return together. The seed, an event's id, decides the cut.

    >>> [round(delay(attempt, "evt_1")) for attempt in (1, 4, 8)]
    [1, 7, 114]
    """
    whole = min(LONGEST, FIRST * 2.0 ** min(attempt - 1, 32))
    digest = blake2b(f"{seed}/{attempt}".encode(), digest_size=4).digest()
    return whole * (1 - 0.25 * int.from_bytes(digest) / 2**32)


def next_attempt(attempt: int, seed: str, first: float, now: float, at_least: float = 0.0) -> float | None:
    """The time of the attempt after `attempt`, or None when it would come more than `HORIZON` after `first`.

    `at_least` is what the receiver asked for with Retry-After, in seconds; it counts up to `LONGEST`.
    """
    due = now + max(delay(attempt, seed), min(at_least, LONGEST))
    return due if due <= first + HORIZON else None
