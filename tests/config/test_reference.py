"""The reference page: complete, and up to date."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from septet.config import model, reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"

TABLES = [
    value
    for value in vars(model).values()
    if isinstance(value, type) and issubclass(value, msgspec.Struct) and value is not msgspec.Struct
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_is_documented_and_nothing_else(table: type[msgspec.Struct]) -> None:
    assert reference.documented(table) == {field.encode_name for field in msgspec.structs.fields(table)}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_durations_have_a_unit(table: type[msgspec.Struct]) -> None:
    if table is model.Config:
        return
    assert all(key.unit for key in reference.keys(table) if key.kind.startswith("a number"))


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.render(), (
        "write it again: python -m septet.config.reference docs/configuration.md"
    )
