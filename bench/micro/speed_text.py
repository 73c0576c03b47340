"""Texts a second: septet, a careful pure-Python rival and the libraries of the registry, on one corpus in one run.

    make bench            (or .venv/bin/python -m pytest -c bench/micro/pytest.ini bench/micro)

The corpus is varied, and every round gets new `str` and `bytes` objects, made off the clock: CPython caches a string's
UTF-8 with the string, so a corpus used twice would flatter whoever asks for it. Each answer is compared with the slow
reference first; a row says whether all were correct, and what of the result was read while the clock ran.

A round is 240 texts, forty of each kind, for everybody: long rounds catch more of what else the machine does,
which would flatter the quick. Five such slices make up the corpus; the best time of each is taken and the five are
added, so a busy machine changes little. "its column" reads every count of a batch result at once, "item by item" as
attributes of its items; either way the call has checked every text, and what else an item holds would be made when it
is read. Garbage collection is off while a round runs; freeing what a call returned is part of its time.
"""

from __future__ import annotations

import zlib
from itertools import cycle
from typing import Any

import pytest

import septet
from bench.micro import contenders, reference
from bench.micro.contenders import Contender
from bench.micro.corpus import corpus, fresh
from bench.micro.table import Row, rows

SLICE = 240
TEXTS = [text for kind in zip(*corpus().values(), strict=True) for text in kind]
ENCODED = [reference.units(text) for text in TEXTS]
BODIES = [(b"".join(octets), 0 if encoding == "gsm7" else 8) for encoding, octets in ENCODED]
SEPTETS = [(body, text) for (body, coding), text in zip(BODIES, TEXTS, strict=True) if coding == 0 and len(body) <= 160]
PACKED = [(reference.packed(body), len(body), reference.packed(body).hex()) for body, _ in SEPTETS]

COSTS = [reference.analysis(text) for text in TEXTS]
PARTS = [reference.bodies(text) for text in TEXTS]
OPERATIONS: dict[str, tuple[list[Contender], list[Any], list[Any]]] = {
    "analyze": (contenders.ANALYZE, TEXTS, COSTS),
    "segment": (contenders.SEGMENT, TEXTS, PARTS),
    "decode": (contenders.DECODE, BODIES, TEXTS),
    "pack": (contenders.PACK, SEPTETS, [octets for octets, _, _ in PACKED]),
    "unpack": (contenders.UNPACK, PACKED, [septets for septets, _ in SEPTETS]),
}
CASES = [
    pytest.param(name, contender, id=f"{name}-{contender.name}-{contender.read}")
    for name, (several, _, _) in OPERATIONS.items()
    for contender in several
]


def again(items: list[Any]) -> list[Any]:
    """Equal items in new objects."""
    if isinstance(items[0], str):
        return fresh(items)
    return [tuple(bytes(bytearray(x)) if isinstance(x, bytes) else x for x in item) for item in items]


def correct(contender: Contender, items: list[Any], want: list[Any]) -> str:
    """ "yes", or how many of the answers are wrong."""
    if contender.read.endswith("every count"):
        counts = [row[2] if isinstance(row, tuple) else len(row) for row in want]
        wrong = sum(
            a != b
            for a, b in zip(
                contender.canon(contender.run([contender.takes(item) for item in items])), counts, strict=True
            )
        )
        return "yes" if not wrong else f"{wrong} of {len(items)} wrong"
    wrong = 0
    for item, right in zip(items, want, strict=True):
        try:
            [found] = contender.canon(contender.run([contender.takes(item)]))
        except Exception:  # noqa: BLE001  # a library that fails on a text is wrong about it, whatever it raises
            found = None
        wrong += not (reference.divides(item, found or []) if contender in contenders.SEGMENT else found == right)
    return "yes" if not wrong else f"{wrong} of {len(items)} wrong"


@pytest.mark.parametrize(("operation", "contender"), CASES)
def test_speed(benchmark: Any, operation: str, contender: Contender) -> None:
    _, items, want = OPERATIONS[operation]
    verdict = correct(contender, items, want)
    # A library that raises is measured on what it can do.
    if verdict != "yes":
        items = [item for item in items if _answers(contender, item)]
    slow = contender.name not in {contenders.OURS, contenders.RIVAL}
    slices = [items[at : at + SLICE] for at in range(0, len(items), SLICE)]
    turn = cycle(slices)
    times = 30 if slow else 100
    benchmark.group = operation
    benchmark.pedantic(
        contender.run,
        setup=lambda: (([contender.takes(item) for item in again(next(turn))],), {}),
        rounds=times * len(slices),
        warmup_rounds=len(slices),
    )
    measured = benchmark.stats.stats.data
    seconds = sum(min(measured[at :: len(slices)]) for at in range(len(slices)))
    rows.append(Row(operation, contender.name, contender.read, len(items) / seconds, verdict))


def _answers(contender: Contender, item: Any) -> bool:
    try:
        contender.run([contender.takes(item)])
    except Exception:  # noqa: BLE001  # as above
        return False
    return True


@pytest.mark.parametrize("name", ["septet", "zlib.crc32"])
def test_one_short_text(benchmark: Any, name: str) -> None:
    """One call on one ASCII text beside a checksum of the same octets, about the least that a call can cost."""
    text = "Your code is 123456. Do not share it with anyone. Reply STOP to opt out."
    assert septet.analyze(text).segments == 1
    octets = text.encode()
    benchmark.pedantic(
        *((septet.analyze, (text,)) if name == "septet" else (zlib.crc32, (octets,))), rounds=300, iterations=1000
    )
    read = "analyze, one call on one text of 72 characters" if name == "septet" else "of the same octets"
    rows.append(Row("one short text", name, read, 1 / benchmark.stats.stats.min, "yes"))
