"""Who takes part: each peer's own public function for each operation, and how to read its answer.

`run` is what the clock sees and does what a user of that library would write; `canon` turns what it returned into the
form of the reference, off the clock. A contender that lacks an operation is absent from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import gsm0338
import gsmcodecs
import gsmmodem.pdu as gsmmodem
import smpplib.gsm
import smsutil
import smsutil.codecs
from messaging import utils as messaging_utils
from messaging.sms import gsm0338 as messaging_gsm
from sms.counter.sms_counter import SMSCounter
from sms_toolkit.messages.profiling import profile_message
from smspdudecoder.codecs import GSM

import septet
from bench.micro import rival
from bench.micro.reference import SEPTETS

OURS = "septet"
RIVAL = "careful Python"


@dataclass(frozen=True)
class Contender:
    """One way to do an operation."""

    name: str
    read: str  # what of the result is read while the clock runs
    run: Callable[[list[Any]], Any]
    canon: Callable[[Any], list[Any]]
    takes: Callable[[Any], Any] = lambda item: item  # an item in the form that the library takes, made off the clock


def one_by_one(
    name: str,
    read: str,
    call: Callable[[Any], Any],
    canon: Callable[[Any], Any] = lambda found: found,
    takes: Callable[[Any], Any] = lambda item: item,
) -> Contender:
    """A contender that takes one text at a time."""

    def run(items: list[Any]) -> list[Any]:
        return [call(item) for item in items]

    return Contender(name, read, run, lambda found: [canon(each) for each in found], takes)


def _halves(pairs: Iterable[tuple[Any, Any]]) -> list[bytes]:
    return [body for _, body in pairs]


# ---- analyze: encoding, units, segments ----


def _smsutil_counts(found: Any) -> tuple[str, int, int]:
    gsm = found.encoding == "gsm0338"
    return ("gsm7" if gsm else "ucs2"), found.total_bytes // (1 if gsm else 2), len(found.parts)


def _counter_counts(found: Any) -> tuple[str, int, int]:
    return ("ucs2" if found.encoding == "UTF16" else "gsm7"), found.sms_size, found.segment


def _toolkit_counts(found: Any) -> tuple[str, int, int]:
    gsm = found["max_segment_size"] in {160, 153}
    return ("gsm7" if gsm else "ucs2"), sum(s["total_segment_length"] for s in found["segments"]), found["num_segments"]


def _ours_columns(texts: list[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    batch = septet.analyze_many(texts)
    return batch.segments, batch.units


def _ours_counts(texts: list[str]) -> list[int]:
    return [cost.segments for cost in septet.analyze_many(texts)]


def _ours_analysis(texts: list[str]) -> list[Any]:
    return [
        (cost.encoding, cost.units, cost.segments, cost.segment_units, cost.forced_by)
        for cost in septet.analyze_many(texts)
    ]


_counter = SMSCounter()
ANALYZE = [
    Contender(OURS, "analyze_many, its columns: every count", _ours_columns, lambda found: list(found[0])),
    Contender(OURS, "analyze_many, item by item: every count", _ours_counts, list),
    Contender(OURS, "analyze_many, every item in full", _ours_analysis, lambda found: [row[:3] for row in found]),
    one_by_one(OURS, "analyze, one call a text", septet.analyze, lambda a: (a.encoding, a.units, a.segments)),
    one_by_one(RIVAL, "encoding, units, segments", rival.analyze),
    one_by_one("smsutil", "split: everything", smsutil.split, _smsutil_counts),
    one_by_one("sms-counter", "count: everything", _counter.count, _counter_counts),
    one_by_one("sms-toolkit", "profile_message: everything", profile_message, _toolkit_counts),
]

# ---- segment: the body of each part ----

_smsutil_codec = smsutil.codecs.GSM0338Codec()


def _smsutil_segment(text: str) -> list[bytes]:
    found = smsutil.split(text)
    if found.encoding == "gsm0338":
        return [_smsutil_codec.encode(part.content)[0] for part in found.parts]
    return [part.content.encode("utf-16-be") for part in found.parts]


def _smpplib_bodies(found: Any) -> list[bytes]:
    parts, _, esm_class = found
    return [part[6:] for part in parts] if esm_class else parts


def _gsmmodem_segment(text: str) -> list[bytes]:
    try:
        septets = bytes(gsmmodem.encodeGsm7(text))
    except ValueError:
        if len(text) <= 70:
            return [bytes(gsmmodem.encodeUcs2(text))]
        return [bytes(gsmmodem.encodeUcs2(part)) for part in gsmmodem.divideTextUcs2(text)]
    if len(septets) <= 160:
        return [septets]
    return [bytes(gsmmodem.encodeGsm7(part)) for part in gsmmodem.divideTextGsm7(text)]


def _toolkit_bodies(found: Any) -> list[bytes]:
    return [bytes(octet for group in part["byte_groups"] for octet in group) for part in found["segments"]]


def _ours_lengths(texts: list[str]) -> tuple[int, ...]:
    return septet.segment_many(texts).segments


def _ours_parts(texts: list[str]) -> list[Any]:
    return [[(part.udh, part.body) for part in parts] for parts in septet.segment_many(texts)]


SEGMENT = [
    Contender(OURS, "segment_many, its column: every count", _ours_lengths, list),
    Contender(OURS, "segment_many, every header and body", _ours_parts, lambda found: [_halves(x) for x in found]),
    one_by_one(OURS, "segment, one call a text", septet.segment, lambda parts: [part.body for part in parts]),
    one_by_one(RIVAL, "every header and body", rival.segment, _halves),
    one_by_one("smsutil", "split, then its codec: every body", _smsutil_segment),
    one_by_one("smpplib", "make_parts: every body", smpplib.gsm.make_parts, _smpplib_bodies),
    one_by_one("python-gsmmodem-new", "divideText…, encode…: every body", _gsmmodem_segment),
    one_by_one("sms-toolkit", "profile_message: every body", profile_message, _toolkit_bodies),
]

# ---- decode: the text of (body, data_coding) ----

Body = tuple[bytes, int]


def _decoder(gsm: Callable[[bytes], str]) -> Callable[[Body], str]:
    """A 7-bit decoder with the interpreter's own UTF-16 beside it, as its users do."""

    def decode(item: Body) -> str:
        body, data_coding = item
        return body.decode("utf-16-be") if data_coding == 8 else gsm(body)

    return decode


_gsm0338 = gsm0338.Codec()
_gsmcodecs = gsmcodecs.Codec()
_messaging = messaging_gsm.GSM0338Codec()
DECODE = [
    Contender(OURS, "decode_many, its column: every count", lambda items: septet.decode_many(items).lengths, list),
    Contender(OURS, "decode_many, every text", lambda items: list(septet.decode_many(items)), list),
    one_by_one(OURS, "decode, one call a body", lambda item: septet.decode(item[0], item[1])),
    one_by_one(RIVAL, "every text", lambda item: rival.decode(item[0], item[1])),
    one_by_one("smsutil", "every text", _decoder(lambda body: _smsutil_codec.decode(body)[0])),
    one_by_one("gsm0338", "every text", _decoder(lambda body: _gsm0338.decode(body)[0])),
    one_by_one("gsmcodecs", "every text", _decoder(lambda body: _gsmcodecs.decode(body)[0])),
    one_by_one("python-messaging", "every text", _decoder(lambda body: _messaging.decode(body)[0])),
    one_by_one("python-gsmmodem-new", "every text", _decoder(lambda body: gsmmodem.decodeGsm7(bytearray(body)))),
]

# ---- pack and unpack: septets in octets; smspdudecoder and python-messaging know only text and hex, so get those ----

_septets = itemgetter(0)
_octets_and_count = itemgetter(0, 1)

PACK = [
    Contender(
        OURS, "pack_many, its column: every count", lambda bodies: septet.gsm7.pack_many(bodies).lengths, list, _septets
    ),
    Contender(OURS, "pack_many, every body", lambda bodies: list(septet.gsm7.pack_many(bodies)), list, _septets),
    one_by_one(OURS, "pack, one call a body", septet.gsm7.pack, takes=_septets),
    one_by_one(RIVAL, "every body", rival.pack, takes=_septets),
    one_by_one("python-gsmmodem-new", "every body", gsmmodem.packSeptets, bytes, lambda item: bytearray(item[0])),
    one_by_one(
        "python-messaging",
        "every body, as hex",
        lambda item: messaging_utils.pack_8bits_to_7bits(item[0]),
        lambda found: bytes.fromhex(found)[1:],
    ),
    one_by_one("smspdudecoder", "from text, every body, as hex", lambda item: GSM.encode(item[1]), bytes.fromhex),
]
UNPACK = [
    Contender(
        OURS,
        "unpack_many, its column: every count",
        lambda bodies: septet.gsm7.unpack_many(bodies).lengths,
        list,
        _octets_and_count,
    ),
    Contender(
        OURS, "unpack_many, every septet", lambda bodies: list(septet.gsm7.unpack_many(bodies)), list, _octets_and_count
    ),
    one_by_one(OURS, "unpack, one call a body", lambda item: septet.gsm7.unpack(item[0], item[1])),
    one_by_one(RIVAL, "every septet", lambda item: rival.unpack(item[0], item[1])),
    one_by_one(
        "python-gsmmodem-new",
        "every septet",
        lambda item: gsmmodem.unpackSeptets(item[0], item[1]),
        bytes,
        lambda item: (bytearray(item[0]), item[1]),
    ),
    one_by_one("python-messaging", "every septet", lambda item: messaging_utils.unpack_list_msg(list(item[0]))),
    one_by_one(
        "smspdudecoder",
        "to text, from hex",
        lambda item: GSM.decode(item[2]),
        lambda text: b"".join(SEPTETS[c] for c in text),
    ),
]
