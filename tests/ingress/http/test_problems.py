from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from septet.ingress.http.problems import CODES, FieldError, body, from_validation, invalid, problem

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def table() -> str:
    rows = "".join(f"| {status} | `{code}` | {title} |\n" for code, (status, title) in CODES.items())
    return f"\n| status | code | meaning |\n|---|---|---|\n{rows}"


def test_the_documented_codes_are_those_there_are() -> None:
    written = re.search(r"<!-- codes:[^\n]*-->\n(.*?)<!-- /codes -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert written is not None
    assert written[1].strip() == table().strip()


def test_a_document_has_only_what_applies() -> None:
    assert msgspec.json.decode(body(problem("over_rate", retry_after=3))) == {
        "type": "urn:septet:problem:over_rate",
        "title": "The account sends faster than it may",
        "status": 429,
        "detail": "The account sends faster than it may",
        "code": "over_rate",
        "retry_after": 3,
    }


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ("Expected `int`, got `str` - at `$.a[3].b`", "messages[0].a[3].b"),
        ("Expected `object`, got `array`", "messages[0]"),
        ("Object missing required field `to`", "messages[0].to"),
        ("Object contains unknown field `x` - at `$.a`", "messages[0].a.x"),
        ("`udh` needs `data` beside it", "messages[0].udh"),
    ],
)
def test_the_path_of_a_fault(message: str, path: str) -> None:
    found = from_validation(msgspec.ValidationError(message), "messages[0]")
    assert isinstance(found.errors, list)
    assert found.errors[0].path == path


def test_a_fault_of_the_whole_has_no_path() -> None:
    assert invalid("", "Expected `object`").errors == [FieldError("", "Expected `object`")]
