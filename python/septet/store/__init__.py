"""What a store is, and the engine behind it: opened from a configuration, replayed, ready."""

from septet.store.interface import ConsentRow, Finished, KeyRow, MessageRow, Query, Store
from septet.store.opening import now, open_engine, open_store, wall_zero

__all__ = [
    "ConsentRow",
    "Finished",
    "KeyRow",
    "MessageRow",
    "Query",
    "Store",
    "now",
    "open_engine",
    "open_store",
    "wall_zero",
]
