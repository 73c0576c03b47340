"""One TCP connection of an SMPP session, either end: moves octets between a socket and the engine, nothing more."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Final, Protocol, cast

from septet._septet import Engine, Tap
from septet.carriers.tls import Tls, TlsFailedError

# Once a connection has been silent for its time: how often and how many times TCP asks before it gives up [s].
_PROBE_SECONDS: Final = 10
_PROBES: Final = 6

# How long a peer that floods is not read [s]: long beside what the others wait for, short beside any time-out.
_REST: Final = 0.1


class Hub(Protocol):
    """What a connection needs of the node."""

    engine: Engine
    wires: dict[int, Wire]

    def now(self) -> int:
        """Monotonic microseconds."""
        ...

    def wall(self) -> int:
        """Wall milliseconds."""
        ...

    def joined(self, wire: Wire) -> None:
        """A session has begun, or has become an account's."""
        ...

    def turn_soon(self) -> None:
        """Something happened: look at it once this turn of the loop has read what there is."""
        ...


class Wire(asyncio.Protocol):
    """Reads a chunk into the engine in one call; writes what the engine has for its session once a turn.

    With `tls`, what the engine has waits until the handshake is done.
    """

    def __init__(self, hub: Hub, tls: Tls | None, keepalive: int) -> None:
        self.hub = hub
        self.session = -1
        self.transport: asyncio.Transport | None = None
        self.peer = ""
        self._full = False
        self._resting = False
        self.tls = tls
        self.taps: tuple[Tap, ...] = ()
        self._keepalive = keepalive

    def opened(self) -> int:
        """Makes the engine's session; gives its number."""
        raise AssertionError("a Wire is an Esme or a Link")

    def owner(self) -> tuple[str, str] | None:
        """Whose session it is: `("link", "north/0")` or `("account", "acme")`; None while that is not known."""
        return None

    def lost(self) -> None:
        """The connection is gone; the engine knows already."""

    def failed(self, error: TlsFailedError) -> None:
        """TLS has failed; the connection is about to close."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: the engine gets a session for it."""
        # uvloop's transports are not instances of asyncio.Transport.
        self.transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if name else ""
        _tune(transport.get_extra_info("socket"), self._keepalive)
        self.session = self.opened()
        self.hub.wires[self.session] = self
        self.hub.joined(self)
        self.hub.turn_soon()

    def data_received(self, data: bytes) -> None:
        """A chunk: one call into the engine, whatever it holds."""
        if self.tls is not None:
            data = self._read(self.tls, data)
            if not data:
                return
        for tap in self.taps:
            tap.received(self.session, data, _wall())
        if self.hub.engine.receive(self.session, data, self.hub.now()):
            self._rest()
        self.hub.turn_soon()

    def _read(self, tls: Tls, data: bytes) -> bytes:
        if self.transport is None or self.transport.is_closing():
            return b""
        before = tls.established
        try:
            octets = tls.receive(data)
        except TlsFailedError as error:
            self.transport.write(tls.pending())  # the alert that tells the other end
            self.hub.engine.bad_stream(self.session, error.reason)
            self.failed(error)
            self.close()
            return b""
        if tls.established and not before:
            self.write()
        if answer := tls.pending():
            self.transport.write(answer)
        if tls.ended:
            self.close()
        return octets

    def connection_lost(self, _exc: Exception | None) -> None:
        """Gone: what was under way goes back to where it came from."""
        self.transport = None
        self.hub.wires.pop(self.session, None)
        for tap in self.taps:
            tap.leave(self.session)
        self.hub.engine.closed(self.session)
        self.lost()
        self.hub.turn_soon()

    def write(self) -> None:
        """Writes what the engine has for this session."""
        tls = self.tls
        if tls is not None and not tls.established:
            return
        octets = self.hub.engine.output(self.session)
        if self.transport is not None and octets:
            for tap in self.taps:
                tap.sent(self.session, octets, _wall())
            if tls is not None:
                tls.send(octets)
                octets = tls.pending()
            self.transport.write(octets)

    def close(self) -> None:
        """Closes once everything is written."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.tls is not None:
            self.tls.close()
            self.transport.write(self.tls.pending())
        self.transport.close()

    def abort(self) -> None:
        """Closes now, for a peer that does not read what we would still write."""
        if self.transport is not None:
            self.transport.abort()

    def pause_writing(self) -> None:
        """A peer that does not read what we answer is not read either: its window fills, not our memory."""
        self._full = True
        self._pause_or_resume()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._full = False
        self._pause_or_resume()

    def _rest(self) -> None:
        """A peer that does not heed its window waits while the others are served."""
        if not self._resting:
            self._resting = True
            self._pause_or_resume()
            asyncio.get_running_loop().call_later(_REST, self._rested)

    def _rested(self) -> None:
        self._resting = False
        self._pause_or_resume()

    def _pause_or_resume(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if self._full or self._resting:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()


def _wall() -> int:
    """Wall milliseconds."""
    return time.time_ns() // 1_000_000


def _tune(sock: socket.socket, keepalive: int) -> None:
    """Small PDUs leave at once; a silent connection is asked after where `keepalive` seconds are given."""
    with sock.dup() as own:
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, keepalive > 0)
        # macOS calls the idle time by another name; where neither is there, the system's own times hold.
        idle = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
        if keepalive and idle is not None:
            own.setsockopt(socket.IPPROTO_TCP, idle, keepalive)
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
