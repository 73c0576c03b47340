"""Septet: a two-way SMS routing node."""

from septet import smpp
from septet._septet import Receipt, parse_receipt
from septet.codec import (
    Analysis,
    Hit,
    KeywordMatcher,
    Partial,
    Reassembler,
    Segment,
    Whole,
    analyze,
    analyze_many,
    decode,
    decode_many,
    gsm7,
    segment,
    segment_binary,
    segment_many,
)
from septet.errors import SeptetError

__all__ = [
    "Analysis",
    "Hit",
    "KeywordMatcher",
    "Partial",
    "Reassembler",
    "Receipt",
    "Segment",
    "SeptetError",
    "Whole",
    "analyze",
    "analyze_many",
    "decode",
    "decode_many",
    "gsm7",
    "parse_receipt",
    "segment",
    "segment_binary",
    "segment_many",
    "smpp",
]
__version__ = "0.1.0"
