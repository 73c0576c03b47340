"""What is right, written to be obvious and not to be fast: the answers that every implementation is held to."""

from __future__ import annotations

from itertools import accumulate

from bench.micro.rival import BASIC, ESCAPE, EXTENSION

SEPTETS = {character: bytes([code]) for code, character in enumerate(BASIC) if code != ESCAPE}
SEPTETS |= {character: bytes([ESCAPE, code]) for code, character in EXTENSION.items()}


def units(text: str) -> tuple[str, list[bytes]]:
    """The encoding, and the octets of each character, which belong together (3GPP TS 23.038 6.2.1)."""
    if all(c in SEPTETS for c in text):
        return "gsm7", [SEPTETS[c] for c in text]
    return "ucs2", [c.encode("utf-16-be") for c in text]


def bodies(text: str) -> list[bytes]:
    """The body of each part, headers left out (3GPP TS 23.040 9.2.3.24.1)."""
    encoding, characters = units(text)
    single, several = (160, 153) if encoding == "gsm7" else (140, 134)
    if sum(map(len, characters)) <= single:
        return [b"".join(characters)]
    parts = [b""]
    for character in characters:
        if len(parts[-1]) + len(character) > several:
            parts.append(b"")
        parts[-1] += character
    return parts


def divides(text: str, parts: list[bytes]) -> bool:
    """Whether these bodies are the text's, no more than need be, and none ends within a character.

    Which characters end a part is free where there is room to spare: sparing emoji sequences is as right as filling up.
    """
    least, (encoding, characters) = bodies(text), units(text)
    several = 153 if encoding == "gsm7" else 134
    room = len(least[0]) if len(least) == 1 else several
    ends = set(accumulate(map(len, characters), initial=0))
    return (
        b"".join(parts) == b"".join(characters)
        and len(parts) == len(least)
        and all(len(part) <= room for part in parts)
        and ends.issuperset(accumulate(map(len, parts)))
    )


def analysis(text: str) -> tuple[str, int, int]:
    """Encoding, units, segments."""
    encoding, _ = units(text)
    parts = bodies(text)
    return encoding, sum(map(len, parts)) // (1 if encoding == "gsm7" else 2), len(parts)


def packed(septets: bytes) -> bytes:
    """Bit by bit (3GPP TS 23.038 6.1.2.1.1)."""
    bits = [septet >> i & 1 for septet in septets for i in range(7)]
    bits += [0] * (-len(bits) % 8)
    return bytes(sum(bit << i for i, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8))
