"""Batch results are sequences."""

from collections.abc import Callable, Sequence

import pytest

from septet import SeptetError, analyze, analyze_many, decode, decode_many, gsm7, segment, segment_many


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


TEXTS = ["a", "é€" * 60, "привет", "👩‍👩‍👧 " * 40, "x" * 161, "a\r\n" * 80]


def test_columns_say_what_the_items_say() -> None:
    costs, parts = analyze_many(TEXTS), segment_many(TEXTS)
    assert costs.units == tuple(analyze(text).units for text in TEXTS)
    assert costs.segments == parts.segments == tuple(len(segment(text)) for text in TEXTS)
    assert list(parts) == [segment(text) for text in TEXTS]


def test_packed_segments_are_counted_as_they_are_made() -> None:
    # A part that is full must not end in CR, so this takes one more than its septets say.
    text = "a" * 159 + "\r"
    assert segment_many([text], packed=True).segments == (len(segment(text, packed=True)),) == (2,)


def test_bodies_are_counted_and_read() -> None:
    bodies: list[tuple[bytes, int] | tuple[bytes, int, bytes]] = [
        (b"1 \x1be", 0),
        (b"\x04\x16\xd8\x3d\xde\x00", 8),
        (b"\xe9", 3),
        (b"\x1d", 0, b"\x03\x25\x01\x01"),
    ]
    texts = decode_many(bodies)
    assert list(texts) == ["1 €", "Ж😀", "é", "ş"]
    assert texts.lengths == (3, 2, 1, 1)
    assert decode_many([(b"\xa3", 0)], default_alphabet="latin1")[0] == decode(b"\xa3", 0, default_alphabet="latin1")


def test_septets_are_packed_and_unpacked() -> None:
    bodies = [gsm7.encode(text) for text in ("", "hi", "hellohello", "x" * 160)]
    packed = gsm7.pack_many(bodies, 3)
    assert list(packed) == [gsm7.pack(body, 3) for body in bodies]
    assert packed.lengths == tuple(map(len, packed))
    unpacked = gsm7.unpack_many(zip(packed, map(len, bodies), strict=True), 3)
    assert list(unpacked) == bodies
    assert unpacked.lengths == tuple(map(len, bodies))


@pytest.mark.parametrize(
    ("call", "code", "where"),
    [
        (lambda: analyze_many(["a", "b\ud83d"]), "text.unencodable", "text 1: "),
        (lambda: segment_many(["a" * 153 * 256]), "text.too_many_segments", "text 0: "),
        (lambda: decode_many([(b"", 0), (b"\xff", 0)]), "text.undecodable", "body 1: "),
        (lambda: decode_many([(b"\xd8\x3d", 8)]), "text.undecodable", "body 0: "),
        (lambda: gsm7.pack_many([b"\x80"]), "text.bad_argument", "body 0: "),
        (lambda: gsm7.unpack_many([(b"a", 1), (b"a", 2)]), "text.undecodable", "body 1: "),
    ],
)
def test_the_call_raises_what_there_is_to_raise(call: Callable[[], object], code: str, where: str) -> None:
    with pytest.raises(SeptetError, match=where) as raised:
        call()
    assert raised.value.code == code


@pytest.mark.parametrize("call", [analyze_many, segment_many, decode_many, gsm7.pack_many, gsm7.unpack_many])
def test_a_single_one_or_something_else_is_a_slip(call: Callable[[object], object]) -> None:
    for slip in ("text", b"octets", [1], [(b"a",)]):
        with pytest.raises(TypeError):
            call(slip)
