"""Classes of inputs, by which a known difference is recognised. Each says no more than the explanation does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import septet
from septet import SeptetError

ESCAPE = 0x1B
EXTENSION = frozenset(bytes.fromhex("0a1428292f3c3d3e4065"))


def pairs(septets: bytes) -> Iterator[int | None]:
    """What follows each escape, read from the left; None where nothing does."""
    at = 0
    while (at := septets.find(ESCAPE, at)) >= 0:
        yield septets[at + 1] if at + 1 < len(septets) else None
        at += 2


def unpacked(body: bytes) -> bytes:
    return septet.gsm7.unpack(body, len(body) * 8 // 7)


def cut_inside_a_pair(text: str) -> bool:
    """A knife that knows no characters goes through one, or the parts that spare them are more than it makes."""
    try:
        septets = septet.gsm7.encode(text)
        units, each, single = list(septets), 153, 160
        is_first = [unit == ESCAPE for unit in units]
    except SeptetError:
        octets = text.encode("utf-16-be")
        each, single = 67, 70
        units = [octets[at] << 8 | octets[at + 1] for at in range(0, len(octets), 2)]
        is_first = [0xD800 <= unit < 0xDC00 for unit in units]
    return len(units) > single and any(is_first[end - 1] for end in range(each, len(units), each))


def more_than_255_parts(text: str) -> bool:
    return len(text.encode("utf-16-be")) // 2 * (1 + ("€" in text)) > 255 * 66


CLASSES: dict[str, Callable[[Any], bool]] = {
    "escape_character": lambda text: "\x1b" in text,
    "section_sign_or_grave_accent": lambda text: "§" in text or "`" in text,
    "form_feed": lambda text: "\f" in text,
    "cut_inside_a_pair": cut_inside_a_pair,
    "more_than_255_parts": more_than_255_parts,
    "fills_a_part_and_ends_in_cr": lambda text: len(septet.gsm7.encode(text)) == 160 and text.endswith("\r"),
    "empty": lambda text: text == "",
    "unknown_extension": lambda septets: any(c not in EXTENSION | {ESCAPE, None} for c in pairs(septets)),
    "double_escape": lambda septets: ESCAPE in pairs(septets),
    "last_escape": lambda septets: None in pairs(septets),
    "packed_unknown_extension": lambda body: CLASSES["unknown_extension"](unpacked(body)),
    "packed_double_escape": lambda body: CLASSES["double_escape"](unpacked(body)),
}
