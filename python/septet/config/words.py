"""The form in which addresses are compared."""

from __future__ import annotations


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
