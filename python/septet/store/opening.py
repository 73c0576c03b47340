"""Opens the store of a configuration and brings its engine back to life."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from septet._septet import Engine
from septet.config import Config
from septet.errors import SeptetError
from septet.store.tables import tables


def now() -> int:
    """Monotonic microseconds: the `now` of every call into the engine."""
    return time.monotonic_ns() // 1000


def wall_zero() -> int:
    """The wall clock in milliseconds when `now()` was 0."""
    return time.time_ns() // 1_000_000 - now() // 1000


def open_engine(config: Config) -> Engine:
    """The engine of a configuration; its journal is replayed before this returns.

    Raises SeptetError (`store.locked`, `store.corrupt`, …) and makes the data folder if it is missing.
    """
    path: Path | None = None
    if config.store.engine == "sqlite":
        folder = config.node.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SeptetError(f"node.data_dir: cannot make {folder}: {error.strerror}", "store.open") from error
        path = folder / "septet.db"
    return Engine(
        tables(config),
        seed=secrets.token_bytes(32),
        now=now(),
        wall_zero=wall_zero(),
        path=None if path is None else str(path),
        durability=config.store.durability,
    )
