"""The honest rival: the same work in pure Python, as fast as its author could make it, and correct.

Characters go through the interpreter's compiled charmap (one C loop a text) into one octet each, extension characters
into the upper half; escape pairs are opened by `bytes.replace` for the few that occur. Packing shifts whole big
integers: pairs of septets, then quadruples, then octuples, three steps whatever the length.
"""

from __future__ import annotations

import codecs
from functools import lru_cache

ESCAPE = 0x1B
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip

# U+FFFE is charmap's word for "no such character".
_UPPER = "".join(EXTENSION.get(code, "\ufffe") for code in range(128))
_ENCODE = codecs.charmap_build(BASIC.replace("\x1b", "\ufffe") + _UPPER)
_PAIRS = [(bytes([0x80 | code]), bytes([ESCAPE, code])) for code in EXTENSION]
_SIGNS = [("\x1b" + BASIC[code], sign) for code, sign in EXTENSION.items()]
_LOWER = bytes(range(128))
_encode = codecs.charmap_encode
_decode = codecs.charmap_decode
_utf_16 = codecs.utf_16_be_encode


def _septets(octets: bytes) -> bytes:
    """Octets of the charmap as septets with escape pairs."""
    for one, pair in _PAIRS:
        if one in octets:
            octets = octets.replace(one, pair)
    return octets


def _gsm_cuts(septets: bytes, capacity: int) -> list[int]:
    """Where parts end; no pair is cut. In encoded text an escape is never the second of a pair."""
    cuts, at, end = [], 0, len(septets)
    while end - at > capacity:
        at += capacity
        if septets[at - 1] == ESCAPE:
            at -= 1
        cuts.append(at)
    cuts.append(end)
    return cuts


def _ucs2_cuts(octets: bytes) -> list[int]:
    cuts, at, end = [], 0, len(octets)
    while end - at > 134:
        at += 134
        if octets[at - 2] & 0xFC == 0xD8:
            at -= 2
        cuts.append(at)
    cuts.append(end)
    return cuts


def analyze(text: str) -> tuple[str, int, int]:
    """Encoding, units, segments."""
    try:
        octets = _encode(text, "strict", _ENCODE)[0]
    except UnicodeEncodeError:
        octets = _utf_16(text)[0]
        units = len(octets) >> 1
        return "ucs2", units, 1 if units <= 70 else len(_ucs2_cuts(octets))
    units = len(octets)
    if octets.isascii():
        return "gsm7", units, 1 if units <= 160 else -(-units // 153)
    units += len(octets.translate(None, _LOWER))
    return "gsm7", units, 1 if units <= 160 else len(_gsm_cuts(_septets(octets), 153))


def segment(text: str, reference: int = 0) -> list[tuple[bytes, bytes]]:
    """Header and body of each part."""
    try:
        octets = _encode(text, "strict", _ENCODE)[0]
    except UnicodeEncodeError:
        octets = _utf_16(text)[0]
        if len(octets) <= 140:
            return [(b"", octets)]
        cuts = _ucs2_cuts(octets)
    else:
        if not octets.isascii():
            octets = _septets(octets)
        if len(octets) <= 160:
            return [(b"", octets)]
        cuts = _gsm_cuts(octets, 153)
    header, at, parts = bytes((5, 0, 3, reference, len(cuts))), 0, []
    for number, cut in enumerate(cuts, 1):
        parts.append((header + number.to_bytes(), octets[at:cut]))
        at = cut
    return parts


def decode(body: bytes, data_coding: int) -> str:
    """The text of a body, data_coding 0 or 8."""
    if data_coding == 8:
        return str(body, "utf-16-be")
    text = _decode(body, "strict", BASIC)[0]
    if "\x1b" not in text:
        return text
    if "\x1b\x1b" in text:
        return _decode_slowly(text)
    for pair, sign in _SIGNS:
        if pair in text:
            text = text.replace(pair, sign)
    # What is still escaped has no character of its own.
    return text.replace("\x1b", "") if "\x1b" in text else text


def _decode_slowly(text: str) -> str:
    signs, out, characters = dict(_SIGNS), [], iter(text)
    for character in characters:
        if character == "\x1b":
            behind = next(characters, "")
            out.append(" " if behind == "\x1b" else signs.get("\x1b" + behind, behind))
        else:
            out.append(character)
    return "".join(out)


@lru_cache
def _masks(words: int) -> tuple[int, ...]:
    """For words of 16, 32 and 64 bits in turn, the lower and the upper half's bits of the packed halves."""
    out = []
    for width in (16, 32, 64):
        half = (1 << width // 2 * 7 // 8) - 1
        low = int.from_bytes(half.to_bytes(width // 8, "little") * (words * 8 // (width // 8)), "little")
        out += [low, low << width // 2]
    return tuple(out)


def pack(septets: bytes) -> bytes:
    """Eight septets in seven octets."""
    words = -(-len(septets) // 8)
    low16, high16, low32, high32, low64, high64 = _masks(words)
    bits = int.from_bytes(septets, "little")
    bits = bits & low16 | (bits & high16) >> 1
    bits = bits & low32 | (bits & high32) >> 2
    bits = bits & low64 | (bits & high64) >> 4
    octets = bytearray(bits.to_bytes(words * 8, "little"))
    del octets[7::8]
    return bytes(octets[: -(-len(septets) * 7 // 8)])


def unpack(octets: bytes, count: int) -> bytes:
    """`count` septets."""
    words = -(-count // 8)
    wide = bytearray(words * 8)
    octets = octets.ljust(words * 7, b"\0")
    for i in range(7):
        wide[i::8] = octets[i : words * 7 : 7]
    low16, high16, low32, high32, low64, high64 = _masks(words)
    bits = int.from_bytes(wide, "little")
    bits = bits & low64 | bits << 4 & high64
    bits = bits & low32 | bits << 2 & high32
    bits = bits & low16 | bits << 1 & high16
    return bits.to_bytes(words * 8, "little")[:count]
