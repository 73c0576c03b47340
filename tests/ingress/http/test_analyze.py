from __future__ import annotations

from typing import Any

import pytest

from tests.ingress.http.conftest import Site


def test_an_analysis(site: Site) -> None:
    found = site("POST", "/v1/analyze", {"text": "Hej ☂", "reference_bits": 16})
    assert found.status == 200
    assert found.json == {
        "encoding": "ucs2",
        "language": None,
        "units": 5,
        "segments": 1,
        "segment_units": [5],
        "forced_by": ["☂"],
    }


def test_what_the_codec_refuses_keeps_its_code(site: Site) -> None:
    found = site("POST", "/v1/analyze", {"text": "Hej", "languages": ["xx"]})
    assert found.is_problem
    assert (found.status, found.json["code"]) == (422, "text.bad_argument")


@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": "", "reference_bits": 7}, {"text": "", "x": 1}])
def test_a_wrong_question(site: Site, body: dict[str, Any]) -> None:
    assert site("POST", "/v1/analyze", body).json["code"] == "invalid_field"
