"""`septet.smpp.Framer`: the same PDUs however the stream is cut, and bounded whatever it holds."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet import SeptetError, smpp
from tests.smpp.strategies import pdus

ENQUIRE = smpp.Pdu("enquire_link", sequence=7).encode()


def header(length: int, command: int = 0x15, sequence: int = 7) -> bytes:
    return b"".join(part.to_bytes(4, "big") for part in (length, command, 0, sequence))


def fed(chunks: list[bytes]) -> tuple[list[bytes], list[str], bool, int]:
    framer = smpp.Framer()
    whole: list[bytes] = []
    errors: list[str] = []
    for chunk in chunks:
        for item in framer.feed(chunk):
            if isinstance(item, smpp.BadPdu):
                errors.append(f"{item.error.code} {item.error.offset} {item.data.hex()} {item.fatal}")
            else:
                whole.append(item.encode())
    return whole, errors, framer.lost, framer.pending


FRAGMENTS = st.one_of(
    pdus().map(smpp.Pdu.encode),
    st.binary(max_size=40).map(lambda body: header(16 + len(body), 4) + body),
    st.binary(max_size=20).map(lambda body: header(16 + len(body), 0x999) + body),
    st.binary(max_size=24),
)


@given(st.lists(FRAGMENTS, max_size=6).map(b"".join), st.lists(st.integers(0, 400), max_size=6))
def test_whole_split_and_octet_by_octet_are_the_same(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    whole = fed([stream])
    assert fed([stream[a:b] for a, b in pairwise(places)]) == whole
    assert fed([stream[i : i + 1] for i in range(len(stream))]) == whole


def test_pdus_come_out_when_they_are_complete() -> None:
    framer = smpp.Framer()
    assert framer.feed(ENQUIRE + ENQUIRE[:10]) == [smpp.decode(ENQUIRE)]
    assert framer.pending == 10
    assert framer.feed(b"") == []
    assert framer.feed(ENQUIRE[10:]) == [smpp.decode(ENQUIRE)]
    assert framer.pending == 0


def test_what_cannot_be_decoded_does_not_stop_the_stream() -> None:
    bad = header(18, 4, 9) + b"xx"
    first, second = smpp.Framer().feed(bad + ENQUIRE)
    assert isinstance(first, smpp.BadPdu) and isinstance(first.error, SeptetError)
    assert (first.command_id, first.sequence, first.status, first.data, first.fatal) == (4, 9, 0, bad, False)
    assert second == smpp.decode(ENQUIRE)


@pytest.mark.parametrize("length", [0, 15, 1_001, 2**32 - 1])
def test_a_length_that_cannot_be_true_loses_the_stream(length: int) -> None:
    framer = smpp.Framer(max_pdu=1_000)
    first, last = framer.feed(ENQUIRE + header(length) + ENQUIRE)
    assert first == smpp.decode(ENQUIRE)
    assert isinstance(last, smpp.BadPdu) and last.fatal
    assert (last.error.code, last.sequence, last.data) == ("smpp.bad_length", 7, header(length))
    assert framer.lost and framer.feed(ENQUIRE) == [] and framer.pending == 0


def test_no_more_than_one_pdu_is_kept() -> None:
    framer = smpp.Framer(max_pdu=1_000)
    for _ in range(100):
        framer.feed(header(1_000, 0x999) + bytes(500))
        framer.feed(bytes(484)[:-1])
        assert framer.pending <= 1_000
        framer.feed(b"\0")
