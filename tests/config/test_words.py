"""The form in which words are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet.config.words import digits, fold, is_number


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("STOP", "stop"),
        ("  Stop!! ", "stop"),
        ("“stop”", "stop"),
        ("opt-out", "opt out"),
        ("Opt   Out", "opt out"),
        ("ARRÊT", "arret"),
        ("ＳＴＯＰ", "stop"),
        ("İPTAL", "iptal"),
        ("Straße", "strasse"),
        ("…", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_fold_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(f" {text}! ") == fold(text)


def test_an_address_loses_its_plus() -> None:
    assert digits(" +46701234567 ") == "46701234567"
    assert is_number(digits("+1")) and not is_number("Septet") and not is_number("")
