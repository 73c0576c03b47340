"""The byte proxy: a uvloop relay that forwards what it reads unread. No router on this loop can be faster.

python bench/side/floors/byte_proxy.py LISTEN_PORT CARRIER_PORT
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

HERE = "127.0.0.1"


class Half(asyncio.Protocol):
    """One connection of two."""

    def __init__(self, other: Half | None = None, carrier_port: int = 0) -> None:
        self.other = other
        self.carrier_port = carrier_port
        self.transport: asyncio.Transport | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if self.other is None:
            self.reaching = asyncio.get_running_loop().create_task(self._reach_on())
            return
        self.other.other = self
        if self.other.transport is None:  # it left meanwhile
            self.transport.close()
        for chunk in self.other.early:
            self.transport.write(self.other.forwarded(chunk))
        self.other.early.clear()

    async def _reach_on(self) -> None:
        await asyncio.get_running_loop().create_connection(self.partner, HERE, self.carrier_port)

    def partner(self) -> Half:
        """The connection to the carrier."""
        return Half(self)

    def data_received(self, data: bytes) -> None:
        if self.other is None or self.other.transport is None:
            self.early.append(data)
        else:
            self.other.transport.write(self.forwarded(data))

    def forwarded(self, chunk: bytes) -> bytes | bytearray:
        """What the other side is told."""
        return chunk

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.transport = None
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


async def relay(listen_port: int, carrier_port: int, half: type[Half]) -> None:
    """Relays until it is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: half(carrier_port=carrier_port), HERE, listen_port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(relay(int(sys.argv[1]), int(sys.argv[2]), Half))
