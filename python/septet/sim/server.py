"""The simulated carrier behind a listener: moves octets between sockets and the core's carrier."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

from septet._septet import SimCarrier


def _now() -> int:
    return time.monotonic_ns() // 1000


class _Connection(asyncio.Protocol):
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._number = -1
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self.transport = cast("asyncio.Transport", transport)
        self._number = self._simulator.carrier.open(_now())
        self._simulator.connections[self._number] = self

    def data_received(self, data: bytes) -> None:
        """One call for each chunk."""
        self._simulator.carrier.receive(self._number, data, _now())
        self._simulator.turn_soon()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Gone: what it had not answered goes to another."""
        self._simulator.connections.pop(self._number, None)
        self._simulator.carrier.closed(self._number)
        self._simulator.turn_soon()


class Simulator:
    """Listens on `host` and `port`; `carrier` is the behaviour, to be configured at any time."""

    def __init__(self, host: str, port: int, *, seed: int = 0, options: dict[str, Any] | None = None) -> None:
        self.host = host
        self.port = port
        self.carrier = SimCarrier(seed, time.time_ns() // 1_000_000 - _now() // 1000)
        self.carrier.configure(options or {})
        self.connections: dict[int, _Connection] = {}
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._scheduled = False

    async def start(self) -> None:
        """Listens; an address in use raises OSError. Port 0 takes a free one, which `port` then tells."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes everything."""
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        self.drop()

    def drop(self) -> int:
        """Cuts every connection, without a word; gives how many."""
        cut = list(self.connections.values())
        for connection in cut:
            if connection.transport is not None:
                connection.transport.abort()
        return len(cut)

    def mo(self, source: str, dest: str, text: str) -> int:
        """Sends a text from a person; gives its parts."""
        parts = self.carrier.mo(source, dest, text, _now())
        self.turn_soon()
        return parts

    def flood(self, to: str, words: list[str], count: int) -> None:
        """So many people write to one address at once, the words in turn, as fast as the windows let them."""
        self.carrier.flood(to, words, count, _now())
        self.turn_soon()

    def turn_soon(self) -> None:
        """Writes once the loop has read what there is."""
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        for number in self.carrier.writable():
            connection = self.connections.get(number)
            octets = self.carrier.output(number)
            if connection is not None and connection.transport is not None and octets:
                connection.transport.write(octets)
        for number in self.carrier.closing():
            connection = self.connections.get(number)
            if connection is not None and connection.transport is not None:
                connection.transport.close()
        self._wake()

    def _wake(self) -> None:
        deadline = self.carrier.next_deadline()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            # A millisecond at least: what is due together goes out together.
            delay = max((deadline - _now()) / 1e6, 0.001)
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.carrier.tick(_now())
        self._turn()
