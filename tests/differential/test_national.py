"""Every cell of every national language table against `gsmcodecs`, whose tables nobody here wrote."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from gsmcodecs.charmaps import GSMCHARMAPS

import septet
from septet import SeptetError

pytestmark = pytest.mark.peer

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "differences.md"
CELLS: list[dict[str, Any]] = tomllib.loads((HERE / "cells.toml").read_text("utf-8"))["cell"]
ESCAPE = 0x1B
# TS 23.040 9.2.3.24.15 and 9.2.3.24.16: the elements that name a single shift and a locking shift.
SINGLE, LOCKING = 0x24, 0x25


def ours(element: int, language: int, code: int) -> str | None:
    body = bytes([ESCAPE, code] if element == SINGLE else [code])
    try:
        return septet.decode(body, 0, udh=bytes([3, element, 1, language]))
    except SeptetError as error:
        if error.code != "text.undecodable":
            raise
        return None


def theirs(element: int, language: int, code: int) -> str | None:
    table = GSMCHARMAPS[language]["singleShift" if element == SINGLE else "locking"]["decode"]
    return chr(table[code]) if code in table else None


def shown_from_the_default_table(code: int) -> str:
    return " " if code == ESCAPE else septet.gsm7.decode(bytes([code]))


def explained(shift: str, language: int, code: int) -> list[dict[str, Any]]:
    return [c for c in CELLS if c["shift"] == shift and language in c["languages"] and c["code"] == code]


@pytest.mark.parametrize("language", range(1, 14))
def test_single_shift_tables(language: int) -> None:
    for code in range(128):
        we, they = ours(SINGLE, language, code), theirs(SINGLE, language, code)
        # TS 23.038 6.2.1.1: a code that the table lacks is shown as the default table has it.
        if we != (they or shown_from_the_default_table(code)):
            assert explained("single", language, code), f"0x{code:02X}: {we!r}, gsmcodecs {they!r}"


@pytest.mark.parametrize("language", [n for n in range(1, 14) if "locking" in GSMCHARMAPS[n]])
def test_locking_shift_tables(language: int) -> None:
    for code in (code for code in range(128) if code != ESCAPE):
        we, they = ours(LOCKING, language, code), theirs(LOCKING, language, code)
        if we != they:
            assert explained("locking", language, code), f"0x{code:02X}: {we!r}, gsmcodecs {they!r}"


@pytest.mark.parametrize("cell", CELLS, ids=lambda c: c["id"])
def test_each_disputed_cell_still_is_one_and_is_documented(cell: dict[str, Any]) -> None:
    element = SINGLE if cell["shift"] == "single" else LOCKING
    for language in cell["languages"]:
        assert ours(element, language, cell["code"]) == cell["ours"]
        assert theirs(element, language, cell["code"]) != cell["ours"]
    assert cell["id"] in PAGE.read_text("utf-8")
