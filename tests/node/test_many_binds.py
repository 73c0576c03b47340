"""Hundreds of binds at once, among them peers that nobody wishes for. `bench/binds.py` measures how long it takes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from septet import smpp
from tests.support import ACCOUNT, HOST, Esme, bound, carrier, eventually, on_loop, route, running, smsc

# Both ends are in this process: twice as many descriptors, which stay below a shell's usual limit.
BINDS = 400
LIMITS = "max_binds = 1000\nwindow = 10\nthroughput = 100\n"
BIND = smpp.Pdu("bind_transceiver", fields={"system_id": "demo", "password": "demo1234"}).encode()
SUBMIT = smpp.Pdu(
    "submit_sm", sequence=2, fields={"source_addr": "12345", "destination_addr": "46701234567", "short_message": b"x"}
).encode()


class Peer(asyncio.Protocol):
    """Binds, and keeps what it is sent."""

    def __init__(self) -> None:
        self.framer = smpp.Framer()
        self.got: list[smpp.Pdu] = []
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(BIND)

    def data_received(self, data: bytes) -> None:
        self.got += [pdu for pdu in self.framer.feed(data) if isinstance(pdu, smpp.Pdu)]

    def connection_lost(self, _exc: Exception | None) -> None:
        self.lost = True


async def peers(port: int, count: int) -> list[Peer]:
    loop = asyncio.get_running_loop()
    made = await asyncio.gather(*(loop.create_connection(Peer, HOST, port) for _ in range(count)))
    out = [peer for _, peer in made]
    await eventually(lambda: all(peer.got for peer in out), "every bind to be answered")
    assert {(peer.got[0].command, peer.got[0].status) for peer in out} == {("bind_transceiver_resp", 0)}
    return out


@on_loop
async def test_a_drip_and_a_flood_among_hundreds_harm_nobody(tmp_path: Path) -> None:
    async with (
        smsc() as north,
        running(ACCOUNT + LIMITS + carrier("north", north.port) + route("north"), tmp_path) as (node, _api),
    ):
        await bound(node)
        port = node.smpp.listening[0].port
        silent = await peers(port, BINDS)
        [drip, flood] = await peers(port, 2)
        assert node.engine.session_count(0) == BINDS + 2
        for octet in SUBMIT:
            drip.transport.write(bytes([octet]))
            await asyncio.sleep(0)
        number = 10_000
        flood.transport.write(SUBMIT * number)
        other = await Esme.connect(port)
        assert await other.bind() == 0
        await eventually(lambda: len(drip.got) == 2, "the dripped submit to be answered")
        assert (drip.got[1].command, drip.got[1].status) == ("submit_sm_resp", 0)
        # Each is answered: let in by the window and the rate, or refused by them.
        await eventually(lambda: len(flood.got) > number - 10, "the flood to be answered")
        assert {smpp.status_name(pdu.status) for pdu in flood.got} == {"ESME_ROK", "ESME_RTHROTTLED"}
        assert not any(peer.lost for peer in (*silent, drip, flood))
        assert node.engine.session_count(0) == BINDS + 3
        for peer in (*silent, drip, flood):
            peer.transport.abort()
        other.close()
        await eventually(lambda: node.engine.session_count(0) == 0, "all to be forgotten")


@on_loop
async def test_a_flood_is_not_read_for_a_while_and_then_again(tmp_path: Path) -> None:
    async with running(ACCOUNT + LIMITS, tmp_path) as (node, _api):
        [flood] = await peers(node.smpp.listening[0].port, 1)
        [wire] = node.wires.values()
        theirs = wire.transport
        assert theirs is not None
        flood.transport.write(SUBMIT * 10_000)
        await eventually(lambda: not theirs.is_reading(), "the node to stop reading")
        flood.transport.write(smpp.Pdu("enquire_link", sequence=9).encode())

        def answered() -> bool:
            return any(pdu.command == "enquire_link_resp" for pdu in flood.got)

        await eventually(lambda: answered() and theirs.is_reading(), "the node to read again")
        flood.transport.abort()
