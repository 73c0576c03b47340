"""Batch results that become Python objects only when they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class Indexed(Protocol[T_co]):
    """What the extension returns from a batch call."""

    def __len__(self) -> int: ...
    def __getitem__(self, at: int, /) -> T_co: ...
    def __iter__(self) -> Iterator[T_co]: ...


class Batch(Sequence[T_co]):
    """A read-only sequence over results that are held by the extension.

    >>> from septet import analyze_many
    >>> costs = analyze_many(["hi", "привет"])
    >>> len(costs), costs[-1].encoding, [cost.units for cost in costs]
    (2, 'ucs2', [2, 6])
    """

    __slots__ = ("_items",)

    def __init__(self, items: Indexed[T_co]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> list[T_co]: ...
    def __getitem__(self, at: int | slice) -> T_co | list[T_co]:
        if isinstance(at, slice):
            return [self._items[i] for i in range(*at.indices(len(self)))]
        return self._items[at]

    def __iter__(self) -> Iterator[T_co]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"<batch of {len(self)}>"
