"""Types of configuration keys, taken apart, and put into words for errors and for the reference."""

from __future__ import annotations

import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from septet.config.values import Listen, Network, Secret, SecretHash

CUSTOM: Mapping[Any, str] = {
    Secret: 'a string, "env:NAME" or "file:PATH"',
    SecretHash: 'a hash, "env:NAME" or "file:PATH"',
    Listen: '"HOST:PORT"',
    Network: "an IP address or a network such as 10.0.0.0/8",
    Path: "a path",
}
_PLAIN: Mapping[Any, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
}


def split(kind: Any) -> tuple[Any, msgspec.Meta | None]:
    """The bare type of a field, without `None` and annotations, and its constraints."""
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (member for member in get_args(kind) if member is not type(None))
    if get_origin(kind) is Annotated:
        bare, meta = get_args(kind)
        return bare, meta
    return kind, None


def is_table(kind: Any) -> bool:
    """Whether a bare type is a table of its own."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def element(kind: Any) -> Any | None:
    """The type of the elements, if a bare type is an array."""
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def choices(kind: Any) -> tuple[str, ...]:
    """The strings that a bare type allows, or none if it is not such a choice."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def describe(kind: Any) -> str:
    """What a value of this type must be.

    >>> from septet.config.model import Port
    >>> describe(Port), describe(Literal["full", "os"])
    ('an integer from 1 to 65535', 'one of "full", "os"')
    """
    bare, meta = split(kind)
    if (inner := element(bare)) is not None:
        return f"an array, each {describe(inner)}"
    if options := choices(bare):
        return ("one of " if len(options) > 1 else "") + ", ".join(f'"{option}"' for option in options)
    if meta is not None and meta.description:
        return meta.description
    words = "a table" if is_table(bare) else CUSTOM.get(bare) or _PLAIN[bare]
    if meta is None:
        return words
    low, high = (meta.ge, meta.le) if meta.ge is not None else (meta.min_length, meta.max_length)
    unit = "" if meta.ge is not None else " characters"
    if low is not None and high is not None:
        return f"{words} from {low:g} to {high}{unit}" if unit == "" else f"{words} of {low} to {high}{unit}"
    return f"{words} of at most {high}{unit}" if high is not None else words
