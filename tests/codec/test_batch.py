"""Batch results are sequences."""

from collections.abc import Sequence

import pytest

from septet import Segment, analyze, analyze_many, segment, segment_many


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


@pytest.mark.parametrize("text", ["hi", "привет", "€" * 100, "я" * 71, "👩‍👩‍👧" * 40, "a" * 161])
def test_the_segments_of_a_text_are_those_of_segment(text: str) -> None:
    [parts] = segment_many([text], reference=7)
    want = segment(text, reference=7)
    assert isinstance(parts, Sequence)
    assert parts == want
    assert not parts != want  # noqa: SIM202  # both operators are ours
    assert list(parts) == want == parts[:]
    assert parts[-1] == want[-1] == next(reversed(parts))
    assert (len(parts), parts.index(want[0]), parts.count(want[0])) == (len(want), 0, 1)
    assert want[0] in parts
    assert parts != segment_many([text + "!"])[0]
    with pytest.raises(IndexError):
        parts[len(want)]


@pytest.mark.parametrize("text", ["hi", "привет", "€" * 100, "я" * 71, "“quoted” ж", "“quoted”"])
@pytest.mark.parametrize("transliterate", [False, True])
def test_an_item_is_what_analyze_says_of_its_parts(text: str, transliterate: bool) -> None:
    [cost] = analyze_many([text], transliterate=transliterate)
    assert cost == analyze(text, transliterate=transliterate)
    parts: Sequence[Segment] = segment(text, transliterate=transliterate)
    width = 2 if cost.encoding == "ucs2" else 1
    assert cost.segment_units == tuple(len(part.body) // width for part in parts)
    assert (cost.units, cost.segments) == (sum(cost.segment_units), len(parts))
    assert (cost.forced_by != ()) == (cost.encoding == "ucs2")


def test_an_item_outlives_its_batch() -> None:
    item = analyze_many(["ж" * 3])[0]
    parts = segment_many(["ж" * 80])[0]
    assert item.forced_by == ("ж",)
    assert len(parts[1].body) == 26
