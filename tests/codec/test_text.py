"""`analyze`, `segment` and `decode` through the public names."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import septet
from septet import SeptetError
from tests.codec.vectors import load

GSM = st.text(st.sampled_from("ab @€{}ÅΩ\n"), max_size=400)
ANY = st.text(st.one_of(st.sampled_from("a€😀ж"), st.characters(exclude_categories=["Cs"])), max_size=400)
BITS = st.sampled_from([8, 16])


def message(vector: Any) -> str:
    return str(vector["prefix"] + vector["unit"] * vector["repeat"] + vector["suffix"])


@pytest.mark.parametrize("vector", load("segment"), ids=lambda v: v["clause"])
def test_segment_vectors(vector: Any) -> None:
    text, bits = message(vector), vector["reference_bits"]
    want = tuple(vector["segment_units"])
    cost = septet.analyze(text, reference_bits=bits)
    assert (cost.encoding, cost.language, cost.segment_units) == (vector["encoding"], None, want)
    assert (cost.segments, cost.units) == (len(want), sum(want))
    parts = septet.segment(text, reference_bits=bits, reference=7)
    width = 2 if cost.encoding == "ucs2" else 1
    assert tuple(len(part.body) // width for part in parts) == want
    for number, part in enumerate(parts, 1):
        assert part.short_message == part.udh + part.body
        concatenation = bytes([5, 0, 3, 7]) if bits == 8 else bytes([6, 8, 4, 0, 7])
        assert part.udh == (concatenation + bytes([len(parts), number]) if len(parts) > 1 else b"")


@pytest.mark.parametrize("vector", load("decode"), ids=lambda v: v["clause"])
def test_decode_vectors(vector: Any) -> None:
    def decode() -> str:
        return septet.decode(
            bytes.fromhex(vector["body"]),
            vector["data_coding"],
            udh=bytes.fromhex(vector["udh"]),
            packed=vector["packed"],
            default_alphabet=vector["default_alphabet"],
        )

    if "text" in vector:
        assert decode() == vector["text"]
    else:
        with pytest.raises(SeptetError) as caught:
            decode()
        assert (caught.value.code, caught.value.offset) == (vector["error"], vector["offset"])


@given(st.one_of(GSM, ANY), BITS, st.booleans())
def test_what_is_split_reads_the_same(text: str, bits: int, packed: bool) -> None:
    parts = septet.segment(text, reference_bits=bits, packed=packed)
    read = (septet.decode(p.body, p.data_coding, udh=p.udh, packed=packed) for p in parts)
    assert "".join(read) == text
    if packed or parts[0].data_coding == 8:
        assert all(len(part.short_message) <= 140 for part in parts)


@given(ANY)
def test_exactly_the_characters_without_septets_force_ucs2(text: str) -> None:
    def has_septets(character: str) -> bool:
        try:
            return bool(septet.gsm7.encode(character))
        except SeptetError:
            return False

    forced = tuple(dict.fromkeys(c for c in text if not has_septets(c)))
    cost = septet.analyze(text)
    assert cost.forced_by == forced
    assert cost.encoding == ("ucs2" if forced else "gsm7")


@given(st.lists(st.one_of(GSM, ANY), max_size=5), BITS)
def test_a_batch_is_its_single_calls(texts: list[str], bits: int) -> None:
    assert list(septet.analyze_many(texts, reference_bits=bits)) == [
        septet.analyze(text, reference_bits=bits) for text in texts
    ]
    assert [list(parts) for parts in septet.segment_many(texts, reference_bits=bits)] == [
        septet.segment(text, reference_bits=bits) for text in texts
    ]


@given(st.binary(max_size=200), st.integers(0, 255), st.binary(max_size=10), st.booleans())
def test_any_octets_are_text_or_an_error(body: bytes, data_coding: int, udh: bytes, packed: bool) -> None:
    code = "none"
    try:
        septet.decode(body, data_coding, udh=udh, packed=packed)
    except SeptetError as error:
        code = error.code
    assert code in {"none", "text.undecodable", "text.bad_data_coding"}


def test_encodings_asked_for() -> None:
    assert [p.data_coding for p in septet.segment("é", encoding="latin1")] == [3]
    assert septet.segment("é", encoding="latin1")[0].body == b"\xe9"
    assert septet.segment("a", encoding="ucs2")[0].body == b"\0a"
    assert len(septet.segment("é" * 141, encoding="latin1")[0].body) == 134


def test_transliteration_is_asked_for_and_touches_signs_alone() -> None:
    assert septet.analyze("“ok” — fine…").encoding == "ucs2"
    assert septet.segment("“ok” — fine…", transliterate=True)[0].body == b'"ok" - fine...'
    assert septet.analyze("“да”", transliterate=True).forced_by == ("д", "а")


def test_octets_are_split_with_their_header_in_each_part() -> None:
    data = bytes(range(256))
    parts = septet.segment_binary(data, udh=bytes.fromhex("06050415811581"), reference=258, reference_bits=16)
    assert b"".join(part.body for part in parts) == data
    assert [part.udh.hex() for part in parts] == [f"0c080401020{len(parts)}0{i}050415811581" for i in (1, 2, 3)]
    assert all(len(part.short_message) <= 140 and part.data_coding == 4 for part in parts)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: septet.segment("ж", encoding="gsm7"), "text.unencodable"),
        (lambda: septet.segment("ж", encoding="latin1"), "text.unencodable"),
        (lambda: septet.segment("a", encoding="utf8"), "text.bad_encoding"),
        (lambda: septet.decode(b"a", 0, default_alphabet="ebcdic"), "text.bad_encoding"),
        (lambda: septet.segment("a", reference=256), "text.bad_argument"),
        (lambda: septet.segment("a", reference=65536, reference_bits=16), "text.bad_argument"),
        (lambda: septet.analyze("a", reference_bits=12), "text.bad_argument"),
        (lambda: septet.analyze("a", languages=["xx"]), "text.bad_argument"),
        (lambda: septet.analyze("a" * (255 * 153 + 1)), "text.too_many_segments"),
        (lambda: septet.segment("a" * (255 * 153 + 1)), "text.too_many_segments"),
        (lambda: septet.segment_binary(b"a", udh=b"\x05\x00"), "text.bad_udh"),
        (lambda: septet.analyze("\ud83d"), "text.unencodable"),
    ],
)
def test_refusals_have_codes(call: Any, code: str) -> None:
    with pytest.raises(SeptetError) as caught:
        call()
    assert caught.value.code == code


def test_an_error_in_a_batch_says_which_text() -> None:
    with pytest.raises(SeptetError, match=r"^text 1: 'ж' \(U\+0436\) at character 2 "):
        septet.segment_many(["ok", "abж"], encoding="gsm7")
    with pytest.raises(TypeError, match="put it in a list"):
        septet.analyze_many("abc")


def test_an_error_in_a_packed_body_names_the_octet() -> None:
    # The locking shift table of Bengali has an empty cell at 0x58.
    septets = b"\x58".rjust(9, b"a")
    with pytest.raises(SeptetError) as raised:
        septet.decode(septet.gsm7.pack(septets, 3), 0, udh=bytes.fromhex("03250104"), packed=True)
    assert raised.value.code == "text.undecodable"
    assert raised.value.offset == (3 + 8 * 7) // 8
