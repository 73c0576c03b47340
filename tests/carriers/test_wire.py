from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from septet.smpp import Pdu
from tests.support import ACCOUNT, HOST, Esme, bound, carrier, eventually, on_loop, route, running, smsc


@on_loop
async def test_octets_cut_anywhere_are_one_session(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(node.smpp.listening[0].port)
        transport = esme.peer.transport
        assert transport is not None
        bind = bytes.fromhex("00000027 00000009 00000000 00000007") + b"demo\0demo1234\0\0\x34\0\0\0"
        bind = len(bind).to_bytes(4, "big") + bind[4:]
        for octet in bind:
            transport.write(bytes([octet]))
        assert (await esme.response(7)).status == 0
        esme.close()


@on_loop
async def test_a_lost_connection_leaves_nothing_behind(tmp_path: Path) -> None:
    async with smsc() as north, running(ACCOUNT + carrier("north", north.port) + route("north"), tmp_path) as (node, _):
        await bound(node)
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        assert len(node.wires) == 2
        esme.close()
        await eventually(lambda: len(node.wires) == 1, "the session to be forgotten")
        assert node.engine.sessions_of(0) == []


class Deaf(asyncio.Protocol):
    """Counts what it is sent."""

    received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)


@on_loop
async def test_a_peer_that_does_not_read_is_not_read(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api):
        port = node.smpp.listening[0].port
        _, deaf = await asyncio.get_running_loop().create_connection(Deaf, HOST, port)
        deaf.transport.write(Pdu("bind_transceiver", fields={"system_id": "demo", "password": "demo1234"}).encode())
        await eventually(lambda: deaf.received, "the bind response")
        [wire] = node.wires.values()
        theirs = wire.transport
        assert theirs is not None
        deaf.transport.pause_reading()
        answered = deaf.received
        # Each is answered with as many octets; what the kernel does not take must wait at the peer, not here.
        size = 48 << 20
        deaf.transport.write(Pdu("enquire_link").encode() * (size // 16))
        await eventually(lambda: not theirs.is_reading(), "the node to stop reading")
        assert theirs.get_write_buffer_size() <= 16 << 20, "what one turn of the loop may read"
        assert deaf.transport.get_write_buffer_size() > 8 << 20
        other = await Esme.connect(port)
        assert await other.bind() == 0, "the others are served meanwhile"
        deaf.transport.resume_reading()
        await eventually(lambda: deaf.received == answered + size, "every answer")
        deaf.transport.abort()
        other.close()
