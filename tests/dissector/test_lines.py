from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from septet.dissector import describe, describe_bad, full, summary
from septet.smpp import BadPdu, Framer, Pdu


def test_every_field_has_a_line() -> None:
    pdu = Pdu(
        "submit_sm", sequence=7, fields={"source_addr": "12345", "short_message": b"Hi"}, tlvs=[(0x0427, b"\x02")]
    )
    lines = [" ".join(line.split()) for line in full(describe(pdu))]
    assert lines[0] == "submit_sm sequence 7 status ESME_ROK (0x00000000)"
    assert 'source_addr "12345"' in lines
    assert "source_addr_ton 0 unknown" in lines
    assert "short_message 4869 2 octets" in lines
    assert "tlv 0x0427 message_state 02 2: DELIVERED" in lines
    assert lines[-1] == 'text "Hi"'
    assert len(lines) == 1 + len(pdu.fields) + 2


def test_an_error_is_told_with_its_octet() -> None:
    [bad] = Framer().feed(bytes.fromhex("00000010 00000999 00000000 00000005"))
    assert isinstance(bad, BadPdu)
    lines = list(full(describe_bad(bad)))
    assert lines[0].startswith("unreadable PDU  command_id 0x00000999  sequence 5")
    assert "at octet 4" in lines[1] and "[smpp.unknown_command]" in lines[1]
    assert summary(describe_bad(bad)).startswith("0x00000999 5 unreadable: ")


def test_a_summary_leaves_out_what_says_nothing() -> None:
    receipt = b"id:a1 stat:DELIVRD done date:2601010000 text:"
    pdu = Pdu("deliver_sm", sequence=3, fields={"esm_class": 4, "short_message": receipt}, tlvs=[(0x001E, b"a1\0")])
    assert summary(describe(pdu)) == (
        "deliver_sm 3 esm_class=4 (default mode, delivery receipt) receipted_message_id=a1 "
        "receipt(id:a1 done_date:2601010000 stat:DELIVRD text:)"
    )


@given(st.text(alphabet=st.characters(codec="utf-16-be"), max_size=60))
def test_no_text_of_a_peer_moves_the_cursor(text: str) -> None:
    octets = text.encode("utf-16-be")[:254]
    tlvs = [(0x001E, octets)]
    fields = {"short_message": octets, "data_coding": 8, "esm_class": 4, "source_addr": "\x1b[2J\x07"}
    said = describe(Pdu("deliver_sm", fields=fields, tlvs=tlvs))
    for line in (*full(said), summary(said)):
        assert line.isprintable(), line
