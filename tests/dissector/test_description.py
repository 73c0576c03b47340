from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from septet import segment
from septet.dissector import describe, describe_bad
from septet.smpp import BadPdu, Framer, Pdu

NUMBER, SECRET = "46701234567", "meet me at six"


def message(command: str = "deliver_sm", text: bytes = b"Hi", tlvs: Any = (), **fields: Any) -> Pdu:
    return Pdu(command, fields={"source_addr": NUMBER, "short_message": text} | fields, tlvs=list(tlvs))


def test_header_elements_and_text() -> None:
    part = segment("Ж" * 100)[1]
    said = describe(message(text=part.short_message, data_coding=8, esm_class=0x40))
    assert said["udh"] == ["concatenation: reference 0, part 2 of 2"]
    assert said["text"] == "Ж" * 33
    assert said["meaning"]["data_coding"] == "UCS-2"
    assert said["meaning"]["esm_class"] == "default mode, user data header"


def test_a_header_that_does_not_fit_is_said() -> None:
    said = describe(message(esm_class=0x40))
    assert said["udh"] == ["a header of 73 octets does not fit into 2"]
    assert "text" not in said
    said = describe(message(text=b"\x04\x00\x03\x01\x02", esm_class=0x40))
    assert said["udh"] == ["cut short at octet 1"]


def test_a_text_that_cannot_be_decoded_is_said() -> None:
    said = describe(message(text=b"\x04", data_coding=8))
    assert "text" not in said and said["text_error"]
    said = describe(message(data_coding=4))
    assert "text" not in said and said["text_error"]


def test_the_text_of_message_payload() -> None:
    assert describe(message(text=b"", tlvs=[(0x0424, b"long")]))["text"] == "long"


def test_a_receipt() -> None:
    text = b"id:a1 sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:" + b"Hej"
    tlvs = [(0x001E, b"a1\0"), (0x0427, b"\x02"), (0x0423, b"\x03\x00\x05"), (0x1401, b"\x09")]
    said = describe(message(text=text, tlvs=tlvs, esm_class=4))
    assert (said["receipt"]["id"], said["receipt"]["stat"], said["receipt"]["text"]) == ("a1", "DELIVRD", "Hej")
    meaning = said["meaning"]
    assert (meaning["receipted_message_id"], meaning["message_state"]) == ("a1", "2: DELIVERED")
    assert meaning["network_error_code"] == "GSM error 5"
    assert said["tlvs"][-1] == {"tag": 0x1401, "name": None, "value": "09"}
    assert "receipt" not in describe(message(text=text)), "esm_class says that it is none"


def test_flash() -> None:
    assert describe(message(data_coding=0x10))["meaning"]["data_coding"] == "GSM 7 bit, class 0 (flash)"


def test_nothing_of_a_person_is_left_where_it_is_masked() -> None:
    private = SECRET.encode()
    receipt = b"id:a1 stat:DELIVRD done date:2601010000 text:" + private
    destinations = [{"dest_flag": 1, "destination_addr": NUMBER}]
    pdus = [
        message(text=private),
        message(text=receipt, esm_class=4),
        message(text=b"", tlvs=[(0x0424, private)]),
        message(tlvs=[(0x0381, b"\x01\x01\x01" + NUMBER.encode()), (0x1400, private), (0x001D, private)]),
        message(text=bytes([len(private) + 2, 0x22, len(private)]) + private, esm_class=0x40),
        Pdu("submit_multi", fields={"dest_address": destinations, "short_message": private}),
        Pdu("submit_multi_resp", fields={"unsuccess_sme": [{"destination_addr": NUMBER, "error_status_code": 11}]}),
        Pdu("bind_transceiver", fields={"system_id": "acme", "password": "pass1234"}),
        Pdu("alert_notification", fields={"source_addr": NUMBER, "esme_addr": NUMBER}),
    ]
    for pdu in pdus:
        shown = json.dumps(describe(pdu, masked=True))
        for hidden in (NUMBER, SECRET, private.hex(), NUMBER.encode().hex(), private.hex(" "), "pass1234"):
            assert hidden not in shown, pdu
        assert any(hidden in json.dumps(describe(pdu)) for hidden in (NUMBER, SECRET, "pass1234"))
    said = describe(message(text=receipt, esm_class=4, tlvs=[(0x001E, b"a1\0")]), masked=True)
    assert (said["receipt"]["id"], said["receipt"]["stat"]) == ("a1", "DELIVRD"), "what an operator looks for stays"
    assert said["meaning"]["receipted_message_id"] == "a1"
    assert describe(message(source_addr="12345"), masked=True)["fields"]["source_addr"] == "12345"


def test_what_cannot_be_read() -> None:
    octets = bytes.fromhex("00000014 00000004 00000000 00000007") + b"secr"
    [bad] = Framer().feed(octets)
    assert isinstance(bad, BadPdu)
    said = describe_bad(bad)
    assert (said["sequence"], said["error"]["offset"], said["octets"]) == (7, bad.error.offset, octets.hex())
    assert describe_bad(bad, masked=True)["octets"] == "…"


@given(st.binary(max_size=80), st.integers(0, 255), st.integers(0, 255), st.booleans())
def test_any_octets_have_a_description(octets: bytes, esm_class: int, data_coding: int, masked: bool) -> None:
    tlvs = [(tag, octets) for tag in (0x0424, 0x0427, 0x001E, 0x0423, 0x9999)]
    pdu = message(text=octets, esm_class=esm_class, data_coding=data_coding, tlvs=tlvs)
    said = describe(pdu, masked=masked)
    assert json.loads(json.dumps(said)) == said
    assert said["sequence"] == 1
