"""Batch results that become Python objects only when they are read.

A batch call checks and counts every input at once, so that each error is raised by the call. What an item holds is made
when it is read; until then the batch keeps the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar, overload

from septet import _septet

T_co = TypeVar("T_co", covariant=True)


class Indexed(Protocol[T_co]):
    """What the extension returns from a batch call."""

    def __len__(self) -> int: ...
    def __getitem__(self, at: int, /) -> T_co: ...


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


class AnalysisBatch(Batch[_septet.Analysis]):
    """What `analyze_many` returns.

    >>> from septet import analyze_many
    >>> costs = analyze_many(["short", "long " * 50])
    >>> costs.units, costs.segments
    ((5, 250), (1, 2))
    """

    __slots__ = ()
    _items: _septet.AnalysisBatch

    @property
    def units(self) -> tuple[int, ...]:
        """Septets or UTF-16 units of each text, over all its segments."""
        return self._items.units()

    @property
    def segments(self) -> tuple[int, ...]:
        """How many short messages each text needs."""
        return self._items.segments()


class SegmentBatch(Batch[Sequence[_septet.Segment]]):
    """What `segment_many` returns.

    >>> from septet import segment_many
    >>> segment_many(["short", "long " * 50]).segments
    (1, 2)
    """

    __slots__ = ()
    _items: _septet.SegmentBatch

    @property
    def segments(self) -> tuple[int, ...]:
        """How many short messages each text needs."""
        return self._items.segments()


class TextBatch(Batch[str]):
    """What `decode_many` returns.

    >>> from septet import decode_many
    >>> decode_many([(b"hi", 0), (b"\x04\x16", 8)]).lengths
    (2, 1)
    """

    __slots__ = ()
    _items: _septet.TextBatch

    @property
    def lengths(self) -> tuple[int, ...]:
        """Characters of each text."""
        return self._items.lengths()


class OctetBatch(Batch[bytes]):
    """What `gsm7.pack_many` and `gsm7.unpack_many` return.

    >>> from septet import gsm7
    >>> gsm7.pack_many([b"hellohello", b"hi"]).lengths
    (9, 2)
    """

    __slots__ = ()
    _items: _septet.OctetBatch

    @property
    def lengths(self) -> tuple[int, ...]:
        """Octets of each item."""
        return self._items.lengths()
