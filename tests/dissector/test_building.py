from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from septet.dissector import build, describe
from septet.dissector.building import status, words
from septet.errors import SeptetError
from septet.smpp import Pdu
from tests.smpp.strategies import pdus


@given(pdus())
def test_what_is_described_can_be_built_again(pdu: Pdu) -> None:
    assert build(describe(pdu)) == pdu


def test_words() -> None:
    given = ["source_addr=12345", "dest_addr_ton=0x01", "text=Hello", "sequence=9", "status=ESME_RTHROTTLED"]
    given += ["message_state=2", "receipted_message_id=a1", "message_payload=48656a", "0x1401=0x01ff"]
    pdu = build(words("submit_sm", given))
    assert (pdu.sequence, pdu.status) == (9, 0x58)
    assert (pdu.fields["source_addr"], pdu.fields["dest_addr_ton"]) == ("12345", 1)
    assert pdu.fields["short_message"] == b"", "the text would be in two places"
    assert pdu.tlvs == [(0x0427, b"\x02"), (0x001E, b"a1\0"), (0x0424, b"Hej"), (0x1401, b"\x01\xff")]


@pytest.mark.parametrize(
    ("given", "octets", "coding"),
    [
        (["text=Hej"], b"Hej", 0),
        (["text=Ж"], b"\x04\x16", 8),
        (["text=é", "data_coding=3"], b"\xe9", 3),
        (["text=Hej", "data_coding=8"], "Hej".encode("utf-16-be"), 8),
    ],
)
def test_text_is_encoded_as_asked(given: list[str], octets: bytes, coding: int) -> None:
    pdu = build(words("submit_sm", given))
    assert (pdu.fields["short_message"], pdu.fields["data_coding"]) == (octets, coding)


@pytest.mark.parametrize(
    ("command", "given", "told"),
    [
        ("submit", [], "not an operation"),
        ("submit_sm", ["source_addr"], "must be NAME=VALUE"),
        ("submit_sm", ["sauce_addr=1"], "has no field 'sauce_addr'"),
        ("submit_sm", ["esm_class=x"], "esm_class must be a number"),
        ("submit_sm", ["esm_class=256"], "esm_class"),
        ("submit_sm", ["short_message=Hello"], "must be hexadecimal octets"),
        ("submit_sm", ["message_state=300"], "has 1 octets, 300 is too much"),
        ("submit_sm", ["0x14011=01"], "tag"),
        ("submit_sm", ["status=ESME_NOPE"], "status must be a number"),
        ("submit_sm", ["text=" + "x" * 200], "takes 2 segments"),
        ("submit_sm", ["text=x", "data_coding=4"], "cannot be encoded for data_coding 4"),
        ("submit_multi", ["dest_address=46701234567"], "must be an array"),
    ],
)
def test_what_cannot_be_built_says_why(command: str, given: list[str], told: str) -> None:
    with pytest.raises((SeptetError, OverflowError), match=told):
        build(words(command, given))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"command": "submit_sm", "colour": 1},
        {"command": "submit_sm", "fields": []},
        {"command": "submit_sm", "fields": {"short_message": 5}},
        {"command": "submit_sm", "tlvs": [{"name": "message_state"}]},
        {"command": "submit_sm", "tlvs": [5]},
        {"command": "submit_sm", "sequence": "x"},
    ],
)
def test_objects_that_are_no_pdu(said: dict[str, Any]) -> None:
    with pytest.raises(SeptetError):
        build(said)


def test_statuses_by_name() -> None:
    assert (status("ESME_ROK"), status("ESME_RSYSERR"), status("1024")) == (0, 8, 1024)
