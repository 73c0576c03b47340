from __future__ import annotations

import pytest

from septet.dissector import names
from septet.smpp import tlv_name


def test_every_kind_and_every_value_is_of_a_name_that_the_codec_knows() -> None:
    assert set(names.TLVS) <= set(names.tlv_tags())
    assert all(tlv_name(tag) == name for name, tag in names.tlv_tags().items())


@pytest.mark.parametrize(
    ("value", "command", "told"),
    [
        (0x00, "submit_sm", "default mode"),
        (0x43, "submit_sm", "store and forward, user data header"),
        (0x08, "submit_sm", "default mode, delivery acknowledgement"),
        (0x04, "submit_sm", "default mode, reserved type 0x04"),
        (0x04, "deliver_sm", "default mode, delivery receipt"),
        (0x20, "deliver_sm", "default mode, intermediate notification"),
        (0x98, "deliver_sm", "default mode, conversation abort, reply path"),
    ],
)
def test_esm_class(value: int, command: str, told: str) -> None:
    assert names.esm_class(value, command) == told


def test_registered_delivery() -> None:
    assert names.registered_delivery(0x1D) == (
        "receipt, delivery acknowledgement, user acknowledgement, intermediate notification"
    )
    assert names.registered_delivery(0x20) == "reserved bits 0x20"


@pytest.mark.parametrize(
    ("identifier", "data", "told"),
    [
        (0x08, "012c0302", "concatenation (16 bit): reference 300, part 2 of 3"),
        (0x00, "0102", "concatenation: 01 02"),
        (0x04, "0a0b", "ports (8 bit): 10 from 11"),
        (0x25, "0d", "locking shift table: ur"),
        (0x24, "63", "single shift table: language 99"),
        (0x70, "", "element 0x70: empty"),
    ],
)
def test_elements(identifier: int, data: str, told: str) -> None:
    assert names.element(identifier, bytes.fromhex(data)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("000002030000000R", "in 2 days 3 h"),
        ("000000000000000R", "in no time"),
        ("261231235959020-", "2026-12-31 23:59:59 UTC-05:00"),
        ("261231235959020X", ""),
        ("26123123595902é+", ""),
    ],
)
def test_moments(text: str, told: str) -> None:
    assert names.moment(text) == told
