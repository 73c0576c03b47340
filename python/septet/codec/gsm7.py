"""The GSM 7-bit default alphabet (3GPP TS 23.038): characters to septets, septets to octets, and back."""

from __future__ import annotations

from collections.abc import Sequence

from septet import _septet


def encode(text: str, languages: Sequence[str] = ()) -> bytes:
    """The septets of `text`, one in each octet; an extension character takes two.

    >>> encode("@ €").hex()
    '00201b65'
    """
    return _septet.gsm7_encode(text, languages)


def decode(octets: bytes) -> str:
    """The text of septets that come one in each octet.

    >>> decode(bytes.fromhex("00201b65"))
    '@ €'
    """
    return _septet.gsm7_decode(octets)


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
