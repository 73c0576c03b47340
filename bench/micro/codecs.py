"""Python codecs of submit_sm: how a user of each library decodes, reads fields and encodes.

`run` is what the clock sees; `canon` turns its answer into the reference's form, off the clock. Decoding reads four
fields of each PDU, or all of them, by the library's own names.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from operator import attrgetter
from typing import Any

import smpp34
import smpplib.smpp
from aiosmpplib import NPI, TON, PhoneNumber
from aiosmpplib import SubmitSm as AioSubmitSm
from smpp.pdu import pdu_types
from smpp.pdu.operations import SubmitSM
from smpp.pdu.pdu_encoding import PDUEncoder

from bench.micro.contenders import OURS, Contender
from bench.micro.pdus import ALL, FOUR, Fields, encoded, fields
from septet import smpp

SMPPLIB = "smpplib"


class _Client:
    """What smpplib asks for its sequence numbers."""

    def __init__(self) -> None:
        self.sequence = 0

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence


def _same(found: Any) -> list[Any]:
    return list(found)


def _text(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else "" if value is None else value


def _texts(names: tuple[str, ...]) -> Callable[[Any], list[Any]]:
    """The C-octet strings as str."""
    return lambda found: [
        tuple(x if n == "short_message" else _text(x) for n, x in zip(names, row, strict=True)) for row in found
    ]


# ---- decode ----


def _ours_four(pdus: list[bytes]) -> list[Any]:
    out = []
    for pdu in smpp.Framer().feed(b"".join(pdus)):
        f = pdu.fields
        out.append((f["source_addr"], f["destination_addr"], f["data_coding"], f["short_message"]))
    return out


def _ours_one_by_one(pdus: list[bytes]) -> list[Any]:
    out = []
    for octets in pdus:
        f = smpp.decode(octets).fields
        out.append((f["source_addr"], f["destination_addr"], f["data_coding"], f["short_message"]))
    return out


def _ours_all(pdus: list[bytes]) -> list[Any]:
    return [pdu.fields.values() for pdu in smpp.Framer().feed(b"".join(pdus))]


def _ours_dict(pdus: list[bytes]) -> list[Any]:
    return [dict(pdu.fields) for pdu in smpp.Framer().feed(b"".join(pdus))]


def _by_attribute(decode: Callable[[bytes], Any], names: tuple[str, ...]) -> Callable[[list[bytes]], list[Any]]:
    read = attrgetter(*names)
    return lambda pdus: [read(decode(octets)) for octets in pdus]


def _smpplib(octets: bytes) -> Any:
    return smpplib.smpp.parse_pdu(octets, client=None, need_sequence=False)


_pdu3 = PDUEncoder()


def _pdu3_four(pdus: list[bytes]) -> list[Any]:
    out = []
    for octets in pdus:
        p = _pdu3.decode(BytesIO(octets)).params
        out.append((p["source_addr"], p["destination_addr"], p["data_coding"], p["short_message"]))
    return out


def _pdu3_canon(found: list[Any]) -> list[Any]:
    coding = {"SMSC_DEFAULT_ALPHABET": 0, "UCS2": 8}
    return [(a.decode(), b.decode(), coding[c.schemeData.name], d) for a, b, c, d in found]


def _aiosmpplib_four(pdus: list[bytes]) -> list[Any]:
    out = []
    for octets in pdus:
        m = AioSubmitSm.from_pdu(octets, AioSubmitSm.parse_header(octets), default_encoding="gsm0338")
        out.append((m.source.number, m.destination.number, m.encoding, m.short_message))
    return out


def _aiosmpplib_canon(found: list[Any]) -> list[Any]:
    """It decodes the text as well, and keeps nothing of its header but the numbers."""
    return [
        (a, b, 8, text.encode("utf-16-be")) if coding == "ucs2" else (a, b, 0, text.encode("ascii"))
        for a, b, coding, text in found
    ]


DECODE = {
    "four fields": [
        Contender(OURS, "Framer.feed, then fields[name]", _ours_four, _same),
        Contender(OURS, "smpp.decode, one call a PDU", _ours_one_by_one, _same),
        Contender(SMPPLIB, "attributes", _by_attribute(_smpplib, FOUR), _texts(FOUR)),
        Contender("smpp34 (Rust)", "attributes", _by_attribute(smpp34.decode, FOUR), _same),
        Contender("smpp.pdu3", "params", _pdu3_four, _pdu3_canon),
        Contender("aiosmpplib", "attributes", _aiosmpplib_four, _aiosmpplib_canon),
    ],
    "all fields": [
        Contender(OURS, "Framer.feed, then fields.values()", _ours_all, lambda found: [tuple(row) for row in found]),
        Contender(OURS, "Framer.feed, then dict(fields)", _ours_dict, lambda found: [tuple(r.values()) for r in found]),
        Contender(SMPPLIB, "attributes", _by_attribute(_smpplib, ALL), _texts(ALL)),
        Contender("smpp34 (Rust)", "attributes", _by_attribute(smpp34.decode, ALL), _same),
    ],
}

# ---- encode ----


def _split(found: bytes) -> list[bytes]:
    return [pdu.encode() for pdu in smpp.Framer().feed(found)]


def _smpplib_encode(items: list[Fields]) -> list[bytes]:
    client = _Client()
    return [smpplib.smpp.make_pdu("submit_sm", client=client, **one).generate() for one in items]


def _ours_encode(items: list[Fields]) -> list[bytes]:
    return [smpp.Pdu("submit_sm", sequence=n, fields=one).encode() for n, one in enumerate(items, 1)]


def _smpp34_encode(items: list[Fields]) -> list[bytes]:
    return [smpp34.SubmitSm(**one, sequence_number=n).encode() for n, one in enumerate(items, 1)]


_SHOP, _WORLD, _ISDN = pdu_types.AddrTon.ALPHANUMERIC, pdu_types.AddrTon.INTERNATIONAL, pdu_types.AddrNpi.ISDN
_RECEIPT = pdu_types.RegisteredDelivery(pdu_types.RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED)
_SCHEME = pdu_types.DataCodingScheme.DEFAULT
_CODINGS = {
    0: pdu_types.DataCoding(_SCHEME, pdu_types.DataCodingDefault.SMSC_DEFAULT_ALPHABET),
    8: pdu_types.DataCoding(_SCHEME, pdu_types.DataCodingDefault.UCS2),
}
_MODE, _TYPE = pdu_types.EsmClassMode.DEFAULT, pdu_types.EsmClassType.DEFAULT
_CLASSES = {
    0: pdu_types.EsmClass(_MODE, _TYPE),
    0x40: pdu_types.EsmClass(_MODE, _TYPE, [pdu_types.EsmClassGsmFeatures.UDHI_INDICATOR_SET]),
}


def _pdu3_encode(items: list[Fields]) -> list[bytes]:
    return [
        _pdu3.encode(
            SubmitSM(
                n,
                source_addr_ton=_SHOP,
                source_addr_npi=pdu_types.AddrNpi.UNKNOWN,
                source_addr=one["source_addr"],
                dest_addr_ton=_WORLD,
                dest_addr_npi=_ISDN,
                destination_addr=one["destination_addr"],
                esm_class=_CLASSES[one.get("esm_class", 0)],
                registered_delivery=_RECEIPT,
                data_coding=_CODINGS[one.get("data_coding", 0)],
                short_message=one["short_message"],
            )
        )
        for n, one in enumerate(items, 1)
    ]


def _aiosmpplib_encode(items: list[Fields]) -> list[bytes]:
    out = []
    for n, one in enumerate(items, 1):
        source = PhoneNumber(one["source_addr"], TON.ALPHANUMERIC, NPI.UNKNOWN)
        destination = PhoneNumber(one["destination_addr"], TON.INTERNATIONAL, NPI.ISDN)
        m = AioSubmitSm(
            sequence_num=n, source=source, destination=destination, esm_class=one.get("esm_class", 0), short_message="-"
        )
        m.encoding = "ucs2" if one.get("data_coding") else None
        m.set_encoded_message(one["short_message"])
        out.append(m.pdu())
    return out


ENCODE = [
    Contender(
        OURS, "encode_many, from dicts to one run of octets", lambda items: smpp.encode_many("submit_sm", items), _split
    ),
    Contender(OURS, "Pdu(…).encode(), one call a PDU", _ours_encode, _same),
    Contender(SMPPLIB, "make_pdu(…).generate()", _smpplib_encode, _same),
    Contender("smpp34 (Rust)", "SubmitSm(…).encode()", _smpp34_encode, _same),
    Contender("smpp.pdu3", "PDUEncoder.encode(SubmitSM(…))", _pdu3_encode, _same),
    Contender("aiosmpplib", "SubmitSm(…).pdu()", _aiosmpplib_encode, _same),
]


# ---- encode again what was decoded: no field is given anew ----


def _made() -> list[Any]:
    """Made, not parsed: smpplib cannot write what it has parsed."""
    client = _Client()
    return [smpplib.smpp.make_pdu("submit_sm", client=client, **one) for one in fields()]


HELD: dict[str, list[Any]] = {OURS: list(smpp.Framer().feed(b"".join(encoded()))), SMPPLIB: _made()}
AGAIN = [
    Contender(OURS, "Pdu.encode()", lambda pdus: [pdu.encode() for pdu in pdus], _same),
    Contender(SMPPLIB, "generate()", lambda pdus: [pdu.generate() for pdu in pdus], _same),
]
