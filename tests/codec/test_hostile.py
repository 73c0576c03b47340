"""Whatever comes from outside: an answer or a `SeptetError` with a code that is documented; never anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

import septet
from septet import SeptetError

# Lone surrogates too: a Python string may hold them, a message may not.
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("a€\x1b\r😀ж\ud800\udfff")), max_size=200)
ENCODINGS = st.sampled_from(["auto", "gsm7", "ucs2", "latin1"])
BODIES = st.binary(max_size=160)
HEADERS = st.one_of(
    st.binary(max_size=12),
    st.builds(lambda r, t, s: bytes([5, 0, 3, r, t, s]), st.integers(0, 2), st.integers(0, 4), st.integers(0, 5)),
)
SAR = st.none() | st.tuples(st.integers(0, 65_535), st.integers(0, 255), st.integers(0, 255))
PART = st.tuples(BODIES, st.sampled_from([0, 1, 3, 4, 8, 0xF5, 0xE0, 0x20]), HEADERS, SAR, st.floats(0, 9))

T = TypeVar("T")


def answer(call: Callable[[], T]) -> tuple[T | None, SeptetError | None]:
    try:
        return call(), None
    except SeptetError as error:
        return None, error


@given(TEXTS, ENCODINGS, st.sampled_from([8, 16]), st.booleans(), st.booleans())
def test_any_text_is_sent_whole_or_refused(
    text: str, encoding: str, bits: int, packed: bool, transliterate: bool
) -> None:
    parts, error = answer(
        lambda: septet.segment(text, encoding=encoding, reference_bits=bits, packed=packed, transliterate=transliterate)
    )
    if parts is None:
        assert error is not None
        assert error.code == "text.unencodable"
        assert error.offset is not None
        return
    read = "".join(septet.decode(p.body, p.data_coding, udh=p.udh, packed=packed) for p in parts)
    if not transliterate:
        assert read in (text, text + "\r")
    cost = septet.analyze(text, reference_bits=bits, transliterate=transliterate)
    if encoding == "auto" and not packed:
        assert cost.segments == len(parts)


@given(BODIES, st.integers(0, 255), HEADERS, st.booleans(), st.sampled_from(["gsm7", "latin1", "ascii"]))
def test_any_body_reads_or_is_refused(body: bytes, coding: int, udh: bytes, packed: bool, alphabet: str) -> None:
    text, error = answer(lambda: septet.decode(body, coding, udh=udh, packed=packed, default_alphabet=alphabet))
    if error is not None:
        assert error.code in {"text.undecodable", "text.bad_data_coding", "text.bad_udh"}
        assert error.offset is None or error.offset <= len(body)
    elif text is not None:
        assert len(text) <= len(body) * 8 // 7


@given(st.lists(PART, max_size=12), st.integers(1, 20))
def test_any_parts_come_out_once(drawn: list[tuple[Any, ...]], capacity: int) -> None:
    reassembler = septet.Reassembler(ttl=5, capacity=capacity)
    now, whole = 0.0, 0
    for body, coding, udh, sar, pause in drawn:
        now += pause
        result = reassembler.add("46701234567", "12345", body, data_coding=coding, udh=udh, sar=sar, now=now)
        if result is not None:
            whole += result.parts
            assert (result.text is None) != (result.data is None)
    held = len(reassembler)
    left = reassembler.expire(now + 5)
    assert len(reassembler) == 0
    assert held <= sum(partial.parts for partial in left)
    # The rest are duplicates, of which nothing is owed twice.
    assert whole + sum(partial.parts for partial in left) <= len(drawn)
    assert all(partial.parts + len(partial.missing) == partial.total for partial in left)


@given(st.lists(TEXTS, max_size=6), st.sampled_from(["first_word", "whole_text", "anywhere"]), TEXTS)
def test_any_keywords_and_any_text(words: list[str], mode: Any, text: str) -> None:
    matcher, error = answer(lambda: septet.KeywordMatcher(words, mode=mode))
    if matcher is None:
        assert error is not None
        assert error.code in {"keywords.bad_pattern", "text.unencodable"}
        return
    found, error = answer(lambda: matcher.match(text))
    if error is not None:
        assert error.code == "text.unencodable"
        return
    hits = matcher.find_all(text)
    assert (found is None) == (not hits)
    assert all(0 <= hit.id < len(words) and hit.start < hit.end for hit in hits)
    assert matcher.match_many([text]) == [found]
