"""National language tables, modes of concatenation, headers of one's own, transliteration."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import septet
from septet import Reassembler, Segment, SeptetError, gsm7
from septet.codec import data_coding
from tests.codec.vectors import load

TABLES = load("national")
NAMES = sorted({vector["language"] for vector in TABLES})
PORTS = bytes.fromhex("06050415811581")
LETTERS = sorted({character for vector in TABLES for character in vector["cells"].values()})
TEXT = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=5).flatmap(
    lambda few: st.text(st.sampled_from(few), max_size=400)
)
MODES = st.sampled_from(["udh8", "udh16", "sar", "payload"])
PERMITTED = st.one_of(st.lists(st.sampled_from(NAMES), max_size=3), st.just(NAMES))


def read(parts: list[Segment], *, packed: bool = False) -> str:
    return "".join(septet.decode(part.body, part.data_coding, udh=part.udh, packed=packed) for part in parts)


@pytest.mark.parametrize("vector", TABLES, ids=lambda v: v["clause"])
def test_each_cell_of_each_table(vector: Any) -> None:
    escape = b"" if vector["kind"] == "locking" else b"\x1b"
    element = bytes([3, 0x25 if vector["kind"] == "locking" else 0x24, 1, vector["id"]])
    shift = {vector["kind"]: vector["language"]}
    for code, character in vector["cells"].items():
        septets = escape + bytes.fromhex(code)
        assert gsm7.decode(septets, **shift) == character
        assert septet.decode(septets, 0, udh=element) == character
        assert gsm7.decode(gsm7.encode(character, **shift), **shift) == character


@pytest.mark.parametrize("vector", load("languages"), ids=lambda v: v["clause"])
def test_language_vectors(vector: Any) -> None:
    text = vector["prefix"] + vector["unit"] * vector["repeat"] + vector["suffix"]
    asked = {"languages": vector["languages"], "udh": bytes.fromhex(vector["udh"]), "mode": vector["mode"]}
    cost = septet.analyze(text, **asked)
    assert (cost.encoding, cost.locking, cost.single) == (vector["encoding"], vector["locking"], vector["single"])
    assert cost.segment_units == tuple(vector["segment_units"])
    parts = septet.segment(text, reference=7, **asked)
    assert read(parts) == text
    assert [len(part.body) // (1 + (cost.encoding == "ucs2")) for part in parts] == vector["segment_units"]
    if vector["header"]:
        assert parts[0].udh.hex() == vector["header"]


@given(TEXT, PERMITTED, MODES, st.booleans(), st.booleans())
def test_what_is_split_reads_the_same(text: str, languages: list[str], mode: str, ports: bool, packed: bool) -> None:
    parts = septet.segment(text, languages=languages, mode=mode, udh=PORTS if ports else b"", packed=packed)
    got = read(parts, packed=packed)
    # TS 23.038 6.1.2.3.1: a CR that ends on an octet boundary is sent, and read, twice.
    assert got == text or (packed and got == text + "\r" and text.endswith("\r"))
    assert all((PORTS[1:] in part.udh) == ports for part in parts)
    assert all(part.payload == (mode == "payload") for part in parts)
    whole = None
    box = Reassembler()
    for part in reversed(parts):
        if not packed:
            whole = box.add("a", "b", part.body, data_coding=part.data_coding, udh=part.udh, sar=part.sar, now=0)
    assert packed or (whole is not None and whole.text == text)


def size(text: str, **tables: str) -> int | None:
    try:
        return len(gsm7.encode(text, **tables))
    except SeptetError:
        return None


@given(TEXT, PERMITTED)
def test_gsm7_takes_the_tables_it_chooses(text: str, languages: list[str]) -> None:
    if septet.analyze(text, languages=languages).encoding == "ucs2":
        with pytest.raises(SeptetError) as caught:
            gsm7.choose(text, languages)
        assert caught.value.code == "text.unencodable"
        return
    locking, single = gsm7.choose(text, languages)
    septets = gsm7.encode(text, languages)
    assert gsm7.decode(septets, locking=locking, single=single) == text
    if (locking, single) != (None, None):
        assert size(text) is None
        others = [size(text, locking=name) for name in languages if name != "es"]
        others += [size(text, single=name) for name in languages]
        assert all(other is None or other >= len(septets) for other in others)


@given(st.lists(st.sampled_from(["ж", "👨‍👩‍👧‍👦", "🇸🇪", "👍🏽"]), min_size=40, max_size=120))
def test_no_surrogate_pair_is_divided_and_few_sequences(units: list[str]) -> None:
    text = "".join(units)
    cost = septet.analyze(text)
    sizes = [len(unit.encode("utf-16-be")) // 2 for unit in units]
    filled, count = 0, 1
    for size in sizes:
        filled, count = (size, count + 1) if filled + size > 67 else (filled + size, count)
    parts = septet.segment(text)
    assert read(parts) == text
    edges = {sum(sizes[:i]) for i in range(len(sizes) + 1)}
    cuts = [sum(cost.segment_units[:i]) for i in range(cost.segments + 1)]
    if cost.segments == count:
        assert edges.issuperset(cuts)
    assert all(end - start <= 70 for start, end in pairwise(cuts))


def test_languages_named_together_may_stand_together() -> None:
    cost = septet.analyze("ş á", languages=("tr", "es"))
    assert (cost.language, cost.locking, cost.single) == ("tr+es", "tr", "es")
    assert septet.segment("ş á", languages=("tr", "es"))[0].language == "tr+es"
    assert septet.analyze("ş", languages=("es",)).forced_by == ("ş",)


def test_parts_with_different_tables_are_read_each_by_its_own() -> None:
    box = Reassembler()
    first, second = bytes.fromhex("080003010201250101"), bytes.fromhex("050003010202")
    assert box.add("a", "b", b"\x1d", data_coding=0, udh=first, now=0) is None
    whole = box.add("a", "b", b"\x1d", data_coding=0, udh=second, now=0)
    assert whole is not None and whole.text == "şæ"


def test_the_reassembler_reads_the_links_default_alphabet() -> None:
    whole = Reassembler(default_alphabet="latin1").add("a", "b", b"\xe9", data_coding=0, now=0)
    assert whole is not None and whole.text == "é"


def test_what_add_outlives_comes_out_of_expire() -> None:
    first, second = septet.segment("x" * 161)
    box = Reassembler(ttl=60)
    assert box.add("a", "b", first.body, data_coding=0, udh=first.udh, now=0) is None
    assert box.add("a", "b", second.body, data_coding=0, udh=second.udh, now=61) is None
    [partial] = box.expire(62)
    assert (partial.missing, partial.text) == ((2,), "x" * 153)


def test_transliteration_takes_a_table_of_ones_own() -> None:
    table = {"★": "*", "–": "–", "á": "aa"}
    cost = septet.analyze("á★", transliterate=table)
    assert (cost.encoding, cost.replaced) == ("gsm7", (("á", "aa"), ("★", "*")))
    assert septet.segment("á★", transliterate=table)[0].body == b"aa*"
    assert septet.analyze("–", transliterate=table).forced_by == ("–",), "mapped to itself, it stays"
    assert septet.analyze("ş–", transliterate=True, languages=["tr"]).replaced == (("–", "-"),)
    assert septet.analyze("e\u0301", transliterate=True).replaced == (("e\u0301", "é"),)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: septet.segment("a", mode="post"), "text.bad_argument"),
        (lambda: septet.segment("a", udh=b"\x03\x24\x01\x01"), "text.bad_udh"),
        (lambda: septet.segment("ş", encoding="gsm7", languages=["es"]), "text.unencodable"),
        (lambda: septet.segment("a" * 70_000, mode="payload"), "text.too_many_segments"),
        (lambda: septet.segment("a" * 161, udh=bytes.fromhex("0500030a0201")), "text.bad_udh"),
        (lambda: septet.analyze("a", transliterate={"ab": "c"}), "text.bad_argument"),
        (lambda: gsm7.encode("a", locking="es"), "text.bad_argument"),
        (lambda: septet.decode(b"a", 0x20), "text.bad_data_coding"),
    ],
)
def test_refusals_have_codes(call: Any, code: str) -> None:
    with pytest.raises(SeptetError) as caught:
        call()
    assert caught.value.code == code


def test_languages_are_a_list() -> None:
    with pytest.raises(TypeError, match="put it in a tuple"):
        septet.analyze("a", languages="tr")


@pytest.mark.parametrize(
    ("octet", "alphabet", "message_class", "waiting"),
    [
        (0x00, "default", None, None),
        (0x08, "ucs2", None, None),
        (0x10, "gsm7", 0, None),
        (0x19, "ucs2", 1, None),
        (0x24, "unsupported", None, None),
        (0x9A, "gsm7", None, None),
        (0xC8, "gsm7", None, "voice"),
        (0xE2, "ucs2", None, "email"),
        (0xF6, "binary", 2, None),
    ],
)
def test_the_whole_octet(octet: int, alphabet: str, message_class: int | None, waiting: str | None) -> None:
    coding = data_coding(octet)
    assert (coding.alphabet, coding.message_class, coding.waiting) == (alphabet, message_class, waiting)
    assert coding.compressed == (octet == 0x24)
    assert (coding.waiting_active, coding.store) == (octet == 0xC8, octet != 0xC8)


def test_what_forces_ucs2_is_of_the_text_and_not_of_its_replacement() -> None:
    # Each of ã, ş and अ has a table, but no two tables hold all three. ã is only what a and its mark would become.
    cost = septet.analyze("a\u0303şअ", languages=("tr", "pt", "hi"), transliterate=True)
    assert cost.encoding == "ucs2"
    assert cost.forced_by == ("\u0303", "ş", "अ")
