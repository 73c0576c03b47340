from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from septet.ingress.http.openapi import document
from septet.ingress.http.problems import CODES
from septet.ingress.http.routes import RESERVED, ROUTES
from tests.ingress.http.conftest import Site

DOCUMENT = document()
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_it_is_served_as_it_is(site: Site) -> None:
    found = site("GET", "/openapi.json", authorization="")
    assert (found.status, found.headers["content-type"]) == (200, "application/json")
    assert found.json == msgspec.json.decode(msgspec.json.encode(DOCUMENT))


def test_its_head() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_is_whole(path: str, method: str, operation: dict[str, Any]) -> None:
    assert method in {"get", "post", "delete"}
    assert operation["operationId"]
    for status, response in operation["responses"].items():
        assert 100 <= int(status) <= 599
        assert response["description"]
    parameters = operation.get("parameters", [])
    in_path = {each["name"] for each in parameters if each["in"] == "path"}
    assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}
    assert all("schema" in each for each in parameters)
    for requirement in operation.get("security", []):
        assert requirement.keys() <= DOCUMENT["components"]["securitySchemes"].keys()


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_the_fields_are_those_of_the_contract() -> None:
    draft = DOCUMENT["components"]["schemas"]["Draft"]
    assert set(draft["required"]) == {"from", "to"}
    assert set(draft["properties"]) == {
        *("from", "to", "text", "data", "udh", "encoding", "transliterate", "validity", "send_at"),
        *("receipt", "priority", "flash", "client_ref", "tags", "params"),
    }
    names = {each["name"] for each in DOCUMENT["paths"]["/v1/messages"]["get"]["parameters"]}
    assert names == {"to", "from", "status", "since", "until", "direction", "limit", "cursor"}


def test_every_path_is_either_served_or_reserved() -> None:
    served = {(route.method, route.path) for route in ROUTES}
    assert not served & {(route.method, route.path) for route in RESERVED}
    assert {(method.upper(), path) for path, method, _ in OPERATIONS} == served


def test_codes_have_error_statuses() -> None:
    assert all(400 <= status <= 599 for status, _ in CODES.values())
