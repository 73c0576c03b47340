"""A PDU from a JSON object, as `describe` gives it, or from words such as `source_addr=12345`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from septet.codec import segment
from septet.dissector import names
from septet.errors import SeptetError
from septet.smpp import Pdu, status_name

_HEADER: Final = frozenset({"command", "command_id", "sequence", "status"})
# What `describe` adds for people; it follows from the rest.
_COMMENTS: Final = frozenset({"at", "length", "meaning", "receipt", "status_name", "text_error", "udh"})
_ENCODINGS: Final = {0: "gsm7", 3: "latin1", 8: "ucs2"}


def build(said: Mapping[str, Any]) -> Pdu:
    """A PDU of `{"command", "sequence", "status", "fields": {…}, "tlvs": [{"tag" or "name", "value"}], "text"}`.

    Octets are hexadecimal. `text` becomes the short_message where there is none, in the encoding of `data_coding` or,
    without one, the cheapest.

    >>> build({"command": "submit_sm", "fields": {"source_addr": "12345"}, "text": "Hej"}).fields["short_message"]
    b'Hej'
    """
    unknown = [key for key in said if key not in _HEADER | _COMMENTS | {"fields", "tlvs", "text"}]
    if unknown:
        raise _wrong(f"unknown key {unknown[0]!r}: known are command, sequence, status, fields, tlvs, text")
    command = said.get("command") or said.get("command_id")
    if command is None:
        raise _wrong('`command` is missing, such as "submit_sm"')
    given, listed = said.get("fields", {}), said.get("tlvs", [])
    if not isinstance(given, Mapping) or not isinstance(listed, list):
        raise _wrong("`fields` is an object, `tlvs` an array")
    like = Pdu(command).fields
    fields = {name: _field(name, like.get(name), value) for name, value in given.items()}
    tlvs = [_tlv(one) for one in listed]
    text = said.get("text")
    has_payload = names.tlv_tags()["message_payload"] in dict(tlvs)
    if isinstance(text, str) and "short_message" in like and not (fields.get("short_message") or has_payload):
        fields |= _message(text, fields)
    return Pdu(
        command,
        sequence=_number("sequence", said.get("sequence", 1)),
        status=_number("status", said.get("status", 0)),
        fields=fields,
        tlvs=tlvs,
    )


def words(command: str, pairs: Iterable[str]) -> dict[str, Any]:
    """The object that `build` reads, of words such as `source_addr=12345`, `text=Hello` and `0x1401=0x01`.

    >>> words("submit_sm", ["source_addr=12345", "esm_class=0x40", "sar_total_segments=2"])["fields"]
    {'source_addr': '12345', 'esm_class': 64}
    """
    said: dict[str, Any] = {"command": command, "fields": {}, "tlvs": []}
    like = Pdu(command).fields
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise _wrong(f"{pair!r} must be NAME=VALUE")
        if name == "status":
            said[name] = status(value)
        elif name == "sequence":
            said[name] = _number(name, value)
        elif name == "text" and "text" not in like:
            said[name] = value
        elif name in like:
            said["fields"][name] = _number(name, value) if isinstance(like[name], int) else value
        elif name in names.tlv_tags() or name.startswith("0x"):
            said["tlvs"].append({"name": name, "value": value})
        else:
            raise _wrong(f"{command} has no field {name!r}, and no TLV is called so; its fields: {', '.join(like)}")
    return said


def status(text: str) -> int:
    """A command_status by its name or number.

    >>> status("ESME_RTHROTTLED"), status("0x58")
    (88, 88)
    """
    for code in range(0x500):
        if status_name(code) == text and text.startswith("ESME_"):
            return code
    return _number("status", text)


def _wrong(message: str) -> SeptetError:
    return SeptetError(message, "pdu.wrong")


def _number(name: str, value: Any) -> int:
    try:
        return value if isinstance(value, int) else int(value, 0)
    except (TypeError, ValueError):
        raise _wrong(f"{name} must be a number such as 7 or 0x07, not {value!r}") from None


def _octets(name: str, value: Any) -> bytes:
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise _wrong(f"{name} must be hexadecimal octets, not {value!r}") from None


def _field(name: str, like: Any, value: Any) -> Any:
    # What the PDU does not have is left for the codec to refuse.
    if isinstance(like, bytes):
        return _octets(name, value)
    if isinstance(like, list) and not isinstance(value, list):
        raise _wrong(f"{name} must be an array of objects")
    return value


def _tlv(one: Any) -> tuple[int, bytes]:
    if not isinstance(one, Mapping) or "value" not in one or not {"tag", "name"} & one.keys():
        raise _wrong('a TLV is an object such as {"name": "message_state", "value": "02"}')
    if one.get("tag") is not None:
        return _tag(_number("tag", one["tag"])), _octets("a TLV's value", one["value"])
    name = str(one["name"])
    tag = names.tlv_tags().get(name)
    if tag is None:
        tag = _tag(_number("a TLV's name", name))
    return tag, _tlv_value(name, str(one["value"]))


def _tag(tag: int) -> int:
    if not 0 <= tag <= 0xFFFF:
        raise _wrong(f"a TLV's tag has two octets, {tag:#x} is too much for it")
    return tag


def _tlv_value(name: str, value: str) -> bytes:
    """By name: a number or a text as people write it; octets, and whatever begins with 0x, in hexadecimal."""
    kind = names.TLVS.get(name)
    if kind is None or value.startswith("0x"):
        return _octets(name, value)
    if kind.form == "text":
        return value.encode("latin-1") + b"\0"
    try:
        return _number(name, value).to_bytes(kind.size)
    except OverflowError:
        raise _wrong(f"{name} has {kind.size} octets, {value} is too much for it") from None


def _message(text: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    coding = fields.get("data_coding")
    if coding is not None and coding not in _ENCODINGS:
        raise _wrong(f"text cannot be encoded for data_coding {coding}: give the octets as short_message")
    parts = segment(text, encoding="auto" if coding is None else _ENCODINGS[coding])
    if len(parts) > 1:
        raise _wrong(f"the text takes {len(parts)} segments, and a PDU carries one")
    esm_class = fields.get("esm_class", 0) | (0x40 if parts[0].udh else 0)
    return {"short_message": parts[0].short_message, "data_coding": parts[0].data_coding, "esm_class": esm_class}
