from __future__ import annotations

from pathlib import Path

from septet.smpp import Pdu
from tests.support import ACCOUNT, Esme, bound, carrier, eventually, on_loop, route, running, smsc


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


@on_loop
async def test_a_peer_that_does_not_read_is_not_read(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        [wire] = node.wires.values()
        ours, theirs = esme.peer.transport, wire.transport
        assert ours is not None and theirs is not None
        ours.pause_reading()
        # Each is answered with as many octets; what neither side's kernel takes must wait at the peer, not here.
        size = 32 << 20
        ours.write(Pdu("enquire_link").encode() * (size // 16))
        await eventually(lambda: not theirs.is_reading(), "the node to stop reading")
        assert theirs.get_write_buffer_size() < 2 << 20
        assert ours.get_write_buffer_size() > size // 4
        ours.resume_reading()
        await eventually(lambda: ours.get_write_buffer_size() == 0, "everything to be read")
        assert await esme.statuses([esme.submit()]) != []
        esme.close()
