"""The header proxy: pure Python that parses each PDU's header and gives each request a sequence number of its own.

It stores nothing, decides nothing and looks at no body: the least that a router in Python does for each PDU.

    python bench/side/floors/header_proxy.py LISTEN_PORT CARRIER_PORT
"""

from __future__ import annotations

import struct
import sys

import uvloop

from bench.side.floors.byte_proxy import Half, relay

HEADER = struct.Struct(">IIII")
SEQUENCE = struct.Struct(">I")
RESPONSE = 0x8000_0000
MOST = 0x7FFF_FFFF


class Numbering(Half):
    """A connection whose requests go on under the numbers of the other."""

    def __init__(self, other: Half | None = None, carrier_port: int = 0) -> None:
        super().__init__(other, carrier_port)
        self.rest = b""
        self.next = 0
        # The number under which a request of the other side went out here, and what that side calls it.
        self.asked: dict[int, int] = {}

    def partner(self) -> Numbering:
        """The connection to the carrier."""
        return Numbering(self)

    def forwarded(self, chunk: bytes) -> bytearray:
        """The whole PDUs of what has come, renumbered."""
        octets = bytearray(self.rest + chunk if self.rest else chunk)
        other = self.other
        assert isinstance(other, Numbering)
        at, end, asked, theirs = 0, len(octets), self.asked, other.asked
        number = other.next
        while end - at >= 16:
            length, command, _status, sequence = HEADER.unpack_from(octets, at)
            if length < 16:
                raise ValueError(f"a command_length of {length}")
            if end - at < length:
                break
            if command & RESPONSE:
                SEQUENCE.pack_into(octets, at + 12, asked.pop(sequence, sequence))
            else:
                number = number % MOST + 1
                theirs[number] = sequence
                SEQUENCE.pack_into(octets, at + 12, number)
            at += length
        other.next = number
        self.rest = bytes(octets[at:])
        del octets[at:]
        return octets


if __name__ == "__main__":
    uvloop.run(relay(int(sys.argv[1]), int(sys.argv[2]), Numbering))
