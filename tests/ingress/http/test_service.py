from __future__ import annotations

from typing import Any

import msgspec
import pytest

from septet.ingress.http import Query, Service
from tests.ingress.http.memory import MemoryService


def test_a_query_asks_for_everything_unless_told_otherwise() -> None:
    query = msgspec.convert({}, Query)
    assert query.limit == 50
    assert {getattr(query, name) for name in query.__struct_fields__ if name != "limit"} == {None}


@pytest.mark.parametrize(
    "values", [{"limit": "1001"}, {"limit": "0"}, {"direction": "out"}, {"since": "2020-01-01T00:00:00"}, {"x": "1"}]
)
def test_a_query_outside_its_bounds(values: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(values, Query, strict=False)


def test_the_service_of_these_tests_keeps_to_the_protocol() -> None:
    service: Service = MemoryService()  # a type checker's test
    assert service.not_ready() == []
