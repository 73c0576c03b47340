"""The same questions put to Septet and to codecs that nobody here wrote.

Each answer is a plain value; any refusal is `REFUSED`, whatever the peer's way of saying so. Where peers write a thing
in their own manner (hexadecimal, codec names), it is translated here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gsm0338
import gsmcodecs
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm
import smsutil
from smspdudecoder.codecs import GSM

import septet
from septet import SeptetError

REFUSED = "refused"

Ask = Callable[[Any], Any]

# Importing the three registers the codecs by which they are asked.
GSM0338, GSMCODECS, SMSUTIL = gsm0338.Codec.NAME, gsmcodecs.Codec().name, "gsm0338"


def _refusing(ask: Ask) -> Ask:
    def answer(value: Any) -> Any:
        try:
            return ask(value)
        except (SeptetError, ValueError, KeyError, TypeError, smpplib.exceptions.MessageTooLong):
            return REFUSED

    return answer


def _smsutil_split(text: str) -> tuple[str, list[str]]:
    result = smsutil.split(text)
    encoding = {"gsm0338": "gsm7", "utf_16_be": "ucs2"}[result.encoding]
    return encoding, [part.content for part in result.parts]


def _smpplib_split(text: str) -> tuple[str, list[bytes]]:
    parts, coding, esm_class = smpplib.gsm.make_parts(text)
    header = 6 if esm_class == smpplib.consts.SMPP_GSMFEAT_UDHI else 0
    return {0: "gsm7", 8: "ucs2"}[coding], [part[header:] for part in parts]


def _counted(split: tuple[str, list[Any]]) -> tuple[str, int]:
    return split[0], len(split[1])


def _our_bodies(text: str) -> tuple[str, list[bytes]]:
    parts = septet.segment(text)
    return {0: "gsm7", 8: "ucs2"}[parts[0].data_coding], [part.body for part in parts]


def _our_texts(text: str) -> tuple[str, list[str]]:
    encoding, bodies = _our_bodies(text)
    coding = {"gsm7": 0, "ucs2": 8}[encoding]
    return encoding, [septet.decode(body, coding) for body in bodies]


def _our_count(text: str) -> tuple[str, int]:
    cost = septet.analyze(text)
    return cost.encoding, cost.segments


def _our_packed(text: str) -> bytes:
    (part,) = septet.segment(text, encoding="gsm7", packed=True)
    return part.body


OURS: dict[str, Ask] = {
    "encode": septet.gsm7.encode,
    "decode": septet.gsm7.decode,
    "count": _our_count,
    "split into texts": _our_texts,
    "split into bodies": _our_bodies,
    "pack": lambda text: septet.gsm7.pack(septet.gsm7.encode(text)),
    "pack a body": _our_packed,
    "unpack a body": lambda body: septet.decode(body, 0, packed=True),
}

PEERS: dict[tuple[str, str], Ask] = {
    ("gsm0338", "encode"): lambda text: text.encode(GSM0338),
    ("gsmcodecs", "encode"): lambda text: text.encode(GSMCODECS),
    ("smpplib", "encode"): smpplib.gsm.gsm_encode,
    ("smsutil", "encode"): lambda text: text.encode(SMSUTIL),
    ("gsm0338", "decode"): lambda octets: octets.decode(GSM0338),
    ("gsmcodecs", "decode"): lambda octets: octets.decode(GSMCODECS),
    ("smsutil", "decode"): lambda octets: octets.decode(SMSUTIL),
    ("smpplib", "count"): lambda text: _counted(_smpplib_split(text)),
    ("smsutil", "count"): lambda text: _counted(_smsutil_split(text)),
    ("smpplib", "split into bodies"): _smpplib_split,
    ("smsutil", "split into texts"): _smsutil_split,
    ("smspdudecoder", "pack"): lambda text: bytes.fromhex(GSM.encode(text)),
    ("smspdudecoder", "pack a body"): lambda text: bytes.fromhex(GSM.encode(text, with_padding=True)),
    ("smspdudecoder", "unpack a body"): lambda body: GSM.decode(body.hex(), strip_padding=True),
}


def ours(operation: str, value: Any) -> Any:
    return _refusing(OURS[operation])(value)


def theirs(peer: str, operation: str, value: Any) -> Any:
    return _refusing(PEERS[peer, operation])(value)
