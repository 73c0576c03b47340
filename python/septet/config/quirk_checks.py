"""Checks of quirks: keys that contradict each other, and values that do not fit their type."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from septet.config.reader import Draft, Reader

_INTS = {"int8": 8, "int16": 16, "int32": 32}
# The node writes these by itself (SMPP 3.4 5.3.2.22 to 24, 5.3.2.32).
_OWN_TAGS = {
    0x020C: "sar_msg_ref_num",
    0x020E: "sar_total_segments",
    0x020F: "sar_segment_seqnum",
    0x0424: "message_payload",
}


def check_carrier(carrier: Draft, reader: Reader) -> None:
    """The quirks of a carrier."""
    quirks = carrier.get("quirks")
    if not isinstance(quirks, Draft):
        return
    _packed(quirks, carrier.get("default_alphabet"), reader)
    for name in ("source_format", "dest_format"):
        _national(quirks, name, reader)
    seen: dict[Hashable, str] = {}
    for name in ("throttle_statuses", "retry_statuses", "permanent_statuses"):
        for index, code in enumerate(quirks.get(name)):
            _once(seen, code, f"0x{code:08X}", f"{quirks.path}.{name}[{index}]", reader)
    _unique(((word, str(word.get("word")).upper()) for word in quirks.get("receipt_words")), "word", reader)
    codes = ((code, (code.get("in_"), str(code.get("code")).lstrip("0").lower())) for code in quirks.get("error_codes"))
    _unique(codes, "code", reader)
    tlvs = quirks.get("tlvs")
    for name in ("name", "tag"):
        _unique(((tlv, tlv.get(name)) for tlv in tlvs), name, reader)
    for tlv in tlvs:
        _tlv(tlv, reader)


def check_account(account: Draft, reader: Reader) -> None:
    """The quirks of an account."""
    quirks = account.get("quirks")
    if not isinstance(quirks, Draft):
        return
    _packed(quirks, quirks.get("default_alphabet"), reader)
    _national(quirks, "address_format", reader)


def _packed(quirks: Draft, alphabet: str | None, reader: Reader) -> None:
    if quirks.get("packed") and alphabet not in ("gsm7", None):
        reader.note(
            f"{quirks.path}.packed",
            f'only the GSM alphabet is packed, and default_alphabet is "{alphabet}"',
            "leave one of them out",
        )


def _national(quirks: Draft, name: str, reader: Reader) -> None:
    if quirks.get(name) == "national" and quirks.get("country_code") == "":
        reader.note(f"{quirks.path}.{name}", "a national form needs a country", 'add country_code = "46", for example')


def _unique(drafts: Iterable[tuple[Draft, Hashable]], key: str, reader: Reader) -> None:
    seen: dict[Hashable, str] = {}
    for draft, value in drafts:
        if draft.get(key) is not None:
            _once(seen, value, str(draft.get(key)), f"{draft.path}.{key}", reader)


def _once(seen: dict[Hashable, str], value: Hashable, shown: str, path: str, reader: Reader) -> None:
    if value in seen:
        reader.note(path, f"{shown} is already at {seen[value]}", "name it once")
    seen.setdefault(value, path)


def _tlv(tlv: Draft, reader: Reader) -> None:
    tag, kind, value = tlv.get("tag"), tlv.get("type"), tlv.get("value")
    if tag in _OWN_TAGS:
        reader.note(
            f"{tlv.path}.tag", f"0x{tag:04X} is {_OWN_TAGS[tag]}, which the node writes by itself", "see long_text"
        )
    if value is None or kind is None:
        return
    if bits := _INTS.get(kind):
        fits = value.isascii() and value.isdigit() and int(value) < 1 << bits
    elif kind == "hex":
        fits = _is_hex(value)
    else:
        fits = "\0" not in value
    if not fits:
        reader.note(f"{tlv.path}.value", f'"{value}" is no value of type {kind}')


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and all(digit in "0123456789abcdefABCDEF" for digit in text)
