"""The GSM 7-bit default alphabet (3GPP TS 23.038): characters to septets, septets to octets, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from septet import _septet
from septet.codec.batch import OctetBatch


def encode(text: str, languages: Sequence[str] = (), *, locking: str | None = None, single: str | None = None) -> bytes:
    """The septets of `text`, one in each octet; an extension character takes two.

    `locking` and `single` name the national language tables to use; with `languages` the cheapest are chosen (see
    `choose`).

    >>> encode("@ €").hex(), encode("ş", single="tr").hex(), encode("ş", ["tr"]).hex()
    ('00201b65', '1b73', '1d')
    """
    return _septet.gsm7_encode(text, languages, locking, single)


def decode(octets: bytes, *, locking: str | None = None, single: str | None = None) -> str:
    """The text of septets that come one in each octet, in the tables named.

    >>> decode(bytes.fromhex("00201b65")), decode(b"\x1d", locking="tr")
    ('@ €', 'ş')
    """
    return _septet.gsm7_decode(octets, locking, single)


def choose(text: str, languages: Sequence[str]) -> tuple[str | None, str | None]:
    """The locking and the single shift table that `encode` takes for `text`: none if the default tables hold it.

    >>> choose("plain", ["tr"]), choose("ş", ["tr"]), choose("ş ñ á", ["tr", "es"])
    ((None, None), ('tr', None), ('tr', 'es'))
    """
    return _septet.gsm7_choose(text, languages)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Eight septets in seven octets, behind `fill_bits` (0 to 6) zero bits.

    >>> pack(encode("hellohello")).hex()
    'e8329bfd4697d9ec37'
    """
    return _septet.gsm7_pack(septets, fill_bits)


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """`count` septets out of packed octets, behind `fill_bits` bits.

    >>> decode(unpack(bytes.fromhex("e8329bfd4697d9ec37"), 10))
    'hellohello'
    """
    return _septet.gsm7_unpack(octets, count, fill_bits)


def pack_many(bodies: Iterable[bytes], fill_bits: int = 0) -> OctetBatch:
    """`pack` for each of `bodies` in one go; other threads run meanwhile, and items are made when they are read.

    >>> packed = pack_many([encode("hellohello"), encode("hi")])
    >>> packed.lengths, packed[1].hex()
    ((9, 2), 'e834')
    """
    return OctetBatch(_septet.gsm7_pack_many(bodies, fill_bits))


def unpack_many(bodies: Iterable[tuple[bytes, int]], fill_bits: int = 0) -> OctetBatch:
    """`unpack` for each `(octets, count)` in one go; other threads run meanwhile; items are made when they are read.

    >>> [decode(septets) for septets in unpack_many([(bytes.fromhex("e8329bfd4697d9ec37"), 10)])]
    ['hellohello']
    """
    return OctetBatch(_septet.gsm7_unpack_many(bodies, fill_bits))
