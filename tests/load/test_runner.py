"""A load against a message centre on the loopback."""

from __future__ import annotations

import dataclasses

import pytest

from septet import SeptetError
from septet.load import Load, run
from tests.load.centre import INVALID_DESTINATION, OK, PASSWORD, THROTTLED, Centre, serving


def load(centre: Centre) -> Load:
    return Load(
        host="127.0.0.1",
        port=centre.port,
        system_id="demo",
        password=PASSWORD,
        source="12345",
        count=200,
        window=20,
        binds=2,
        receipts=True,
        timeout=30,
    )


def test_every_submit_and_every_receipt_is_accounted_for() -> None:
    with serving(Centre()) as centre:
        report = run(load(centre))
    assert report["success"] and not report["timed_out_waiting"] and report["ended"] is None
    assert (report["submits"], report["acked"], report["receipts"]) == (200, 200, 200)
    assert report["by_status"] == {"ESME_ROK": 200} and report["by_state"] == {"DELIVRD": 200}
    assert centre.binds == 2 and len(centre.submits) == 200
    assert 0 < report["ack_latency"]["p50"] <= report["ack_latency"]["max"]


def test_destinations_and_texts_vary_and_a_seed_repeats_them() -> None:
    def sent(seed: int) -> list[tuple[str, bytes]]:
        with serving(Centre()) as centre:
            run(dataclasses.replace(load(centre), seed=seed, count=50))
        return sorted((pdu.fields["destination_addr"], pdu.fields["short_message"]) for pdu in centre.submits)

    first = sent(1)
    assert len(set(first)) == 50 and all(dest.startswith("467") for dest, _ in first)
    assert first == sent(1) != sent(2)


def test_throttled_submits_are_sent_again() -> None:
    with serving(Centre(status=lambda number: THROTTLED if number < 5 else OK)) as centre:
        report = run(load(centre))
    assert report["success"] and report["throttled"] == 5 and len(centre.submits) == 205


def test_refusals_are_told() -> None:
    with serving(Centre(status=lambda number: INVALID_DESTINATION if number == 7 else OK)) as centre:
        report = run(load(centre))
    assert not report["success"]
    assert report["by_status"] == {"ESME_ROK": 199, "ESME_RINVDSTADR": 1}


def test_a_missing_receipt_ends_with_the_time_out() -> None:
    with serving(Centre(receipts=lambda number: int(number != 7))) as centre:
        report = run(dataclasses.replace(load(centre), timeout=0.5))
    assert report["timed_out_waiting"] and not report["success"] and report["receipts_missing"] == 1


def test_a_rate_takes_its_time() -> None:
    with serving(Centre()) as centre:
        report = run(dataclasses.replace(load(centre), rate=500, count=100))
    assert report["success"] and report["acked_per_second"] <= 505


def test_what_cannot_go_onto_the_wire_is_refused() -> None:
    with pytest.raises(SeptetError, match="password 8") as caught:
        run(dataclasses.replace(load(Centre()), password="longer than eight"))
    assert caught.value.code == "load.bad_argument"
