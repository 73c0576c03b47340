"""tshark's SMPP dissector, as a strict reader of what we write."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

FIELDS = ("smpp.command_length", "smpp.command_id", "smpp.command_status", "smpp.sequence_number")
MARKS = ("_ws.malformed", "_ws.expert.message")


@dataclass(frozen=True)
class Reading:
    """What it made of one frame: the header as it read it, and its complaints."""

    header: tuple[int, ...]
    marks: str


def read(frames: Sequence[bytes]) -> list[Reading]:
    """Each frame as a segment of a TCP stream of its own, dissected."""
    for tool in ("text2pcap", "tshark"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: tshark)")
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "frames.pcap"
        dump = "".join(map(_dump, frames)).encode()
        arguments = ["-q", "-4", "127.0.0.1,127.0.0.1", "-T", "2775,40000", "-", str(capture)]
        subprocess.run(["text2pcap", *arguments], input=dump, check=True, capture_output=True)
        wanted = [part for name in (*FIELDS, *MARKS) for part in ("-e", name)]
        command = ["tshark", "-n", "-r", str(capture), "-d", "tcp.port==2775,smpp", "-T", "fields", *wanted]
        done = subprocess.run([*command, "-E", "separator=|"], check=True, capture_output=True, text=True)
    return [_reading(line) for line in done.stdout.splitlines()]


def complaints(frames: Sequence[bytes]) -> list[str]:
    """The frames that it does not read as what they are, each with the reason."""
    readings = read(frames)
    assert len(readings) == len(frames)
    found = []
    for frame, reading in zip(frames, readings, strict=True):
        header = tuple(int.from_bytes(frame[at : at + 4]) for at in (0, 4, 8, 12))
        if reading.header != header:
            found.append(f"{frame.hex()}: read as {reading.header}")
        elif reading.marks:
            found.append(f"{frame.hex()}: {reading.marks}")
    return found


def _dump(frame: bytes) -> str:
    lines = (frame[at : at + 16] for at in range(0, len(frame), 16))
    return "".join(f"{at * 16:06x} {line.hex(' ')}\n" for at, line in enumerate(lines))


def _reading(line: str) -> Reading:
    *header, malformed, expert = line.split("|", len(FIELDS) + 1)
    marks = " ".join(filter(None, (malformed, expert)))
    # The status of a request is reserved, and not shown.
    return Reading(tuple(int(value or "0", 0) for value in header), marks)
