"""Texts a second: septet, a careful pure-Python rival and the libraries of the registry, on one corpus in one run.

    make bench            (or .venv/bin/python -m pytest -c bench/micro/pytest.ini bench/micro)

The corpus is varied, and every round gets new `str` and `bytes` objects, made off the clock: CPython caches a string's
UTF-8 with the string, so a corpus used twice would flatter whoever asks for it. Each answer is compared with the slow
reference first; a row says whether all were correct, and what of the result was read while the clock ran.

A round is 120 texts, twenty of each kind, for everybody: long rounds catch more of what else the machine does,
which would flatter the quick. Ten such slices make up the corpus; the best time of each is taken and the ten are added,
so a busy machine changes little. Garbage collection is off while a round runs; freeing what a call returned is part of
its time.
"""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest

from bench.micro import contenders, reference
from bench.micro.contenders import Contender
from bench.micro.corpus import corpus, fresh
from bench.micro.table import Row, rows

SLICE = 120
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
        wrong = sum(a != b for a, b in zip(contender.canon(contender.run(items)), counts, strict=True))
        return "yes" if not wrong else f"{wrong} of {len(items)} wrong"
    wrong = 0
    for item, right in zip(items, want, strict=True):
        try:
            [found] = contender.canon(contender.run([item]))
        except Exception:  # noqa: BLE001  # a library that fails on a text is wrong about it, whatever it raises
            found = None
        wrong += found != right
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
    times = 10 if slow else 60
    benchmark.group = operation
    benchmark.pedantic(
        contender.run,
        setup=lambda: ((again(next(turn)),), {}),
        rounds=times * len(slices),
        warmup_rounds=len(slices),
    )
    measured = benchmark.stats.stats.data
    seconds = sum(min(measured[at :: len(slices)]) for at in range(len(slices)))
    rows.append(Row(operation, contender.name, contender.read, len(items) / seconds, verdict))


def _answers(contender: Contender, item: Any) -> bool:
    try:
        contender.run([item])
    except Exception:  # noqa: BLE001  # as above
        return False
    return True
