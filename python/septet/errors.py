"""Exceptions. Every one derives from `SeptetError` and carries a stable `code`."""

from __future__ import annotations


class SeptetError(Exception):
    """What went wrong, where, and how to mend it.

    >>> SeptetError("no such thing", "text.bad_argument").code
    'text.bad_argument'
    """

    def __init__(self, message: str, code: str = "error", offset: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset


class ConfigError(SeptetError):
    """A configuration that cannot be used; `problems` holds every one of them."""
