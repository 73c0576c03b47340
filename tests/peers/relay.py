"""A TCP relay between the node and a peer that records every PDU of both directions, and can cut the connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from tests.node.harness import HOST, wait_until

Side = Literal["node", "peer"]

COMMANDS = {
    "bind_receiver": 0x01,
    "bind_transmitter": 0x02,
    "query_sm": 0x03,
    "submit_sm": 0x04,
    "deliver_sm": 0x05,
    "unbind": 0x06,
    "replace_sm": 0x07,
    "cancel_sm": 0x08,
    "bind_transceiver": 0x09,
    "outbind": 0x0B,
    "enquire_link": 0x15,
    "submit_multi": 0x21,
    "data_sm": 0x103,
    "broadcast_sm": 0x111,
}
RESPONSE = 0x8000_0000
ABORT = struct.pack("ii", 1, 0)  # linger for no time: the other side gets a reset, as when a machine dies


@dataclass(frozen=True, slots=True)
class Frame:
    """A PDU as it stood on the wire, and who sent it."""

    by: Side
    octets: bytes

    @property
    def command(self) -> int:
        return int.from_bytes(self.octets[4:8])

    @property
    def status(self) -> int:
        return int.from_bytes(self.octets[8:12])

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.octets[12:16])


class _Recorder:
    """Cuts what one side sends into frames, by command_length alone."""

    def __init__(self, by: Side, frames: list[Frame]) -> None:
        self._by: Side = by
        self._frames = frames
        self._held = b""

    def feed(self, chunk: bytes) -> None:
        self._held += chunk
        while len(self._held) >= 4 and len(self._held) >= (length := max(16, int.from_bytes(self._held[:4]))):
            self._frames.append(Frame(self._by, self._held[:length]))
            self._held = self._held[length:]


@dataclass
class Relay:
    """Listens on `port` and connects on to `target`; the node is the one or the other."""

    target: int
    node_is: Literal["client", "server"]
    frames: list[Frame] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    _listener: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self._thread(self._accept, self._listener)

    def _thread(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed: the end
            while True:
                client, _address = listener.accept()
                try:
                    server = socket.create_connection((HOST, self.target))
                except OSError:
                    client.close()  # nobody serves yet: the client comes again
                    continue
                with self._lock:
                    self._open += [client, server]
                    self.connections += 1
                first: Side = "node" if self.node_is == "client" else "peer"
                second: Side = "peer" if self.node_is == "client" else "node"
                self._thread(self._carry, client, server, first)
                self._thread(self._carry, server, client, second)

    def _carry(self, source: socket.socket, sink: socket.socket, by: Side) -> None:
        recorder = _Recorder(by, self.frames)
        with suppress(OSError):  # cut, by us or by them
            while chunk := source.recv(1 << 16):
                recorder.feed(chunk)
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Every connection breaks, on both sides at once."""
        with self._lock:
            sockets, self._open = self._open, []
        for end in sockets:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                end.shutdown(socket.SHUT_RDWR)
        for end in sockets:
            end.close()

    def stop(self) -> None:
        assert self._listener is not None
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def sent(self, by: Side, command: str, *, since: int = 0) -> list[Frame]:
        """The requests of this name that one side has sent since the relay had recorded so many frames."""
        return [f for f in self.frames[since:] if f.by == by and f.command == COMMANDS[command]]

    def answered(self, by: Side, command: str, *, since: int = 0) -> bool:
        """Whether a request of this name, sent by one side, was answered without an error by the other."""
        answer = COMMANDS[command] | RESPONSE
        sequences = {f.sequence for f in self.sent(by, command, since=since)}
        return any(
            f.by != by and f.command == answer and f.status == 0 and f.sequence in sequences
            for f in self.frames[since:]
        )

    def wait_for(self, by: Side, command: str, *, since: int = 0) -> None:
        wait_until(lambda: self.answered(by, command, since=since), f"{command} by the {by} to be answered")


@contextmanager
def relay(target: int, *, node_is: Literal["client", "server"]) -> Iterator[Relay]:
    """A relay for as long as the block lasts."""
    made = Relay(target, node_is)
    made.start()
    try:
        yield made
    finally:
        made.stop()
