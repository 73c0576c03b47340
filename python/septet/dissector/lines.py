"""Descriptions as lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

# What a summary leaves out: it is said better elsewhere in the line, or of no interest where it is 0.
_LEFT_OUT: Final = frozenset({"sm_length", "short_message", "number_of_dests", "no_unsuccess"})
_MEANT: Final = frozenset({"esm_class", "data_coding", "registered_delivery", "interface_version"})


def _plain(text: str) -> str:
    """On one line, whatever it holds: a peer's octets must not move a terminal's cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _quoted(text: str) -> str:
    return _plain(json.dumps(text, ensure_ascii=False))


def full(said: Mapping[str, Any]) -> Iterator[str]:
    """Every field on a line of its own, its meaning beside it.

    >>> from septet.dissector import describe
    >>> from septet.smpp import Pdu
    >>> print(*full(describe(Pdu("bind_receiver_resp", status=14))), sep="\\n")
    bind_receiver_resp  sequence 1  status ESME_RINVPASWD (0x0000000e)
    """
    yield _head(said)
    if "error" in said:
        error = said["error"]
        # Some messages name the octet themselves.
        told = error["offset"] is None or f"octet {error['offset']}" in error["detail"]
        where = "" if told else f" at octet {error['offset']}"
        yield f"  error{where}: {error['detail']} [{error['code']}]"
        yield f"  octets {said['octets']}"
        return
    rows = []
    for name, value in said["fields"].items():
        meaning = said["meaning"].get(name, "")
        # Octets stand without quotes, as they do in a TLV.
        rows.append((name, value if value and meaning.endswith(" octets") else _value(value), meaning))
    for tlv in said["tlvs"]:
        name = tlv["name"] or f"{tlv['tag']:#06x}"
        label = f"tlv {tlv['tag']:#06x} {tlv['name'] or '(not in the specification)'}"
        rows.append((label, tlv["value"] or "empty", said["meaning"].get(name, "")))
    rows += [("udh", element, "") for element in said.get("udh", ())]
    rows += [
        (f"receipt {name}", _quoted(value) if value else "", "") for name, value in said.get("receipt", {}).items()
    ]
    if "text" in said:
        rows.append(("text", _quoted(said["text"]), ""))
    if "text_error" in said:
        rows.append(("text", "cannot be decoded:", said["text_error"]))
    wide = max((len(name) for name, *_ in rows), default=0)
    for name, value, meaning in rows:
        yield f"  {name:<{wide}}  {value}" + (f"  {_plain(meaning)}" if meaning else "")


def _head(said: Mapping[str, Any]) -> str:
    command = said["command"]
    parts = [command if "error" not in said else f"{command} PDU"]
    if "error" in said and "command_id" in said:
        parts.append(f"command_id {said['command_id']:#010x}")
    if "sequence" in said:
        parts.append(f"sequence {said['sequence']}")
    if "status_name" in said:
        parts.append(f"status {said['status_name']} ({said['status']:#010x})")
    if "length" in said:
        parts.append(f"{said['length']} octets")
    if said.get("at"):
        parts.append(f"at octet {said['at']}")
    return "  ".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(" ".join(f"{name}={_value(of)}" for name, of in one.items()) for one in value) or "none"
    return _quoted(value) if isinstance(value, str) else str(value)


def summary(said: Mapping[str, Any]) -> str:
    """One line: what is not 0 and not empty.

    >>> from septet.dissector import describe
    >>> from septet.smpp import Pdu
    >>> summary(describe(Pdu("deliver_sm", sequence=3, fields={"source_addr": "12345", "short_message": b"Hi"})))
    'deliver_sm 3 source_addr="12345" text="Hi"'
    >>> summary(describe(Pdu("submit_sm_resp", sequence=3, status=0x58)))
    'submit_sm_resp 3 ESME_RTHROTTLED (0x00000058)'
    """
    parts = [said["command"] if "error" not in said else f"{said['command_id']:#010x}", str(said["sequence"])]
    if said["status"]:
        parts.append(f"{said['status_name']} ({said['status']:#010x})")
    if "error" in said:
        return " ".join([*parts, f"unreadable: {said['error']['detail']}"])
    for name, value in said["fields"].items():
        if value and name not in _LEFT_OUT:
            meaning = said["meaning"].get(name) if name in _MEANT else None
            parts.append(f"{name}={_value(value)}" + (f" ({meaning})" if meaning else ""))
    for tlv in said["tlvs"]:
        name = tlv["name"] or f"{tlv['tag']:#06x}"
        parts.append(f"{name}={said['meaning'].get(name) or tlv['value'] or 'empty'}")
    parts += [f"[{element}]" for element in said.get("udh", ())]
    if "receipt" in said:
        parts.append("receipt(" + " ".join(f"{name}:{value}" for name, value in said["receipt"].items()) + ")")
    elif "text" in said:
        parts.append(f"text={_quoted(said['text'])}")
    return _plain(" ".join(parts))
