"""Walks the tables of a file beside the structures of the model, and notes each thing that does not fit.

A table with a problem is still a `Draft`, so that its other keys, and what refers to it, can be checked too.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from septet.config.kinds import CUSTOM, choices, describe, element, is_table, split
from septet.config.model import Account, Carrier, Config, Keyword, Number
from septet.config.values import Listen, Network, Secret
from septet.config.words import digits
from septet.errors import Problem

# What the public contract names and this version does not do: a key, or some of its values (empty: the key itself).
NOT_YET: Mapping[str, tuple[str, ...]] = {
    "store.engine": ("nats",),
    "carrier.type": ("http", "ucp", "cimd2", "smtp", "modem"),
    "route.mccmnc": (),
    "route.text": (),
    "route.time": (),
    "route.tags": (),
}

_LABELS: Mapping[type, str] = {
    Account: "id",
    Carrier: "id",
    Keyword: "id",
    Number: "address",
}


@dataclass
class Draft:
    """A table on its way to its structure: what was read so far, under the names of the structure."""

    kind: type[msgspec.Struct]
    path: str
    raw: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value read, else the default; `None` for what is missing or was refused."""
        if name in self.values:
            return self.values[name]
        found = next(f for f in msgspec.structs.fields(self.kind) if f.name == name)
        if found.encode_name in self.raw or found.default is msgspec.NODEFAULT:
            return () if element(split(found.type)[0]) is not None else None
        return found.default

    def build(self) -> Any:
        """The structure. Only for a draft without a problem."""
        return self.kind(**{name: _built(value) for name, value in self.values.items()})


def _built(value: Any) -> Any:
    if isinstance(value, Draft):
        return value.build()
    return tuple(map(_built, value)) if type(value) is tuple else value


def nearest(name: object, known: Iterable[str]) -> str | None:
    """A suggestion: the known name that is most like this one."""
    found = difflib.get_close_matches(str(name), list(known), 1, 0.6)
    return f"did you mean `{found[0]}`?" if found else None


class Reader:
    """Reads one file; `problems` grows as it goes."""

    def __init__(self, base_dir: Path, env: Mapping[str, str]) -> None:
        self.base_dir = base_dir
        self.env = env
        self.problems: list[Problem] = []

    def note(self, path: str, message: str, suggestion: str | None = None) -> None:
        """Note one problem."""
        self.problems.append(Problem(path, message, suggestion))

    def root(self, raw: Mapping[str, Any]) -> Draft:
        """The whole file."""
        return self.table(Config, raw, "", "")

    def table(
        self,
        kind: type[msgspec.Struct],
        raw: Mapping[str, Any],
        path: str,
        section: str,
    ) -> Draft:
        """One table; `section` is its path without ids and indexes."""
        draft = Draft(kind, path, raw)
        known = {found.encode_name: found for found in msgspec.structs.fields(kind)}
        for key, value in raw.items():
            where = f"{path}.{key}" if path else key
            general = f"{section}.{key}" if section else key
            if NOT_YET.get(general) == ():
                self.note(where, f"not supported yet: `{key}`", "leave it out")
            elif key not in known:
                self.note(
                    where,
                    "unknown key",
                    nearest(key, known) or f"known keys: {', '.join(known)}",
                )
            elif isinstance(value, str) and value in NOT_YET.get(general, ()):
                options = ", ".join(f'"{option}"' for option in choices(known[key].type))
                self.note(where, f'not supported yet: {key} = "{value}"', f"write {options}")
            else:
                read = self.value(known[key].type, value, where, general)
                if read is not None:
                    draft.values[known[key].name] = read
        for key, found in known.items():
            if found.required and key not in raw:
                self.note(f"{path}.{key}", "is missing", f"add it: {describe(found.type)}")
        return draft

    def value(self, kind: Any, value: Any, path: str, section: str) -> Any:
        """The value of one key, or `None` if it was refused."""
        bare, _ = split(kind)
        if (inner := element(bare)) is not None:
            if isinstance(value, list):
                return self._array(inner, value, path, section)
            if is_table(split(inner)[0]):
                self.note(
                    path,
                    f"must be an array of tables, not {_shown(value)}",
                    f"write [[{path}]]",
                )
            else:
                self.note(
                    path,
                    f"must be an array, not {_shown(value)}",
                    f"write [{_shown(value)}]",
                )
            return None
        if is_table(bare):
            if isinstance(value, dict):
                return self.table(bare, value, path, section)
            example = f"write {{ id = {_shown(value)} }}" if "id" in bare.__struct_fields__ else None
            self.note(path, f"must be a table, not {_shown(value)}", example)
            return None
        return self._leaf(kind, value, path)

    def _array(self, inner: Any, values: list[Any], path: str, section: str) -> tuple[Any, ...]:
        labels = _labels(split(inner)[0], values)
        read = []
        for index, (value, label) in enumerate(zip(values, labels, strict=True)):
            where = f"{path}.{label}" if label else f"{path}[{index}]"
            read.append(self.value(inner, value, where, section))
        return tuple(value for value in read if value is not None)

    def _leaf(self, kind: Any, value: Any, path: str) -> Any:
        bare, _ = split(kind)
        is_secret = isinstance(bare, type) and issubclass(bare, Secret)
        if bare in CUSTOM and isinstance(value, str):
            try:
                return self._custom(bare, value)
            except ValueError as error:
                self.note(path, str(error))
                return None
        try:
            if bare not in CUSTOM:
                return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            pass
        suggestion = nearest(value, choices(bare)) if isinstance(value, str) else None
        if suggestion is None and bare in (int, float) and isinstance(value, str) and value.isdigit():
            suggestion = f"write {value} without quotes"
        shown = "this" if is_secret and isinstance(value, str) else _shown(value)
        self.note(path, f"must be {describe(kind)}, not {shown}", suggestion)
        return None

    def _custom(self, bare: Any, text: str) -> Any:
        if issubclass(bare, Secret):
            return bare.read(text, self.base_dir, self.env)
        if bare is Listen or bare is Network:
            return bare.read(text)
        if not text or "\0" in text:
            raise ValueError("must be a path")
        return self.base_dir / text


def _labels(kind: Any, values: list[Any]) -> list[str | None]:
    """The id of each table of an array, where it has one that is a plain name and no other table has it."""
    key = _LABELS.get(kind)
    if key is None:
        return [None] * len(values)
    ids = [value.get(key) if isinstance(value, dict) else None for value in values]
    ids = [digits(label) if isinstance(label, str) else None for label in ids]
    return [
        label
        if isinstance(label, str) and ids.count(label) == 1 and label.replace("_", "a").replace("-", "a").isalnum()
        else None
        for label in ids
    ]


def _shown(value: Any) -> str:
    """A value as the file writes it, cut if it is long."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
