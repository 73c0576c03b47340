"""The submit_sm that every codec gets: varied, each different, as an ESME writes them to a carrier.

A third each of short GSM texts, parts with a concatenation header, and UCS-2; no TLVs, because the libraries disagree
about how those are given.
"""

from __future__ import annotations

import random
import struct
from functools import cache
from typing import Any

from bench.micro.corpus import corpus

Fields = dict[str, Any]
FOUR = ("source_addr", "destination_addr", "data_coding", "short_message")
ALL = (
    "service_type",
    "source_addr_ton",
    "source_addr_npi",
    "source_addr",
    "dest_addr_ton",
    "dest_addr_npi",
    "destination_addr",
    "esm_class",
    "protocol_id",
    "priority_flag",
    "schedule_delivery_time",
    "validity_period",
    "registered_delivery",
    "replace_if_present_flag",
    "data_coding",
    "sm_default_msg_id",
    "sm_length",
    "short_message",
)
_INTEGERS = {"esm_class", "protocol_id", "priority_flag", "registered_delivery", "replace_if_present_flag"}
_INTEGERS |= {"data_coding", "sm_default_msg_id", "sm_length"}


@cache
def fields() -> list[Fields]:
    """The fields of each PDU that are not 0 or empty."""
    chance = random.Random(3)
    english, russian = corpus()["short English"], corpus()["Cyrillic"]
    out = []
    for number in range(1_500):
        one: Fields = {
            "source_addr_ton": 5,
            "source_addr": f"Shop{number}",
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "destination_addr": f"4670{chance.randrange(10**7):07}",
            "registered_delivery": 1,
        }
        text = chance.choice(english).encode("ascii")
        match number % 3:
            case 0:
                one["short_message"] = text
            case 1:
                one["esm_class"] = 0x40
                one["short_message"] = bytes((5, 0, 3, number % 256, 2, 1)) + text
            case _:
                one["data_coding"] = 8
                one["short_message"] = chance.choice(russian)[:70].encode("utf-16-be")
        out.append(one)
    return out


def octets(one: Fields, sequence: int) -> bytes:
    """The PDU, written by the specification's table 4-10 and nothing else."""
    body = b""
    for name in ALL:
        value = one.get(name)
        if name == "sm_length":
            body += bytes([len(one["short_message"])])
        elif name == "short_message":
            body += one[name]
        elif name in _INTEGERS or name.endswith(("_ton", "_npi")):
            body += bytes([value or 0])
        else:
            body += (value or "").encode("ascii") + b"\0"
    return struct.pack(">4I", 16 + len(body), 4, 0, sequence) + body


@cache
def encoded() -> list[bytes]:
    """All of them, numbered from 1."""
    return [octets(one, number) for number, one in enumerate(fields(), 1)]


def values(one: Fields, names: tuple[str, ...]) -> tuple[Any, ...]:
    """What a reader of these fields must find."""
    zero: Fields = dict.fromkeys(names, 0)
    for name in ("service_type", "schedule_delivery_time", "validity_period"):
        zero[name] = ""
    found = zero | one | {"sm_length": len(one["short_message"])}
    return tuple(found[name] for name in names)
