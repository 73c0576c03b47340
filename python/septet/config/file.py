"""Reads a configuration file, whole or not at all."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from septet.config.checks import check
from septet.config.model import Config, Node
from septet.config.reader import Draft, Reader
from septet.errors import ConfigError, Problem


def load(path: str | os.PathLike[str], *, env: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file, or raise `ConfigError` with everything that is wrong in it.

    Relative paths in it are relative to the file.
    """
    try:
        text = Path(path).read_bytes().decode()
    except OSError as error:
        raise ConfigError([Problem("", f"{path} cannot be read: {error.strerror}", "name another file")]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            [
                Problem(
                    "",
                    f"{path} is not UTF-8 at octet {error.start}",
                    "save it as UTF-8",
                )
            ]
        ) from None
    return parse(text, Path(path).absolute().parent, env=env)


def parse(text: str, base_dir: str | os.PathLike[str], *, env: Mapping[str, str] | None = None) -> Config:
    """Read a configuration from its text; relative paths in it are relative to `base_dir`.

    >>> parse('[node]\\nname = "edge-1"', ".").node.name
    'edge-1'
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            [
                Problem(
                    "",
                    f"not valid TOML: {error}",
                    "mend the syntax; the rest is read after",
                )
            ]
        ) from None
    reader = Reader(Path(base_dir), os.environ if env is None else env)
    root = reader.root(raw)
    check(root, reader)
    if reader.problems:
        raise ConfigError(reader.problems)
    node = root.values.setdefault("node", Draft(Node, "node", {}))
    node.values.setdefault("data_dir", Path(base_dir) / "data")
    config: Config = root.build()
    return config
