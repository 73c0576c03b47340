"""The tour on real processes: what it notes when all is well, and when carriers misbehave."""

from __future__ import annotations

import time

from septet.demo.peers import Api
from septet.demo.stage import CONFIRMED, OPTED_IN, OPTED_OUT, VOUCHER, stage
from septet.demo.tour import LONG, NEWS, OFFER, REMINDER, tour
from tests.support import free_ports


def test_everything_happens_on_a_good_day() -> None:
    said: list[str] = []
    with stage(time.monotonic() + 60) as scene:
        outcome = tour(scene.api, scene.carriers, scene.esme, time.monotonic() + 60, said.append)
    assert outcome.missing == [] and outcome.ok
    assert [(row.step, row.via, row.text, row.status) for row in outcome.rows] == [
        ("reminder", "HTTP", REMINDER, "delivered"),
        ("reminder", "phone", "YES", "handed_over"),
        ("reminder", "node", CONFIRMED, "delivered"),
        ("voucher", "phone", "voucher please!", "handed_over"),
        ("voucher", "node", VOUCHER, "delivered"),
        ("opt-out", "phone", "STOP", "handed_over"),
        ("opt-out", "node", OPTED_OUT, "delivered"),
        ("opt-out", "phone", "Stop", "handed_over"),
        ("opt-out", "HTTP", OFFER, "refused"),
        ("opt-out", "SMPP", OFFER, "refused"),
        ("opt-out", "phone", "START", "handed_over"),
        ("opt-out", "node", OPTED_IN, "delivered"),
        ("opt-out", "SMPP", NEWS, "delivered"),
        ("long text", "HTTP", LONG, "delivered"),
    ]
    assert outcome.rows[-1].segments > 2
    assert [row.receipt for row in outcome.rows if row.status == "delivered"] == ["delivered"] * 7
    assert sum(" → " in line for line in said) == len(outcome.rows)


def test_failed_receipts_are_named_one_by_one_and_the_rest_goes_on() -> None:
    with stage(time.monotonic() + 60, "--dlr-fail-rate", "1") as scene:
        outcome = tour(scene.api, scene.carriers, scene.esme, time.monotonic() + 60)
    assert not outcome.ok
    assert [row.status for row in outcome.rows].count("undeliverable") == 7
    assert len(outcome.missing) == 7
    assert all("undeliverable" in line and "\n" not in line for line in outcome.missing)
    assert [line.split(":")[0] for line in outcome.missing] == ["reminder"] * 2 + ["voucher"] + ["opt-out"] * 3 + [
        "long text"
    ]
    assert [row.status for row in outcome.rows].count("handed_over") == 5


def test_without_time_or_a_node_each_story_is_named() -> None:
    with stage(time.monotonic() + 60) as scene:
        late = tour(scene.api, scene.carriers, scene.esme, time.monotonic())
        nobody = Api(free_ports(1)[0], "key", "admin")
        alone = tour(nobody, scene.carriers, scene.esme, time.monotonic() + 60)
    names = ["reminder", "voucher", "opt-out", "long text"]
    assert late.missing == [f"{name}: not played, the time was over" for name in names]
    assert late.rows == []
    assert [line.split(": ")[0] for line in alone.missing] == names
    assert all("broken off" in line for line in alone.missing)


def test_silent_carriers_cost_no_more_than_the_time_given() -> None:
    with stage(time.monotonic() + 60, "--no-reply-rate", "1") as scene:
        begun = time.monotonic()
        outcome = tour(scene.api, scene.carriers, scene.esme, begun + 3)
        assert time.monotonic() - begun < 10
    assert outcome.missing[0].startswith("reminder: 12345 → 46701000001")
    assert outcome.missing[0].endswith("queued, not delivered")
    assert outcome.missing[-1] == "long text: not played, the time was over"
