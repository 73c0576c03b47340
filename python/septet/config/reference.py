"""Renders every key, type, unit and default: `python -m septet.config.reference > docs/configuration.md`."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from septet.config.kinds import describe, element, is_table, split
from septet.config.model import Config
from septet.config.reader import NOT_YET

_HEAD = """# Configuration

One TOML file. `septet check -c FILE` tells everything that is wrong in it. An unknown key is an error.
A secret is a plain string, `"env:NAME"` (an environment variable) or `"file:PATH"` (a file's content);
secrets never appear in logs. Paths are relative to the file. `examples/quickstart.toml` is a short example.

This page is written by `python -m septet.config.reference` from the structures in `septet.config`.
"""

_SHOWN_IN_TEXT = "default: "


class Key(NamedTuple):
    """One key of a table, as the reference shows it."""

    name: str
    kind: str
    unit: str
    default: str
    text: str


def keys(table: type[msgspec.Struct]) -> list[Key]:
    """The keys of a table, in its order.

    >>> from septet.config.model import Share
    >>> keys(Share)[1].default
    '1'
    """
    texts = dict(_documented(table))
    found = []
    for field in msgspec.structs.fields(table):
        text, unit = texts[field.encode_name]
        found.append(
            Key(
                field.encode_name,
                describe(field.type),
                unit,
                _default(field, text),
                text,
            )
        )
    return found


def documented(table: type[msgspec.Struct]) -> set[str]:
    """The names of the keys that a structure's docstring explains."""
    return {name for name, _ in _documented(table)}


def _documented(table: type[msgspec.Struct]) -> Iterator[tuple[str, tuple[str, str]]]:
    for line in inspect.getdoc(table).splitlines()[1:]:  # type: ignore[union-attr]
        if found := re.fullmatch(r"(\w+): (.*?)(?: \[([^\]]+)\])?", line):
            yield found[1], (found[2], found[3] or "")


def _default(field: msgspec.structs.FieldInfo, text: str) -> str:
    if field.required:
        return "required"
    if _SHOWN_IN_TEXT in text:
        return "see text"
    value: Any = field.default
    if value is None:
        return "none"
    if isinstance(value, msgspec.Struct):
        return "{}"
    return _toml(value)


def _toml(value: Any) -> str:
    if type(value) is tuple:
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if value < 1e6 else str(int(value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)


def render() -> str:
    """The whole reference, in Markdown."""
    parts = [_HEAD]
    for field in msgspec.structs.fields(Config):
        inner = element(split(field.type)[0])
        table = split(inner)[0] if inner is not None else split(field.type)[0]
        title = f"[[{field.encode_name}]]" if inner is not None else f"[{field.encode_name}]"
        parts += _section(title, field.encode_name, table)
    return "\n".join(parts)


def _section(title: str, path: str, table: type[msgspec.Struct]) -> Iterator[str]:
    yield f"## `{title}`\n"
    summary = inspect.getdoc(table).partition("\n")[0]  # type: ignore[union-attr]
    yield summary + "\n"
    yield "| key | value | unit | default | meaning |\n|---|---|---|---|---|"
    for key in keys(table):
        cells = (f"`{key.name}`", key.kind, key.unit, f"`{key.default}`", key.text)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    later = [name.partition(".")[2] for name in NOT_YET if name.startswith(f"{path}.") and not NOT_YET[name]]
    values = [
        f'{name.partition(".")[2]} = "{value}"'
        for name, refused in NOT_YET.items()
        if name.startswith(f"{path}.")
        for value in refused
    ]
    if later or values:
        yield ("\nNot supported yet: " + ", ".join(f"`{name}`" for name in later + values) + ".")
    yield ""
    for field in msgspec.structs.fields(table):
        bare = split(field.type)[0]
        inner = split(element(bare))[0] if element(bare) is not None else bare
        if is_table(inner):
            yield from _section(f"{path}.{field.encode_name}", f"{path}.{field.encode_name}", inner)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(render(), encoding="utf-8")
    else:
        sys.stdout.write(render())
