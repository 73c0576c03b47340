from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from septet import config
from septet.node import Node
from tests.support import ACCOUNT, SYSTEM_PASSWORD, Esme, bound, carrier, eventually, on_loop, route, running, smsc

RBINDFAIL, RINVPASWD, RINVSYSID, RTHROTTLED = 0x0D, 0x0E, 0x0F, 0x58


async def tried(node: Node, system_id: str = "demo", password: str = SYSTEM_PASSWORD) -> int:
    """The status of one bind on a connection of its own, which is closed again."""
    esme = await Esme.connect(node.smpp.listening[0].port)
    status = await esme.bind(system_id, password)
    esme.close()
    return status


@on_loop
async def test_who_may_bind(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api):
        assert await tried(node) == 0
        assert await tried(node, password="wrong") == RINVPASWD
        assert await tried(node, password="") == RINVPASWD
        assert await tried(node, "nobody") == RINVSYSID


@on_loop
async def test_a_refused_peer_is_let_go(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind(password="wrong") == RINVPASWD
        await eventually(lambda: esme.closed, "the connection to be closed")
        assert not node.wires


@on_loop
async def test_where_from(tmp_path: Path) -> None:
    elsewhere = ACCOUNT + 'allow_from = ["192.0.2.0/24"]\n'
    async with running(elsewhere, tmp_path) as (node, _api):
        assert await tried(node) == RBINDFAIL
        assert await tried(node, password="wrong") == RBINDFAIL, "nobody there learns whether the password is right"
    async with running(ACCOUNT + 'allow_from = ["192.0.2.0/24", "127.0.0.0/8"]\n', tmp_path) as (node, _api):
        assert await tried(node) == 0


@on_loop
async def test_a_peer_that_leaves_while_it_is_looked_at_harms_nothing(tmp_path: Path) -> None:
    async with running(ACCOUNT + 'allow_from = ["127.0.0.0/8"]\n', tmp_path) as (node, _api):
        for _ in range(20):
            esme = await Esme.connect(node.smpp.listening[0].port)
            esme.peer.send("bind_transceiver", system_id="demo", password="demo1234", interface_version=0x34)
            esme.close()
        await eventually(lambda: not node.wires and not node.smpp.connections, "all of them to be gone")
        assert await tried(node) == 0


@on_loop
async def test_no_more_binds_than_agreed(tmp_path: Path) -> None:
    async with running(ACCOUNT + "max_binds = 2\n", tmp_path) as (node, _api):
        port = node.smpp.listening[0].port
        esmes = [await Esme.connect(port) for _ in range(5)]
        statuses = await asyncio.gather(*(esme.bind() for esme in esmes))
        assert sorted(statuses) == [0, 0, RBINDFAIL, RBINDFAIL, RBINDFAIL]
        esmes[statuses.index(0)].close()
        await eventually(lambda: len(node.engine.sessions_of(0)) == 1, "one to be gone")
        assert await tried(node) == 0
        for esme in esmes:
            esme.close()


@on_loop
async def test_no_more_connections_than_allowed(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api):
        node.smpp.most = 2
        port = node.smpp.listening[0].port
        first, second, third = [await Esme.connect(port) for _ in range(3)]
        await eventually(lambda: third.closed, "the third to be closed")
        assert await first.bind() == 0
        second.close()
        await eventually(lambda: node.smpp.connections == 1, "the second to be gone")
        assert await tried(node) == 0
        first.close()


@on_loop
async def test_a_password_known_by_its_hash(tmp_path: Path) -> None:
    hashed = config.SecretHash.of_password("s3cret").reveal()
    text = f'[[account]]\nid = "acme"\nsystem_id = "acme"\npassword_hash = "{hashed}"\n'
    async with running(text, tmp_path) as (node, _api):
        assert await tried(node, "acme", "s3cret") == 0
        assert await tried(node, "acme", hashed[:8]) == RINVPASWD


@on_loop
async def test_over_the_rate_is_refused_where_the_account_says_so(tmp_path: Path) -> None:
    rate = 'throughput = 5\nburst = 10\nover_rate = "reject"\n'
    async with (
        smsc() as north,
        running(ACCOUNT + rate + carrier("north", north.port) + route("north"), tmp_path) as (node, _api),
    ):
        await bound(node)
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        statuses = await esme.statuses([esme.submit(text=f"m{n}") for n in range(30)])
        # A late refill may let one or two more in, but never refuses what the burst allows.
        assert set(statuses) == {0, RTHROTTLED}
        assert 10 <= statuses.count(0) <= 12
        await eventually(lambda: len(north.submits) == statuses.count(0), "those accepted, and no other")
        esme.close()


@on_loop
async def test_over_the_rate_waits_and_is_accepted_otherwise(tmp_path: Path) -> None:
    rate = "throughput = 20\nburst = 10\n"
    async with (
        smsc() as north,
        running(ACCOUNT + rate + carrier("north", north.port) + route("north"), tmp_path) as (node, _api),
    ):
        await bound(node)
        first, second = [await Esme.connect(node.smpp.listening[0].port) for _ in range(2)]
        assert [await first.bind(), await second.bind()] == [0, 0]
        begun = asyncio.get_running_loop().time()
        sent = {esme: [esme.submit(text=f"m{n}") for n in range(20)] for esme in (first, second)}
        # Nothing that is paced may look dead: this is answered while submits wait.
        asked = first.peer.send("enquire_link")
        await first.response(asked)
        assert len(first.answered) + len(second.answered) < 40
        for esme, sequences in sent.items():
            assert await esme.statuses(sequences) == [0] * 20
        took = asyncio.get_running_loop().time() - begun
        assert 1.4 <= took < 5, "40 segments at 20 a second, less a burst of 10"
        assert [s.octets for s in north.submits if s.octets == b"m0"] == [b"m0", b"m0"]
        first.close()
        second.close()


@pytest.mark.parametrize("policy", ["pace", "reject"])
@on_loop
async def test_a_message_longer_than_the_burst_is_taken(tmp_path: Path, policy: str) -> None:
    rate = f'throughput = 50\nburst = 1\nover_rate = "{policy}"\n'
    async with (
        smsc() as north,
        running(ACCOUNT + rate + carrier("north", north.port) + route("north"), tmp_path) as (node, _api),
    ):
        await bound(node)
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        assert await esme.statuses([esme.submit(text="x" * 250)]) == [0]
        await eventually(lambda: len(north.submits) == 2, "both segments")
        esme.close()


@on_loop
async def test_a_carrier_that_says_outbind_is_bound_to(tmp_path: Path) -> None:
    outbind = 'outbind = { system_id = "mc", password = "word" }\n'
    async with (
        smsc() as north,
        running(ACCOUNT + carrier("north", north.port) + outbind + route("north"), tmp_path) as (node, api),
    ):
        port = node.smpp.listening[0].port
        stranger = await north.outbind(port, "mc", "wrong")
        await eventually(lambda: stranger.transport is None, "a stranger to be sent away")
        await north.outbind(port, "mc", "word")
        await bound(node)
        assert not north.connections, "the node does not connect by itself"
        await api.until(await api.post("over their connection"), "submitted")
        assert [submit.octets for submit in north.submits] == [b"over their connection"]
        assert node.lanes[0].links[0].connected
        north.cut()
        await eventually(lambda: not node.lanes[0].links[0].connected, "the link to be down")
        await north.outbind(port, "mc", "word")
        await bound(node)


@on_loop
async def test_where_it_listens(tmp_path: Path) -> None:
    text = ACCOUNT
    async with running(text, tmp_path) as (node, _api):
        [listen] = node.smpp.listening
        assert listen.host == "127.0.0.1"
        assert listen.port > 0
        node.smpp.close()
        with pytest.raises(OSError):
            await Esme.connect(listen.port)
