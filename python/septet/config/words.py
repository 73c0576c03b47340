"""The form in which words and addresses are compared."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Case, accents, punctuation and extra blanks removed, without regard to any locale.

    >>> fold("  «Árrêt!»  "), fold("opt-out"), fold("İPTAL")
    ('arret', 'opt out', 'iptal')
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (
        char if char.isalnum() else " " for char in decomposed if not unicodedata.category(char).startswith(("M", "Cf"))
    )
    return " ".join("".join(kept).split())


def digits(address: str) -> str:
    """An address as routes and consent know it: without the leading +, blanks at the ends dropped.

    >>> digits("+46701234567"), digits("Septet")
    ('46701234567', 'Septet')
    """
    address = address.strip()
    return address.removeprefix("+")


def is_number(address: str) -> bool:
    """Whether an address consists of ASCII digits only.

    >>> is_number("12345"), is_number("٣")
    (True, False)
    """
    return address.isascii() and address.isdigit()
