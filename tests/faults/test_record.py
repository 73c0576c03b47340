"""The checker reports each broken promise: what it cannot see, no fault test can."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.record import Bounds, Record

PAIR = ("12345", "46100000001")
ONE = (0, 1, 1)
BOUNDS = Bounds(submits=1, receipts=1, inbound=1)


def whole() -> Record:
    """A record in which every promise was kept."""
    record = Record()
    for token in ("s0000001", "s0000002"):
        record.acknowledged[token].add(token)
        record.arrived("north", PAIR, f"{token} hello", ONE)
        record.news[token] += 1
        record.named[token].add("A")
    record.given.add("m0000001")
    record.inbound["m0000001"] += 1
    record.stopped.add(("12345", "46100000009"))
    record.optouts.add(("12345", "46100000009"))
    record.arrived("north", ("12345", "46100000009"), "You are opted out", ONE)
    return record


def test_kept_promises_are_no_problem() -> None:
    assert whole().problems(0, BOUNDS) == []


def _lose_message(record: Record) -> None:
    record.acknowledged["s0000003"].add("B")


def _lose_receipt(record: Record) -> None:
    del record.news["s0000002"]


def _lose_inbound(record: Record) -> None:
    record.given.add("m0000002")


def _lose_optout(record: Record) -> None:
    record.optouts.clear()


def _lose_confirmation(record: Record) -> None:
    record.confirmed.clear()


def _lose_part(record: Record) -> None:
    record.whole["h0000001"] = "h0000001 h0000001 "
    record.acknowledged["h0000001"].add("C")
    record.arrived("south", PAIR, "h0000001 ", (7, 2, 1))


def _send_twice(record: Record) -> None:
    record.arrived("north", PAIR, "s0000002 hello", ONE)


def _pass(record: Record) -> None:
    record.arrived("north", PAIR, "s0000005 hello", ONE)
    record.arrived("north", PAIR, "s0000004 hello", ONE)


def _accept_twice(record: Record) -> None:
    record.named["s0000001"].add("B")


def _disregard(record: Record) -> None:
    record.arrived("north", ("12345", "46100000009"), "s0000006 hello", ONE)


def _confirm_twice(record: Record) -> None:
    record.arrived("north", ("12345", "46100000009"), "You are opted out", ONE)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_lose_message, "lost messages"),
        (_lose_receipt, "lost receipts"),
        (_lose_inbound, "lost inbound"),
        (_lose_optout, "lost opt-outs"),
        (_lose_confirmation, "lost confirmations"),
        (_lose_part, "lost messages"),
        (_send_twice, "submits came twice"),
        (_pass, "disorder"),
        (_accept_twice, "accepted twice"),
        (_disregard, "forbidden"),
        (_confirm_twice, "confirmations of an opt-out"),
    ],
)
def test_a_broken_promise_is_a_problem(harm: Callable[[Record], None], says: str) -> None:
    record = whole()
    harm(record)
    assert any(says in problem for problem in record.problems(0, BOUNDS)), record.problems(0, BOUNDS)
