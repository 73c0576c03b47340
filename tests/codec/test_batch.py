"""Batch results are sequences."""

from collections.abc import Sequence

import pytest

from septet import analyze, analyze_many, segment_many


def test_a_batch_is_a_sequence() -> None:
    batch = analyze_many(["a", "bb", "ccc"])
    assert isinstance(batch, Sequence)
    assert [cost.units for cost in batch] == [1, 2, 3]
    assert [cost.units for cost in batch[1:]] == [2, 3]
    assert batch[-1] == batch[2] == analyze("ccc")
    assert batch.index(analyze("bb")) == 1
    assert analyze("dddd") not in batch


@pytest.mark.parametrize("at", [2, -3, 10**6])
def test_an_index_outside_is_an_error(at: int) -> None:
    with pytest.raises(IndexError):
        segment_many(["a", "b"])[at]
