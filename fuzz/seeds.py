"""First inputs for the fuzz targets, out of the specification vectors, each in the form that its target reads."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent.parent / "tests" / "vectors"


def load(name: str) -> Iterator[dict[str, Any]]:
    for line in (VECTORS / f"{name}.jsonl").read_text(encoding="utf-8").split("\n"):
        if line:
            yield json.loads(line)


def text_roundtrip() -> Iterator[bytes]:
    """How the text is written (0: UTF-8), flags, reference, text."""
    texts = [v["prefix"] + v["unit"] * v["repeat"] + v["suffix"] for v in load("segment") if "unit" in v]
    texts += [v["text"] for v in load("decode") if "text" in v]
    for text in texts:
        for flags in (0, 4, 8, 16):
            yield bytes([0, flags, 0, 0]) + text.encode()


def text_decode() -> Iterator[bytes]:
    """data_coding, flags (length of the header in the upper five bits), header, body."""
    for v in load("decode"):
        header = bytes.fromhex(v["udh"])
        alphabet = ("gsm7", "latin1", "ascii").index(v.get("default_alphabet", "gsm7"))
        flags = len(header) % 32 << 3 | v["packed"] << 2 | alphabet
        yield bytes([v["data_coding"], flags]) + header + bytes.fromhex(v["body"])


def udh() -> Iterator[bytes]:
    for v in load("udh"):
        yield bytes.fromhex(v["udh"])


def keywords() -> Iterator[bytes]:
    """Mode, then keywords and text as lines."""
    for v in load("keywords"):
        mode = ("first_word", "whole_text", "anywhere").index(v["mode"])
        yield bytes([mode]) + "\n".join([*v["keywords"], v["text"]]).encode()


def pdus() -> Iterator[bytes]:
    for v in load("smpp"):
        if "hex" in v:
            yield bytes.fromhex(v["hex"])


def framing() -> Iterator[bytes]:
    """Limit, number of cuts, cuts, stream."""
    all_pdus = list(pdus())
    for first, second in itertools.pairwise(all_pdus):
        yield bytes([255, 2, 7, 20]) + first + second


def receipt() -> Iterator[bytes]:
    for v in load("smpp_receipts"):
        if "body" in v:
            yield v["body"].encode()


SEEDS = {
    "text_roundtrip": text_roundtrip,
    "text_decode": text_decode,
    "udh": udh,
    "keywords": keywords,
    "framing": framing,
    "pdu": pdus,
    "oracle": pdus,
    "session": pdus,
    "receipt": receipt,
}


def write(target: str, folder: Path) -> None:
    """Write the seeds of `target` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]() if target in SEEDS else ()):
        (folder / f"vector-{number:03}").write_bytes(seed)
