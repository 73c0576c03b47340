"""What each status means for a message."""

from __future__ import annotations

import pytest

from septet.routing import TREATMENTS, treatment


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x00, "ok"),
        (0x04, "session"),
        (0x08, "retry"),
        (0x0A, "permanent"),
        (0x0B, "permanent"),
        (0x0E, "session"),
        (0x14, "throttle"),
        (0x45, "retry"),
        (0x58, "throttle"),
        (0x64, "retry"),
        (0x66, "permanent"),
        (0xFF, "retry"),
        (0x102, "retry"),
        (0x112, "permanent"),
    ],
)
def test_the_statuses_that_matter_most(status: int, expected: str) -> None:
    assert treatment(status) == expected


@pytest.mark.parametrize("status", [0x09, 0x113, 0x400, 0x4FF, 0x500, 0xFFFFFFFF])
def test_an_unknown_status_is_tried_again(status: int) -> None:
    assert status not in TREATMENTS
    assert treatment(status) == "retry"


def test_only_a_success_is_one() -> None:
    assert [status for status, what in TREATMENTS.items() if what == "ok"] == [0]


def test_a_carrier_may_see_it_differently() -> None:
    assert treatment(0x0B, {0x0B: "retry"}) == "retry"
    assert treatment(0x58, {0x0B: "retry"}) == "throttle"
