"""Types put into words."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from msgspec import Meta

from septet.config import model
from septet.config.kinds import describe
from septet.config.values import Listen, Secret


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (model.Port, "an integer from 1 to 65535"),
        (model.Port | None, "an integer from 1 to 65535"),
        (model.Word, "a string of 1 to 100 characters"),
        (model.Text, "a string of at most 10000 characters"),
        (model.Country, "two capital letters, as in ISO 3166"),
        (Annotated[str, Meta(description="a colour")], "a colour"),
        (Literal["a", "b"], 'one of "a", "b"'),
        (Literal["a"], '"a"'),
        (tuple[Listen, ...], 'an array, each "HOST:PORT"'),
        (tuple[model.Share, ...], "an array, each a table"),
        (Secret | None, 'a string, "env:NAME" or "file:PATH"'),
        (bool, "true or false"),
    ],
)
def test_describe(kind: object, words: str) -> None:
    assert describe(kind) == words
