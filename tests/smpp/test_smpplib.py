"""The codec against smpplib's, which nobody here wrote: each reads what the other writes."""

from typing import Any

import pytest
import smpplib.smpp
from hypothesis import given
from hypothesis import strategies as st

from septet import smpp

ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
OCTET = st.integers(0, 255)


def text(limit: int) -> st.SearchStrategy[str]:
    return st.text(ASCII, max_size=limit - 1)


class Numbered:
    """What smpplib asks for sequence numbers."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence

    def next_sequence(self) -> int:
        return self.sequence


BIND = {
    "system_id": text(16),
    "password": text(9),
    "system_type": text(13),
    "addr_ton": OCTET,
    "addr_npi": OCTET,
    "address_range": text(41),
}
MESSAGE = {
    "service_type": text(6),
    "source_addr_ton": OCTET,
    "source_addr_npi": OCTET,
    "source_addr": text(21),
    "dest_addr_ton": OCTET,
    "dest_addr_npi": OCTET,
    "destination_addr": text(21),
    "esm_class": OCTET,
    "protocol_id": OCTET,
    "priority_flag": OCTET,
    "schedule_delivery_time": text(17),
    "validity_period": text(17),
    "registered_delivery": OCTET,
    "replace_if_present_flag": OCTET,
    "data_coding": OCTET,
    "sm_default_msg_id": OCTET,
    "short_message": st.binary(max_size=254),
}
REQUESTS: dict[str, dict[str, Any]] = {
    "bind_transmitter": BIND,
    "bind_receiver": BIND,
    "bind_transceiver": BIND,
    "submit_sm": MESSAGE,
    "deliver_sm": MESSAGE,
    "query_sm": {
        "message_id": st.text(ASCII, min_size=1, max_size=64),  # smpplib wants one
        "source_addr_ton": OCTET,
        "source_addr_npi": OCTET,
        "source_addr": text(21),
    },
    "unbind": {},
    "enquire_link": {},
}
RESPONSES: dict[str, dict[str, Any]] = {
    "bind_transceiver_resp": {"system_id": text(16)},
    "submit_sm_resp": {"message_id": text(65)},
    "deliver_sm_resp": {"message_id": text(65)},
    "unbind_resp": {},
    "enquire_link_resp": {},
}


def agrees(theirs: Any, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        found = getattr(theirs, name)
        if isinstance(value, int) or isinstance(found, str):
            assert found == value, name
        else:
            assert (found or b"") == (value if isinstance(value, bytes) else value.encode("latin-1")), name


@pytest.mark.parametrize("command", sorted(REQUESTS))
@given(data=st.data(), sequence=st.integers(1, 0x7FFFFFFF))
def test_requests_are_the_same_octets(command: str, data: st.DataObject, sequence: int) -> None:
    fields = data.draw(st.fixed_dictionaries(REQUESTS[command]))
    theirs = smpplib.smpp.make_pdu(command, client=Numbered(sequence), **fields)
    octets = theirs.generate()
    given_too = {**fields, "interface_version": 0x34} if "system_id" in fields else fields
    ours = smpp.Pdu(command, sequence=sequence, fields=given_too)
    assert ours.encode() == octets
    assert smpp.decode(octets) == ours


@pytest.mark.parametrize("command", sorted(RESPONSES | REQUESTS))
@given(data=st.data(), sequence=st.integers(1, 0x7FFFFFFF), status=st.integers(0, 0xFF))
def test_it_reads_what_we_write(command: str, data: st.DataObject, sequence: int, status: int) -> None:
    fields = data.draw(st.fixed_dictionaries((RESPONSES | REQUESTS)[command]))
    octets = smpp.Pdu(command, sequence=sequence, status=status, fields=fields).encode()
    theirs = smpplib.smpp.parse_pdu(octets, client=Numbered(0))
    assert (theirs.command, theirs.sequence, theirs.status) == (command, sequence, status)
    agrees(theirs, fields)


@given(st.binary(min_size=1, max_size=300), st.integers(0, 0xFFFF), st.integers(1, 255), st.integers(1, 255))
def test_tlvs_are_read_alike(payload: bytes, reference: int, total: int, number: int) -> None:
    tlvs = [
        (0x020C, reference.to_bytes(2, "big")),
        (0x020E, bytes([total])),
        (0x020F, bytes([number])),
        (0x0424, payload),
        (0x001E, b"id-1\0"),
    ]
    octets = smpp.Pdu("deliver_sm", tlvs=tlvs).encode()
    theirs = smpplib.smpp.parse_pdu(octets, client=Numbered(0))
    assert (theirs.sar_msg_ref_num, theirs.sar_total_segments, theirs.sar_segment_seqnum) == (reference, total, number)
    assert (theirs.message_payload, theirs.receipted_message_id) == (payload, b"id-1")
