"""Septet against codecs that nobody here wrote: alike, or different for a reason that stands in `differences.toml`."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.differential.classes import CLASSES
from tests.differential.peers import PEERS, ours, theirs

pytestmark = pytest.mark.peer

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "differences.md"
DIFFERENCES: list[dict[str, Any]] = tomllib.loads((HERE / "differences.toml").read_text("utf-8"))["difference"]

OPERATIONS = {
    "text": ("encode", "count", "split into texts", "split into bodies", "pack"),
    "short text": ("pack a body",),
    "septets": ("decode",),
    "octets": ("unpack a body",),
}
PALETTE = "ab @€{}ÅΩ\n\r\f`§\x1bçжa中😀👍^~|[]\\_"
CHARACTERS = st.one_of(st.sampled_from(PALETTE), st.characters(exclude_categories=["Cs"]))
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=400),
    st.builds(lambda head, unit, times: head + unit * times, st.text(max_size=3), CHARACTERS, st.integers(0, 400)),
)
SEPTETS = st.lists(st.one_of(st.integers(0, 0x7F), st.sampled_from([0x1B, 0x0D, 0x65])), max_size=60).map(bytes)


def asked(kind: str) -> list[tuple[str, str]]:
    return [(peer, operation) for peer, operation in PEERS if operation in OPERATIONS[kind]]


def compare(kind: str, value: Any) -> None:
    for peer, operation in asked(kind):
        we, they = ours(operation, value), theirs(peer, operation, value)
        if we != they:
            why = [
                d["id"]
                for d in DIFFERENCES
                if peer in d["peers"] and operation in d["operations"] and CLASSES[d["when"]](value)
            ]
            assert why, f"{operation} of {value!r}: {we!r}, but {peer} says {they!r}"


@given(TEXTS)
def test_texts(text: str) -> None:
    compare("text", text)


@given(st.text(PALETTE, max_size=70))
def test_packed_texts(text: str) -> None:
    compare("short text", text)


@given(SEPTETS)
def test_septets(septets: bytes) -> None:
    compare("septets", septets)


@given(st.one_of(st.binary(max_size=40), SEPTETS))
def test_octets(body: bytes) -> None:
    compare("octets", body)


def test_every_character_of_the_first_planes() -> None:
    for code in itertools.chain(range(0xD800), range(0xE000, 0x10000, 7), range(0x10000, 0x20000, 61)):
        compare("text", chr(code))


def test_every_pair_of_septets() -> None:
    for pair in itertools.product(range(128), repeat=2):
        compare("septets", bytes(pair))


@pytest.mark.parametrize("unit", ["a", "€", "ж", "😀", "a€", "ж😀"])
def test_every_length_around_the_edges(unit: str) -> None:
    for times in itertools.chain(range(1, 10), range(60, 170), range(300, 325)):
        compare("text", unit * times)
        compare("text", "a" + unit * times)


@pytest.mark.parametrize("unit", "a\r@", ids=["a", "CR", "at"])
def test_every_packed_length(unit: str) -> None:
    for length in range(160):
        compare("short text", "b" * length + unit)
    for length in range(141):
        compare("octets", bytes(length))
        compare("octets", b"\xff" * length)


def example(difference: dict[str, Any]) -> Any:
    if "example_hex" in difference:
        return bytes.fromhex(difference["example_hex"])
    if "example_repeat" in difference:
        unit, times = difference["example_repeat"]
        return unit * times
    return difference["example"]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: d["id"])
def test_each_difference_still_is_one_and_is_documented(difference: dict[str, Any]) -> None:
    value = example(difference)
    assert CLASSES[difference["when"]](value)
    for peer in difference["peers"]:
        known = [operation for operation in difference["operations"] if (peer, operation) in PEERS]
        assert any(ours(operation, value) != theirs(peer, operation, value) for operation in known), peer
    page = PAGE.read_text("utf-8")
    for word in (difference["id"], difference["clause"].split(":")[0], *difference["peers"]):
        assert word in page, f"docs/differences.md says nothing of {word}"
