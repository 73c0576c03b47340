"""One TCP connection of an SMPP session, either end: moves octets between a socket and the engine, nothing more."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from septet._septet import Engine

# How long a peer that floods is not read [s]: long beside what the others wait for, short beside any time-out.
_REST: Final = 0.1


class Hub(Protocol):
    """What a connection needs of the node."""

    engine: Engine
    wires: dict[int, Wire]

    def now(self) -> int:
        """Monotonic microseconds."""
        ...

    def turn_soon(self) -> None:
        """Something happened: look at it once this turn of the loop has read what there is."""
        ...


class Wire(asyncio.Protocol):
    """Reads a chunk into the engine in one call; writes what the engine has for its session once a turn."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.session = -1
        self.transport: asyncio.Transport | None = None
        self.peer = ""
        self._full = False
        self._resting = False

    def opened(self) -> int:
        """Makes the engine's session; gives its number."""
        raise AssertionError("a Wire is an Esme or a Link")

    def lost(self) -> None:
        """The connection is gone; the engine knows already."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: the engine gets a session for it."""
        # uvloop's transports are not instances of asyncio.Transport.
        self.transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if name else ""
        self.session = self.opened()
        self.hub.wires[self.session] = self
        self.hub.turn_soon()

    def data_received(self, data: bytes) -> None:
        """A chunk: one call into the engine, whatever it holds."""
        if self.hub.engine.receive(self.session, data, self.hub.now()):
            self._rest()
        self.hub.turn_soon()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Gone: what was under way goes back to where it came from."""
        self.transport = None
        self.hub.wires.pop(self.session, None)
        self.hub.engine.closed(self.session)
        self.lost()
        self.hub.turn_soon()

    def write(self) -> None:
        """Writes what the engine has for this session."""
        octets = self.hub.engine.output(self.session)
        if self.transport is not None and octets:
            self.transport.write(octets)

    def close(self) -> None:
        """Closes once everything is written."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Closes now, for a peer that does not read what we would still write."""
        if self.transport is not None:
            self.transport.abort()

    def pause_writing(self) -> None:
        """A peer that does not read what we answer is not read either: its window fills, not our memory."""
        self._full = True
        self._read()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._full = False
        self._read()

    def _rest(self) -> None:
        """A peer that does not heed its window waits while the others are served."""
        if not self._resting:
            self._resting = True
            self._read()
            asyncio.get_running_loop().call_later(_REST, self._rested)

    def _rested(self) -> None:
        self._resting = False
        self._read()

    def _read(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if self._full or self._resting:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()
