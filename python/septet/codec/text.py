"""What a text costs, its segments, and the text of a body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from septet import _septet
from septet._septet import Analysis, DataCoding, Segment
from septet.codec.batch import AnalysisBatch, SegmentBatch, TextBatch


def analyze(
    text: str,
    *,
    languages: Sequence[str] = (),
    reference_bits: int = 8,
    transliterate: bool | Mapping[str, str] = False,
    encoding: str = "auto",
    udh: bytes = b"",
    mode: str | None = None,
) -> Analysis:
    """What `text` will cost: its encoding, its units, its segments, and the characters that force UCS-2.

    >>> cost = analyze("50 € – today only")
    >>> cost.encoding, cost.units, cost.segments, cost.forced_by
    ('ucs2', 17, 1, ('–',))
    >>> cost = analyze("50 € – today only", transliterate=True)
    >>> cost.encoding, cost.units
    ('gsm7', 18)
    >>> analyze("a" * 161).segment_units
    (153, 8)

    `languages` permits national language tables where the default alphabet lacks a character:

    >>> cost = analyze("Yarın şubede görüşelim", languages=("tr", "es"))
    >>> cost.encoding, cost.language, cost.locking, cost.single, cost.units
    ('gsm7', 'tr', 'tr', None, 22)

    `transliterate` is a switch, or a mapping from characters to what stands for them, on top of the built-in table:

    >>> cost = analyze("Olá – ★", transliterate={"★": "*"})
    >>> cost.encoding, cost.replaced
    ('gsm7', (('á', 'a'), ('–', '-'), ('★', '*')))

    More than 255 segments are an error with the code `text.too_many_segments`. The other arguments are those of
    `segment`.
    """
    return _septet.analyze(
        text,
        languages=languages,
        reference_bits=reference_bits,
        transliterate=transliterate,
        encoding=encoding,
        udh=udh,
        mode=mode,
    )


def analyze_many(
    texts: Iterable[str],
    *,
    languages: Sequence[str] = (),
    reference_bits: int = 8,
    transliterate: bool | Mapping[str, str] = False,
    encoding: str = "auto",
    udh: bytes = b"",
    mode: str | None = None,
) -> AnalysisBatch:
    """`analyze` for each of `texts` in one go; other threads run meanwhile, and items are made when they are read.

    >>> costs = analyze_many(["short", "long " * 50])
    >>> [cost.segments for cost in costs], costs.segments
    ([1, 2], (1, 2))
    """
    return AnalysisBatch(
        _septet.analyze_many(
            texts,
            languages=languages,
            reference_bits=reference_bits,
            transliterate=transliterate,
            encoding=encoding,
            udh=udh,
            mode=mode,
        )
    )


def segment(  # noqa: PLR0913 -- all but one by name
    text: str,
    *,
    reference: int = 0,
    reference_bits: int = 8,
    encoding: str = "auto",
    languages: Sequence[str] = (),
    packed: bool = False,
    transliterate: bool | Mapping[str, str] = False,
    udh: bytes = b"",
    mode: str | None = None,
) -> list[Segment]:
    """Split `text` into the fewest short messages, none of which cuts an escape pair or a surrogate pair.

    Nor is a visible character (an emoji sequence) divided if as many messages do without. `encoding` is "auto" (7-bit
    if it can, else UCS-2), "gsm7", "ucs2" or "latin1". `languages` permits national language tables, which each part's
    header names. `reference` (8 or 16 bits) is what the parts of one message share. `packed` puts eight septets into
    seven octets. The elements of `udh` (with its length octet) stand in every part.

    `mode` says how the parts belong together: "udh8" or "udh16" (in the header; by default as wide as
    `reference_bits`), "sar" (send the values of `part.sar` as sar_msg_ref_num, sar_total_segments and
    sar_segment_seqnum) or "payload" (one part, to be sent as message_payload).

    >>> [part] = segment("Hello")
    >>> part.data_coding, part.udh, part.body
    (0, b'', b'Hello')
    >>> first, second = segment("x" * 161, reference=66)
    >>> first.udh.hex(), len(first.body), second.short_message.hex()
    ('050003420201', 153, '0500034202027878787878787878')
    >>> segment("ı", languages=["tr"])[0].short_message.hex()
    '0325010107'
    >>> [(part.sar, part.udh, len(part.body)) for part in segment("x" * 161, mode="sar", reference=66)]
    [((66, 2, 1), b'', 160), ((66, 2, 2), b'', 1)]
    >>> segment("Сегодня", encoding="gsm7")
    Traceback (most recent call last):
      ...
    septet.errors.SeptetError: 'С' (U+0421) at character 0 is not in the GSM 7-bit alphabet: leave it out or let \
the encoding be "auto"
    """
    return _septet.segment(
        text,
        reference=reference,
        reference_bits=reference_bits,
        encoding=encoding,
        languages=languages,
        packed=packed,
        transliterate=transliterate,
        udh=udh,
        mode=mode,
    )


def segment_many(  # noqa: PLR0913 -- all but one by name
    texts: Iterable[str],
    *,
    reference: int = 0,
    reference_bits: int = 8,
    encoding: str = "auto",
    languages: Sequence[str] = (),
    packed: bool = False,
    transliterate: bool | Mapping[str, str] = False,
    udh: bytes = b"",
    mode: str | None = None,
) -> SegmentBatch:
    """`segment` for each of `texts` in one go; other threads run meanwhile, and items are made when they are read.

    >>> [[len(part.body) for part in parts] for parts in segment_many(["hi", "я" * 71])]
    [[2], [134, 8]]
    """
    return SegmentBatch(
        _septet.segment_many(
            texts,
            reference=reference,
            reference_bits=reference_bits,
            encoding=encoding,
            languages=languages,
            packed=packed,
            transliterate=transliterate,
            udh=udh,
            mode=mode,
        )
    )


def segment_binary(
    data: bytes,
    *,
    udh: bytes = b"",
    data_coding: int = 4,
    reference: int = 0,
    reference_bits: int = 8,
    mode: str | None = None,
) -> list[Segment]:
    """Split octets that are encoded already. The elements of `udh` (with its length octet) stand in every part.

    >>> parts = segment_binary(bytes(200), udh=bytes.fromhex("06050415811581"), reference=9)
    >>> [(part.udh.hex(), len(part.body)) for part in parts]
    [('0b0003090201050415811581', 128), ('0b0003090202050415811581', 72)]
    """
    return _septet.segment_binary(
        data, udh=udh, data_coding=data_coding, reference=reference, reference_bits=reference_bits, mode=mode
    )


def decode(
    body: bytes, data_coding: int, *, udh: bytes = b"", packed: bool = False, default_alphabet: str = "gsm7"
) -> str:
    """The text of `body`. `udh` is the header that stood before it; it names the tables of national languages.

    `default_alphabet` is what the link means by data_coding 0: "gsm7", "latin1" or "ascii".

    >>> decode(b"1 \\x1be", 0), decode(b"1 \\xa3", 0, default_alphabet="latin1"), decode(b"\\x04\\x16", 8)
    ('1 €', '1 £', 'Ж')
    >>> decode(b"\\xff", 4)
    Traceback (most recent call last):
      ...
    septet.errors.SeptetError: data_coding 0x04 is binary: read the octets instead
    """
    return _septet.decode(body, data_coding, udh=udh, packed=packed, default_alphabet=default_alphabet)


def decode_many(
    bodies: Iterable[tuple[bytes, int] | tuple[bytes, int, bytes]],
    *,
    packed: bool = False,
    default_alphabet: str = "gsm7",
) -> TextBatch:
    """`decode` for each `(body, data_coding)` or `(body, data_coding, udh)` in one go; other threads run meanwhile.

    >>> texts = decode_many([(b"1 \\x1be", 0), (b"\\x04\\x16", 8)])
    >>> list(texts), texts.lengths
    (['1 €', 'Ж'], (3, 1))
    >>> decode_many([(b"fine", 0), (b"\\xff", 4)])
    Traceback (most recent call last):
      ...
    septet.errors.SeptetError: body 1: data_coding 0x04 is binary: read the octets instead
    """
    return TextBatch(_septet.decode_many(bodies, packed=packed, default_alphabet=default_alphabet))


def data_coding(octet: int) -> DataCoding:
    """What a data_coding says: SMPP's own values 0 to 14, and the GSM data coding groups (3GPP TS 23.038 §4) past them.

    >>> data_coding(0x18), data_coding(0xC8)
    (DataCoding(alphabet="ucs2", message_class=0, waiting=None), DataCoding(alphabet="gsm7", message_class=None, \
waiting="voice"))
    """
    return _septet.data_coding(octet)
