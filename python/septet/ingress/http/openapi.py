"""The OpenAPI 3.1 document, made from the route table and the types that decode the bodies."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

import septet
from septet.ingress.http.bodies import Replayed
from septet.ingress.http.problems import CODES, Problem
from septet.ingress.http.routes import ROUTES, Route

_REF: Final = "#/components/schemas/{name}"
_COMMON: Final[dict[str, tuple[str, ...]]] = {
    "open": (),
    "key": ("unauthenticated",),
    "admin": ("unauthenticated", "forbidden"),
}


def document() -> dict[str, Any]:
    """The whole document.

    >>> document()["openapi"]
    '3.1.0'
    """
    types: list[Any] = [Problem, Replayed]
    for route in ROUTES:
        types += route.request
        types += route.answer if isinstance(route.answer, tuple) else ()
    unique = tuple(dict.fromkeys(types))
    schemas, components = msgspec.json.schema_components(unique, ref_template=_REF)
    for schema in components.values():
        schema["description"] = schema.get("description", "").partition("\n\n")[0]
    refs = dict(zip(unique, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Septet",
            "version": septet.__version__,
            "description": "A two-way SMS routing node. Errors are RFC 9457 problem documents whose `code` is stable.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An account's API key."},
                "admin": {"type": "http", "scheme": "bearer", "description": "The admin key."},
            },
        },
    }


def _operation(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": route.handler, "summary": route.summary}
    if route.access != "open":
        operation["security"] = [{route.access: []}]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not None:
        parameters += _query_parameters(route.query)
    if route.handler == "send_messages":
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Remembered for 24 hours: the same body gets the same answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    if parameters:
        operation["parameters"] = parameters
    if route.request:
        operation["requestBody"] = {"required": True, "content": _json(route.request, refs)}
    content: Any = {route.answer: {}} if isinstance(route.answer, str) else _json(route.answer, refs)
    responses: dict[str, Any] = {str(route.status): {"description": "Done", "content": content}}
    by_status: dict[int, list[str]] = {}
    for code in (*_COMMON[route.access], *route.problems):
        by_status.setdefault(CODES[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "; ".join(f"`{code}`: {CODES[code][1]}" for code in codes),
            "content": {"application/problem+json": {"schema": refs[Problem]}},
        }
    operation["responses"] = responses
    return operation


def _json(types: tuple[Any, ...], refs: dict[Any, Any]) -> dict[str, Any]:
    schemas = [refs[each] for each in types]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}}


def _query_parameters(query: type[msgspec.Struct]) -> list[dict[str, Any]]:
    _, components = msgspec.json.schema_components((query,), ref_template=_REF)
    properties = components[query.__name__]["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": _without_null(schema),
        }
        for name, schema in properties.items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A filter that is left out is no filter; a query string has no null."""
    kept = {name: value for name, value in schema.items() if name != "default" or value is not None}
    if "anyOf" in kept:
        options = [option for option in kept.pop("anyOf") if option != {"type": "null"}]
        kept |= options[0] if len(options) == 1 else {"anyOf": options}
    if "enum" in kept:
        kept["enum"] = [value for value in kept["enum"] if value is not None]
    return kept
