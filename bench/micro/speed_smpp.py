"""submit_sm a second: septet, every Python codec of the registry, Kannel's C codec and the core without Python.

The corpus and the fresh objects are those of `pdus` and `speed_text`: each round gets new `bytes`, made off the clock.
"correct" compares with PDUs written from the specification's table alone. The programs without Python get the same
octets; they print a sum of what they read, or how many PDUs came out wrong. Kannel's codec copies each field. The
core's `Sm` borrows them, which is what the node uses for each message; its owned form stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from bench.micro import codecs, natives
from bench.micro.contenders import OURS, Contender
from bench.micro.pdus import ALL, FOUR, encoded, fields, values
from bench.micro.table import Row, rows

KANNEL = "Kannel (C)"
BESIDE = (codecs.SMPPLIB, KANNEL)


def _fresh_octets(items: list[bytes]) -> list[bytes]:
    return [bytes(bytearray(octets)) for octets in items]


def _fresh_fields(items: list[Any]) -> list[Any]:
    """Equal dicts with values of their own; their keys are the constants of a program."""
    text, octets = lambda x: x[:1] + x[1:], lambda x: bytes(bytearray(x))
    make = {str: text, bytes: octets, int: int}
    return [{name: make[type(value)](value) for name, value in one.items()} for one in items]


def _verdict(contender: Contender, items: list[Any], want: list[Any]) -> str:
    wrong = 0
    for item, right in zip(items, want, strict=True):
        try:
            [found] = contender.canon(contender.run([item]))
        except Exception:  # noqa: BLE001  # a library that fails on a PDU is wrong about it, whatever it raises
            found = None
        wrong += found != right
    return "yes" if not wrong else f"{wrong} of {len(items)} wrong"


def _measure(benchmark: Any, contender: Contender, items: list[Any], fresh: Callable[[list[Any]], list[Any]]) -> float:
    fast = contender.name == OURS or "Rust" in contender.name
    rounds = 100 if fast else 8
    benchmark.pedantic(contender.run, setup=lambda: ((fresh(items),), {}), rounds=rounds, warmup_rounds=2)
    return len(items) / float(benchmark.stats.stats.min)


DECODE = [
    pytest.param(read, contender, id=f"{read}-{contender.name}-{contender.read}")
    for read, several in codecs.DECODE.items()
    for contender in several
]


@pytest.mark.parametrize(("read", "contender"), DECODE)
def test_decode(benchmark: Any, read: str, contender: Contender) -> None:
    names = FOUR if read == "four fields" else ALL
    verdict = _verdict(contender, encoded(), [values(one, names) for one in fields()])
    rate = _measure(benchmark, contender, encoded(), _fresh_octets)
    rows.append(Row(f"submit_sm decode, {read}", contender.name, contender.read, rate, verdict, BESIDE))


@pytest.mark.parametrize("contender", codecs.ENCODE, ids=lambda c: f"{c.name}-{c.read}")
def test_encode(benchmark: Any, contender: Contender) -> None:
    # One at a time, each is the first: its number is 1.
    want = [octets[:12] + bytes((0, 0, 0, 1)) + octets[16:] for octets in encoded()]
    verdict = _verdict(contender, fields(), want)
    rate = _measure(benchmark, contender, fields(), _fresh_fields)
    rows.append(Row("submit_sm encode, from fields", contender.name, contender.read, rate, verdict, BESIDE))


@pytest.mark.parametrize("contender", codecs.AGAIN, ids=lambda c: c.name)
def test_encode_again(benchmark: Any, contender: Contender) -> None:
    held = codecs.HELD[contender.name]
    verdict = _verdict(contender, held, encoded())
    rate = _measure(benchmark, contender, held, list)
    rows.append(Row("submit_sm encode, of a PDU at hand", contender.name, contender.read, rate, verdict, BESIDE))


def _sum() -> int:
    return sum(
        sum((one["source_addr"] + one["destination_addr"]).encode("ascii"))
        + one.get("data_coding", 0)
        + sum(one["short_message"])
        for one in fields()
    )


def _native(name: str, build: Callable[[], Any], places: dict[str, tuple[tuple[str, str], ...]]) -> None:
    try:
        found = list(natives.measure(build(), encoded()))
    except natives.MissingError as error:
        for several in places.values():
            rows.extend(Row(table, name, f"not measured: {error}", 0, "no", BESIDE) for table, _ in several)
        return
    for one in found:
        right = _sum() if one.operation.startswith("decode") else 0
        verdict = "yes" if one.check == right else "no"
        rows.extend(Row(table, name, read, one.rate, verdict, BESIDE) for table, read in places[one.operation])


def test_kannel() -> None:
    unpack = "smpp_pdu_unpack: every field copied"
    _native(
        KANNEL,
        cache(natives.kannel),
        {
            "decode": (
                ("submit_sm decode, four fields", unpack),
                ("submit_sm decode, all fields", unpack),
                ("submit_sm without Python: decode", unpack),
            ),
            "encode": (
                ("submit_sm encode, from fields", "smpp_pdu_pack of a struct at hand"),
                ("submit_sm encode, of a PDU at hand", "smpp_pdu_pack of a struct at hand"),
                ("submit_sm without Python: encode", "smpp_pdu_pack of a struct at hand"),
            ),
        },
    )


def test_without_python() -> None:
    _native(
        OURS,
        natives.rust,
        {
            "decode, borrowed": (("submit_sm without Python: decode", "Sm::parse: every field, borrowed"),),
            "decode, owned": (("submit_sm without Python: decode", "Pdu::decode_body: every field copied"),),
            "encode": (("submit_sm without Python: encode", "Sm::write"),),
        },
    )
