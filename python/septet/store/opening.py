"""Opens the store of a configuration and brings its engine back to life."""

from __future__ import annotations

import secrets
import time

import structlog

from septet._septet import Engine, MemoryStore, SqliteStore
from septet.config import Config
from septet.errors import SeptetError
from septet.store.interface import Store
from septet.store.tables import tables

log = structlog.get_logger("septet.store")


def now() -> int:
    """Monotonic microseconds: the `now` of every call into the engine."""
    return time.monotonic_ns() // 1000


def wall_zero() -> int:
    """The wall clock in milliseconds when `now()` was 0."""
    return time.time_ns() // 1_000_000 - now() // 1000


def open_store(config: Config) -> Store:
    """The store of a configuration; makes the data folder if it is missing.

    Raises SeptetError (`store.locked`, `store.corrupt`, …).
    """
    if config.store.engine == "memory":
        return MemoryStore()
    return SqliteStore(
        _path(config),
        durability=config.store.durability,
        retention=config.store.retention,
        reserve=config.store.reserve << 20,
    )


def _path(config: Config) -> str:
    folder = config.node.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SeptetError(f"node.data_dir: cannot make {folder}: {error.strerror}", "store.open") from error
    return str(folder / "septet.db")


def open_engine(config: Config) -> Engine:
    """The engine of a configuration; its journal is replayed before this returns.

    A damaged file is set aside, and the engine starts with what can be read of it; the log says what became of it. What
    cannot be mended raises SeptetError.
    """
    try:
        return _engine(config)
    except SeptetError as error:
        if error.code != "store.corrupt":
            raise
        damage = str(error)
    log.error("store.corrupt", error=damage)
    aside, pages, consent, keys, messages, lost = SqliteStore.salvage(_path(config))
    taken = {"pages": pages, "consent": consent, "keys": keys, "messages": messages}
    log.error("store.set_aside", file=aside, taken_over=taken, lost=lost)
    return _engine(config)


def _engine(config: Config) -> Engine:
    store = open_store(config)
    try:
        return Engine(tables(config), store, seed=secrets.token_bytes(32), now=now(), wall_zero=wall_zero())
    except SeptetError:
        store.close()
        raise
