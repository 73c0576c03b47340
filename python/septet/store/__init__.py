"""The engine behind its store: opened from a configuration, replayed, ready."""

from septet.store.opening import now, open_engine, wall_zero

__all__ = ["now", "open_engine", "wall_zero"]
