"""Exceptions. Every one derives from `SeptetError` and carries a stable `code`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class SeptetError(Exception):
    """What went wrong, where, and how to mend it.

    >>> SeptetError("no such thing", "text.bad_argument").code
    'text.bad_argument'
    """

    def __init__(self, message: str, code: str = "error", offset: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset


class Problem(NamedTuple):
    """One thing that is wrong in a configuration: where, what, and what to write instead.

    >>> str(Problem("carrier.north.port", "must be an integer", "write 2775"))
    'carrier.north.port: must be an integer; write 2775'
    """

    path: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message}" + (f"; {self.suggestion}" if self.suggestion else "")


class ConfigError(SeptetError):
    """A configuration that cannot be used; `problems` holds every one of them.

    >>> error = ConfigError([Problem("node.nmae", "unknown key", "did you mean `name`?")])
    >>> error.code, len(error.problems)
    ('config.invalid', 1)
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)), "config.invalid")
