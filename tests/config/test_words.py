"""The form in which words are compared."""

from __future__ import annotations

from septet.config.words import digits, is_number


def test_an_address_loses_its_plus() -> None:
    assert digits(" +46701234567 ") == "46701234567"
    assert is_number(digits("+1")) and not is_number("Septet") and not is_number("")
