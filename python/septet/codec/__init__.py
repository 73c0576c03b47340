"""Texts into short messages and back: alphabets, segments, reassembly, keywords.

Nothing is damaged silently. What cannot be encoded or decoded as asked raises `SeptetError` with a stable `code`
and, in `offset`, the place.
"""

from septet._septet import Analysis, DataCoding, Hit, KeywordMatcher, Partial, Reassembler, Segment, Whole
from septet.codec import gsm7
from septet.codec.keywords import normalise
from septet.codec.text import (
    analyze,
    analyze_many,
    data_coding,
    decode,
    decode_many,
    segment,
    segment_binary,
    segment_many,
)

__all__ = [
    "Analysis",
    "DataCoding",
    "Hit",
    "KeywordMatcher",
    "Partial",
    "Reassembler",
    "Segment",
    "Whole",
    "analyze",
    "analyze_many",
    "data_coding",
    "decode",
    "decode_many",
    "gsm7",
    "normalise",
    "segment",
    "segment_binary",
    "segment_many",
]

# Classes of the extension bring their examples along; this lets doctest find them.
__test__ = {cls.__name__: cls.__doc__ or "" for cls in (KeywordMatcher, Reassembler)}
