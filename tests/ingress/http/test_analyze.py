from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import septet
from septet.errors import SeptetError
from tests.ingress.http.conftest import Site


def analyze(text: str, **options: Any) -> SimpleNamespace:
    """Stands in for the codec, which has its own tests: what matters here is the way to it and back."""
    if "☂" in text:
        raise SeptetError("no such character", "text.not_encodable")
    return SimpleNamespace(
        encoding="gsm7",
        language=None,
        units=len(text),
        segments=1,
        segment_units=(len(text),),
        forced_by=tuple(options["languages"]),
    )


@pytest.fixture
def codec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(septet, "analyze", analyze, raising=False)


def test_an_analysis(site: Site, codec: None) -> None:
    found = site("POST", "/v1/analyze", {"text": "Hej", "languages": ["tr"], "reference_bits": 16})
    assert found.status == 200
    assert found.json == {
        "encoding": "gsm7",
        "language": None,
        "units": 3,
        "segments": 1,
        "segment_units": [3],
        "forced_by": ["tr"],
    }


def test_a_fault_in_the_text_keeps_its_code(site: Site, codec: None) -> None:
    found = site("POST", "/v1/analyze", {"text": "☂"})
    assert found.is_problem
    assert (found.status, found.json["code"]) == (422, "text.not_encodable")


@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": "", "reference_bits": 7}, {"text": "", "x": 1}])
def test_a_wrong_question(site: Site, codec: None, body: dict[str, Any]) -> None:
    assert site("POST", "/v1/analyze", body).json["code"] == "invalid_field"
