"""The OpenAPI document as one HTML page: no script, no outside resource, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#0a6bd6}
@media (prefers-color-scheme:dark){:root{--accent:#6cb2ff}}
body{font:16px/1.55 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:2rem 1rem 6rem}
h1{margin-bottom:.2em}h2{margin-top:2.5em;border-bottom:1px solid var(--line)}
a{color:var(--accent)}code,pre{font:14px/1.5 ui-monospace,monospace}
pre{background:var(--soft);padding:.8em 1em;overflow:auto;border-radius:6px}
details{border:1px solid var(--line);border-radius:6px;margin:.5em 0;padding:0 1em}
summary{cursor:pointer;padding:.6em 0}summary b{display:inline-block;min-width:5em}
table{border-collapse:collapse;width:100%;margin:.6em 0 1em}
th,td{text-align:left;vertical-align:top;padding:.35em .8em .35em 0;border-top:1px solid var(--line)}
th{font-weight:600;border:0}td:first-child{white-space:nowrap}.soft{opacity:.7}
"""

_EXAMPLE: Final = """curl -s http://127.0.0.1:8080/v1/messages \\
  -H 'Authorization: Bearer demo-key' -H 'Content-Type: application/json' \\
  -d '{"from": "12345", "to": "46701234567", "text": "Hello"}'"""


def render(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document.

    >>> page = render({"info": {"title": "A & B", "version": "1", "description": ""}, "paths": {}})
    >>> "A &amp; B" in page
    True
    """
    info = document["info"]
    schemas = document.get("components", {}).get("schemas", {})
    return "".join(
        (
            "<!doctype html><html lang=en><meta charset=utf-8>",
            '<meta name=viewport content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style>",
            f"<h1>{escape(info['title'])} API</h1><p class=soft>{escape(info['version'])} · ",
            '<a href="/openapi.json">openapi.json</a></p>',
            f"<p>{_prose(info['description'])}</p><pre>{escape(_EXAMPLE)}</pre><h2>Operations</h2>",
            *_operations(document["paths"]),
            "<h2>Types</h2>",
            *(_schema(name, schema) for name, schema in sorted(schemas.items())),
            "</html>",
        )
    )


def _operations(paths: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> "
            yield f"<span class=soft>{_prose(operation['summary'])}</span></summary>"
            for requirement in operation.get("security", ()):
                yield f"<p>Needs: {escape(', '.join(requirement))} (bearer).</p>"
            parameters = operation.get("parameters", ())
            if parameters:
                yield "<table><tr><th>Parameter<th>In<th>Type"
                for each in parameters:
                    yield f"<tr><td><code>{escape(each['name'])}</code><td>{each['in']}"
                    yield f"<td>{_type(each['schema'])}"
                yield "</table>"
            if "requestBody" in operation:
                yield f"<p>Body: {_content(operation['requestBody']['content'])}</p>"
            yield "<table><tr><th>Status<th>Answer<th>Type"
            for status, response in operation["responses"].items():
                yield f"<tr><td>{status}<td>{_prose(response['description'])}"
                yield f"<td>{_content(response['content'])}"
            yield "</table></details>"


def _content(content: Mapping[str, Any]) -> str:
    return ", ".join(
        _type(media["schema"]) if "schema" in media else f"<code>{escape(kind)}</code>"
        for kind, media in content.items()
    )


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in required else ''}"
        f"<td>{_type(of)}<td>{_prose(of.get('description', ''))}"
        for field, of in schema.get("properties", {}).items()
    )
    about = _prose(schema.get("description", ""))
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code> '
        f"<span class=soft>{about}</span></summary>"
        f"<table><tr><th>Field (* required)<th>Type<th>Meaning{rows}</table></details>"
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return " or ".join(_type(option) for option in schema[union])
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    kind = escape(str(schema.get("format") or schema.get("type", "any")))
    if schema.get("type") == "array":
        kind = f"array of {_type(schema.get('items', {}))}"
    bounds = "".join(
        f", {words} {schema[key]}"
        for key, words in (
            ("minimum", "at least"),
            ("maximum", "at most"),
            ("maxLength", "length at most"),
            ("maxItems", "at most"),
        )
        if key in schema
    )
    default = schema.get("default")
    return kind + bounds + (f", default {escape(str(default))}" if default else "")


def _prose(text: str) -> str:
    """Escaped text in which `words` become code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
