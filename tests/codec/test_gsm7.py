"""`septet.gsm7` against TS 23.038."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet import SeptetError, gsm7
from tests.codec.vectors import load


@pytest.mark.parametrize("vector", load("gsm7"), ids=lambda v: v["clause"])
def test_vectors(vector: Any) -> None:
    septets = bytes.fromhex(vector.get("septets", ""))
    match vector["what"]:
        case "encode":
            assert gsm7.encode(vector["text"]) == septets
            assert gsm7.decode(septets) == vector["text"]
        case "decode":
            assert gsm7.decode(septets) == vector["text"]
        case "pack":
            octets = bytes.fromhex(vector["octets"])
            assert gsm7.pack(septets, vector["fill_bits"]) == octets
            assert gsm7.unpack(octets, len(septets), vector["fill_bits"]) == septets
        case "refuse":
            with pytest.raises(SeptetError) as caught:
                gsm7.encode(vector["text"])
            assert (caught.value.code, caught.value.offset) == ("text.unencodable", vector["offset"])
        case other:
            pytest.fail(f"unknown kind of vector {other}")


@given(st.binary(max_size=200).map(lambda b: bytes(o & 0x7F for o in b)), st.integers(0, 6))
def test_packing_is_the_number_with_seven_bits_a_digit(septets: bytes, fill: int) -> None:
    number = sum(septet << (7 * i + fill) for i, septet in enumerate(septets))
    length = -(-(7 * len(septets) + fill) // 8)
    packed = gsm7.pack(septets, fill)
    assert packed == number.to_bytes(length, "little")
    assert gsm7.unpack(packed, len(septets), fill) == septets


@pytest.mark.parametrize(
    ("call", "code", "offset"),
    [
        (lambda: gsm7.decode(b"ab\x80"), "text.undecodable", 2),
        (lambda: gsm7.pack(b"\x80"), "text.bad_argument", 0),
        (lambda: gsm7.pack(b"a", 7), "text.bad_argument", None),
        (lambda: gsm7.unpack(b"abc", 4), "text.undecodable", 3),
        (lambda: gsm7.encode("a", languages=("xx",)), "text.bad_argument", None),
        (lambda: gsm7.encode("a\ud83d"), "text.unencodable", 1),
    ],
)
def test_errors_have_codes_and_places(call: Any, code: str, offset: int | None) -> None:
    with pytest.raises(SeptetError) as caught:
        call()
    assert (caught.value.code, caught.value.offset) == (code, offset)
