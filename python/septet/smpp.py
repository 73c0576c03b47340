"""SMPP 3.4 on the wire: PDUs to objects and back, and a stream cut into PDUs.

    >>> from septet import smpp
    >>> pdu = smpp.Pdu("submit_sm", sequence=7, fields={
    ...     "source_addr": "12345", "destination_addr": "46701234567", "short_message": b"Hello"})
    >>> data = pdu.encode()
    >>> len(data), smpp.decode(data) == pdu
    (54, True)
    >>> smpp.decode(data).fields["short_message"]
    b'Hello'

What cannot be decoded raises `SeptetError`, whose `offset` counts from the PDU's first octet. A C-octet string is a
`str` in which each octet is the character of its number, so that any octets survive the way there and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from septet._septet import BadPdu, Fields, Framer, Pdu, Receipt
from septet._septet import parse_receipt as _parse_receipt
from septet._septet import smpp_decode as _decode
from septet._septet import smpp_encode_many as _encode_many
from septet._septet import smpp_status_name as _status_name
from septet._septet import smpp_tlv_name as _tlv_name

__all__ = [
    "BadPdu",
    "Fields",
    "Framer",
    "Pdu",
    "Receipt",
    "decode",
    "encode_many",
    "parse_receipt",
    "status_name",
    "tlv_name",
]


def decode(data: bytes | bytearray) -> Pdu:
    """Decode exactly one PDU.

    >>> decode(bytes.fromhex("00000010 00000015 00000000 00000001"))
    <Pdu enquire_link sequence=1 status=ESME_ROK fields={} tlvs=0>
    >>> decode(bytes.fromhex("00000010 00000015 00000000"))
    Traceback (most recent call last):
    septet.errors.SeptetError: the PDU has 16 octets or more, only 12 are here
    """
    return _decode(data)


def encode_many(command: str | int, fields: Iterable[Mapping[str, Any]], *, sequence: int = 1) -> bytes:
    """Encode a PDU for each of `fields`, one after the other, as they would be written to a socket.

    The first has `sequence`, each further one the next number (after 0x7FFFFFFF comes 1). Fields are those of `Pdu`.

    >>> octets = encode_many("query_sm", [{"message_id": "a1"}, {"message_id": "a2"}], sequence=8)
    >>> [(pdu.sequence, pdu.fields["message_id"]) for pdu in Framer().feed(octets)]
    [(8, 'a1'), (9, 'a2')]
    """
    return _encode_many(command, fields, sequence=sequence)


def parse_receipt(body: str | bytes | bytearray) -> Receipt:
    """Read the text of a delivery receipt as carriers write it: keys in any case and order, some missing.

    Each part is as written, or None. What follows `text:` is the subscriber's and holds no keys.

    >>> receipt = parse_receipt("Stat:DELIVRD id:0A1b err:000 text:id:7 is mine")
    >>> receipt.id, receipt.stat, receipt.done_date, receipt.text
    ('0A1b', 'DELIVRD', None, 'id:7 is mine')
    >>> parse_receipt("See you at six")
    Traceback (most recent call last):
    septet.errors.SeptetError: this is no delivery receipt: it has no id with a state or a date
    """
    return _parse_receipt(body)


def status_name(code: int) -> str:
    """Return the specification's name of a `command_status`; `vendor` or `reserved` for those it does not name.

    >>> status_name(0x58), status_name(0x401), status_name(0x9)
    ('ESME_RTHROTTLED', 'vendor', 'reserved')
    """
    return _status_name(code)


def tlv_name(tag: int) -> str | None:
    """Return the specification's name of a TLV's tag.

    >>> tlv_name(0x0424), tlv_name(0x1401)
    ('message_payload', None)
    """
    return _tlv_name(tag)
