"""SMPP 3.4 octets written and read without the package under test, so that one mistake cannot hide on both sides."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.node.harness import HOST, NUMBER, PASSWORD, SYSTEM_ID

GENERIC_NACK = 0x80000000
BIND_TRANSCEIVER = 0x00000009
SUBMIT_SM = 0x00000004
DELIVER_SM = 0x00000005
ENQUIRE_LINK = 0x00000015
QUERY_SM = 0x00000003
BROADCAST_SM = 0x00000111
RESPONSE = 0x80000000

ROK = 0x00
RINVCMDLEN = 0x02
RINVCMDID = 0x03
RINVBNDSTS = 0x04
RALYBND = 0x05
RINVSRCADR = 0x0A
RINVDSTADR = 0x0B
RINVMSGID = 0x0C
RINVSYSID = 0x0F
RINVSERTYP = 0x15
RINVOPTPARSTREAM = 0xC0
RINVPASWD = 0x0E

_HEADER = struct.Struct(">IIII")


@dataclass(frozen=True, slots=True)
class Frame:
    """One PDU as it stood on the wire."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def text(self) -> str:
        """The first C-octet string of the body: the message_id of a submit_sm_resp."""
        return self.body.split(b"\0", 1)[0].decode("ascii")


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body


def cstr(text: str) -> bytes:
    return text.encode("ascii") + b"\0"


def bind(sequence: int = 1, password: str = PASSWORD) -> bytes:
    return pdu(BIND_TRANSCEIVER, sequence, cstr(SYSTEM_ID) + cstr(password) + cstr("") + b"\x34\0\0" + cstr(""))


def submit(sequence: int, to: str, text: str, *, receipt: bool = True) -> bytes:
    """A submit_sm in the default alphabet; `text` is ASCII that GSM 03.38 has at the same places."""
    octets = text.encode("ascii")
    body = cstr("") + b"\x03\0" + cstr(NUMBER) + b"\x01\x01" + cstr(to) + b"\0\0\0" + cstr("") + cstr("")
    body += bytes([int(receipt), 0, 0, 0, len(octets)]) + octets
    return pdu(SUBMIT_SM, sequence, body)


class Wire:
    """A socket that sends octets and reads frames."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self.socket.makefile("rb")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def read(self) -> Frame | None:
        """The next frame, or None once the other side has closed."""
        try:
            head = self._reader.read(_HEADER.size)
            if len(head) < _HEADER.size:
                return None
            length, command, status, sequence = _HEADER.unpack(head)
            body = self._reader.read(length - _HEADER.size)
        except ConnectionError:
            return None
        return Frame(command, status, sequence, body) if len(body) == length - _HEADER.size else None

    def response(self, sequence: int) -> Frame:
        """The response to that request, or the generic_nack in its place; deliver_sm is acknowledged on the way."""
        while (frame := self.read()) is not None:
            if frame.command == DELIVER_SM:
                self.send(pdu(DELIVER_SM | RESPONSE, frame.sequence, b"\0"))
            elif frame.command == ENQUIRE_LINK:
                self.send(pdu(ENQUIRE_LINK | RESPONSE, frame.sequence))
            elif frame.command & RESPONSE and frame.sequence == sequence:
                return frame
        raise AssertionError(f"closed without an answer to request {sequence}")

    def ask(self, octets: bytes) -> Frame:
        """Sends one request and returns its response."""
        self.send(octets)
        return self.response(_HEADER.unpack_from(octets)[3])

    def bind(self) -> None:
        assert self.ask(bind()).status == ROK

    def is_alive(self, sequence: int = 0x7FFFFFF0) -> bool:
        """Whether enquire_link is answered."""
        return self.ask(pdu(ENQUIRE_LINK, sequence)).status == ROK

    def close(self) -> None:
        self._reader.close()
        self.socket.close()


@contextmanager
def connected(port: int) -> Iterator[Wire]:
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.close()


@contextmanager
def bound(port: int) -> Iterator[Wire]:
    """A session of the demo account, bound as a transceiver."""
    with connected(port) as wire:
        wire.bind()
        yield wire
