"""A PDU as a JSON object: its fields as they are, and beside them what they mean.

What `masked` hides: subscribers' numbers, texts, and octets that may hold either; a password as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from septet.codec import data_coding, decode
from septet.dissector import names
from septet.errors import SeptetError
from septet.observe.logs import mask
from septet.smpp import BadPdu, Pdu, parse_receipt, status_name, tlv_name

HIDDEN: Final = "…"

_NUMBERS: Final = frozenset({"source_addr", "destination_addr", "esme_addr", "address_range"})
_TIMES: Final = frozenset({"schedule_delivery_time", "validity_period", "final_date", "broadcast_end_time"})
_ALPHABETS: Final = {
    "gsm7": "GSM 7 bit",
    "ucs2": "UCS-2",
    "latin1": "Latin 1",
    "binary": "octets",
    "default": "default alphabet",
}
_UDHI: Final = 0x40
_RECEIPTS: Final = frozenset({0x04, 0x20})


def describe(pdu: Pdu, *, masked: bool = False) -> dict[str, Any]:
    """One PDU.

    >>> from septet.smpp import Pdu
    >>> pdu = Pdu("submit_sm", fields={"destination_addr": "46701234567", "short_message": b"Hi"})
    >>> said = describe(pdu)
    >>> said["fields"]["destination_addr"], said["fields"]["short_message"], said["text"]
    ('46701234567', '4869', 'Hi')
    >>> said = describe(pdu, masked=True)
    >>> said["fields"]["destination_addr"], said["fields"]["short_message"], said["text"]
    ('4670*****67', '…', '…')
    """
    command, fields = pdu.command, dict(pdu.fields)
    meaning = {name: told for name, value in fields.items() if (told := _meaning(name, value, command))}
    tlvs = []
    for tag, value in pdu.tlvs:
        shown, told = _tlv(tag, value, masked=masked)
        tlvs.append(shown)
        if told:
            meaning[_key(tag)] = told
    found: dict[str, Any] = {
        "command": command,
        "command_id": pdu.command_id,
        "status": pdu.status,
        "status_name": status_name(pdu.status),
        "sequence": pdu.sequence,
        "fields": {name: _shown(name, value, masked=masked) for name, value in fields.items()},
        "tlvs": tlvs,
        "meaning": meaning,
    }
    return found | _message(fields, dict(reversed(pdu.tlvs)), masked=masked)


def describe_bad(bad: BadPdu, *, masked: bool = False) -> dict[str, Any]:
    """A PDU that cannot be read: its header, why not, and where."""
    error = bad.error
    return {
        "command": "unreadable",
        "command_id": bad.command_id,
        "status": bad.status,
        "status_name": status_name(bad.status),
        "sequence": bad.sequence,
        "error": {"code": error.code, "detail": str(error), "offset": error.offset},
        "octets": HIDDEN if masked else bad.data.hex(),
    }


def _key(tag: int) -> str:
    return tlv_name(tag) or f"{tag:#06x}"


def _meaning(name: str, value: Any, command: str) -> str:
    if isinstance(value, int):
        if name == "esm_class":
            return names.esm_class(value, command)
        if name == "data_coding":
            return _coding(value)
        made = {
            "registered_delivery": names.registered_delivery,
            "interface_version": names.interface_version,
            "sc_interface_version": names.interface_version,
            "protocol_id": names.protocol_id,
        }.get(name)
        return made(value) if made else names.VALUES.get(name, {}).get(value, "")
    if name in _TIMES:
        return names.moment(value)
    return f"{len(value)} octets" if isinstance(value, bytes) else ""


def _coding(octet: int) -> str:
    try:
        coding = data_coding(octet)
    except SeptetError as error:
        return str(error)
    told = [_ALPHABETS.get(coding.alphabet, coding.alphabet)]
    if coding.message_class is not None:
        told.append(f"class {coding.message_class}" + (" (flash)" if coding.message_class == 0 else ""))
    if coding.waiting is not None:
        told.append(f"{coding.waiting} waiting" if coding.waiting_active else f"no {coding.waiting} waiting")
    if coding.compressed:
        told.append("compressed")
    return ", ".join(told)


def _shown(name: str, value: Any, *, masked: bool) -> Any:
    if isinstance(value, list):
        return [{inner: _shown(inner, of, masked=masked) for inner, of in one.items()} for one in value]
    if isinstance(value, bytes):
        return value.hex() if not (masked and value) else HIDDEN
    if not masked:
        return value
    if name == "password" and value:
        return HIDDEN
    return mask(value) if name in _NUMBERS else value


def _tlv(tag: int, value: bytes, *, masked: bool) -> tuple[dict[str, Any], str]:
    name = _key(tag)
    kind = names.TLVS.get(name)
    told, harmless = "", not value
    if kind is not None and kind.form == "int" and 0 < len(value) <= 4:
        number, harmless = int.from_bytes(value), True
        told = _meaning(name, number, "")
        told = f"{number}" + (f": {told}" if told else "")
    elif kind is not None and kind.form == "text":
        # An id and a network are no subscriber's; a carrier's remark may hold anything.
        harmless = name != "additional_status_info_text"
        told = "" if masked and not harmless else value.rstrip(b"\0").decode("latin-1")
    elif name == "network_error_code" and len(value) == 3:
        networks = {1: "ANSI-136", 2: "IS-95", 3: "GSM"}
        told, harmless = f"{networks.get(value[0], f'network {value[0]}')} error {int.from_bytes(value[1:])}", True
    elif value:
        told = f"{len(value)} octets"
    return {"tag": tag, "name": tlv_name(tag), "value": value.hex() if harmless or not masked else HIDDEN}, told


def _message(fields: Mapping[str, Any], tlvs: Mapping[int, bytes], *, masked: bool) -> dict[str, Any]:
    """Header elements, text and receipt, where there is a message."""
    if "data_coding" not in fields and "short_message" not in fields:
        return {}
    octets = fields.get("short_message", b"") or tlvs.get(names.tlv_tags()["message_payload"], b"")
    if not octets:
        return {}
    found: dict[str, Any] = {}
    esm_class = fields.get("esm_class", 0)
    header = octets[: octets[0] + 1] if esm_class & _UDHI else b""
    if header and len(header) <= octets[0]:
        return {"udh": [f"a header of {octets[0] + 1} octets does not fit into {len(octets)}"]}
    if header:
        found["udh"] = list(_elements(header, masked=masked))
    try:
        text = decode(octets[len(header) :], fields.get("data_coding", 0), udh=header)
    except SeptetError as error:
        # The message names a character at most.
        return found | {"text_error": error.code if masked else str(error)}
    if esm_class & 0x3C in _RECEIPTS:
        found |= _receipt(text, masked=masked)
    return found | {"text": HIDDEN if masked else text}


def _elements(header: bytes, *, masked: bool) -> Iterator[str]:
    at = 1
    while at + 2 <= len(header):
        end = at + 2 + header[at + 1]
        if end > len(header):
            break
        harmless = header[at] in (0x00, 0x01, 0x04, 0x05, 0x08, 0x24, 0x25)
        data = header[at + 2 : end]
        yield names.element(header[at], data) if harmless or not masked else names.element(header[at], b"") + HIDDEN
        at = end
    if at != len(header):
        yield f"cut short at octet {at}"


def _receipt(text: str, *, masked: bool) -> dict[str, Any]:
    try:
        receipt = parse_receipt(text)
    except SeptetError:
        return {}
    parts = {name: getattr(receipt, name) for name in ("id", "sub", "dlvrd", "submit_date", "done_date", "stat", "err")}
    parts["text"] = receipt.text if not masked or not receipt.text else HIDDEN
    return {"receipt": {name: value for name, value in parts.items() if value is not None}}
