"""`Reassembler`: any order, repeats, late and missing parts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import septet
from septet import Reassembler, Segment, SeptetError, Whole
from tests.codec.vectors import load


def give(box: Reassembler, part: Segment, now: float = 0.0, source: str = "4670", dest: str = "12345") -> Whole | None:
    return box.add(source, dest, part.body, data_coding=part.data_coding, udh=part.udh, now=now)


@given(st.data(), st.sampled_from(["plain €{ ", "ж😀"]), st.integers(20, 200), st.sampled_from([8, 16]))
def test_any_order_gives_the_text_once(data: st.DataObject, unit: str, count: int, bits: int) -> None:
    text = unit * count
    parts = septet.segment(text, reference=200, reference_bits=bits)
    repeats = data.draw(st.lists(st.sampled_from(parts), max_size=3))
    box = Reassembler(ttl=60)
    arrived = [give(box, part) for part in data.draw(st.permutations(parts)) + repeats]
    [whole] = [whole for whole in arrived if whole is not None] if len(parts) > 1 else arrived[:1]
    assert whole is not None
    assert (whole.source, whole.dest, whole.parts) == ("4670", "12345", len(parts))
    assert (whole.text, whole.data) == (text, None)
    assert len(box) == 0


def test_sar_parameters_serve_as_well() -> None:
    box = Reassembler()
    assert box.add("a", "b", b"two", data_coding=0, sar=(9, 2, 2), now=0) is None
    whole = box.add("a", "b", b"one ", data_coding=0, sar=(9, 2, 1), now=0)
    assert whole is not None and whole.text == "one two"


@pytest.mark.parametrize("vector", load("udh"), ids=lambda v: v["clause"])
def test_a_header_without_valid_concatenation_stands_alone(vector: Any) -> None:
    box = Reassembler()
    whole = box.add("a", "b", b"x", data_coding=0, udh=bytes.fromhex(vector["udh"]), now=0)
    assert (whole is None) == (vector["concat"] is not None)
    assert len(box) == (whole is None)


@pytest.mark.parametrize(
    "sar", [(1, 0, 0), (1, 2, 3), (1, 2, 0), (-1, 2, 1), (70000, 2, 1), (1, 256, 1), (1, 2, 2**40)]
)
def test_impossible_sar_values_count_as_none(sar: tuple[int, int, int]) -> None:
    whole = Reassembler().add("a", "b", b"x", data_coding=0, sar=sar, now=0)
    assert whole is not None and whole.text == "x"


def test_parts_of_other_people_do_not_mix() -> None:
    first, second = septet.segment("x" * 161)
    box = Reassembler()
    assert give(box, first) is None
    assert give(box, second, source="other") is None
    assert give(box, second, dest="other") is None
    assert len(box) == 3


def test_late_duplicates_open_no_new_set() -> None:
    first, second = septet.segment("x" * 161)
    box = Reassembler(ttl=60)
    give(box, first)
    assert give(box, second, now=1) is not None
    assert give(box, second, now=30) is None
    assert len(box) == 0
    assert give(box, second, now=100) is None
    assert len(box) == 1


def test_expiry_gives_what_there_is() -> None:
    parts = septet.segment("x" * 400)
    box = Reassembler(ttl=60)
    give(box, parts[2], now=5)
    assert box.expire(64) == []
    [partial] = box.expire(66)
    assert (partial.source, partial.dest, partial.parts, partial.total) == ("4670", "12345", 1, 3)
    assert (partial.missing, partial.text) == ((1, 2), "x" * 94)
    assert len(box) == 0 and box.expire(1000) == []


def test_a_part_that_comes_after_the_ttl_completes_nothing() -> None:
    first, second = septet.segment("x" * 161)
    box = Reassembler(ttl=60)
    give(box, first)
    assert give(box, second, now=61) is None
    assert len(box) == 1


def test_capacity_gives_up_the_oldest_set() -> None:
    box = Reassembler(capacity=2)
    for reference in range(3):
        give(box, septet.segment("x" * 161, reference=reference)[0])
    assert len(box) == 2
    assert [partial.parts for partial in box.expire(0)] == [1]
    assert give(box, septet.segment("x" * 161, reference=2)[1]) is not None


def test_memory_stays_bounded_without_expire() -> None:
    box = Reassembler(capacity=10)
    for reference in range(256):
        give(box, septet.segment("x" * 161, reference=reference)[0])
    assert len(box) == 10
    assert len(box.expire(0)) == 10


def test_binary_and_unreadable_bodies_come_as_octets() -> None:
    box = Reassembler()
    for body, coding in [(b"\x00\xff", 4), (b"\xff", 0), (b"\xd8", 8), (b"?", 0x20)]:
        whole = box.add("a", "b", body, data_coding=coding, now=0)
        assert whole is not None
        assert (whole.text, whole.data, whole.data_coding) == (None, body, coding)


def test_characters_cut_in_two_by_a_sender_are_healed() -> None:
    box = Reassembler()
    assert box.add("a", "b", b"\xd8\x3d", data_coding=8, sar=(1, 2, 1), now=0) is None
    whole = box.add("a", "b", b"\xde\x00", data_coding=8, sar=(1, 2, 2), now=0)
    assert whole is not None and whole.text == "😀"


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
def test_a_ttl_is_positive(ttl: float) -> None:
    with pytest.raises(SeptetError) as caught:
        Reassembler(ttl=ttl)
    assert caught.value.code == "text.bad_argument"
