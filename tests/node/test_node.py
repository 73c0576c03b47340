from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from septet import config
from septet.cli.serve import announcement
from septet.node import Node
from tests.certificates import Issuer
from tests.support import (
    ACCOUNT,
    HOST,
    LISTEN,
    PERSON,
    Esme,
    bound,
    carrier,
    eventually,
    on_loop,
    parsed,
    route,
    running,
    smsc,
)


def world(port: int, **options: object) -> str:
    number = '\n[[number]]\naddress = "12345"\naccount = "demo"\ncarrier = "north"\n'
    return ACCOUNT + carrier("north", port, **options) + number + route("north")


def elapsed(since: float) -> float:
    return asyncio.get_running_loop().time() - since


@on_loop
async def test_a_message_there_and_its_receipt_and_an_answer_back(tmp_path: Path) -> None:
    async with smsc(receipts=True) as north, running(world(north.port), tmp_path) as (node, _api):
        await bound(node)
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        response = await esme.response(esme.submit(text="Hej"))
        assert response.status == 0
        id = response.fields["message_id"]
        await eventually(lambda: esme.delivered, "the receipt")
        assert id in esme.delivered[0].fields["short_message"].decode()
        north.mo(PERSON, "12345", "Hej hej")
        await eventually(lambda: len(esme.delivered) == 2, "the answer")
        assert esme.delivered[1].fields["short_message"] == b"Hej hej"
        esme.close()


@on_loop
async def test_stopping_waits_for_responses_and_is_quick(tmp_path: Path) -> None:
    async with smsc() as north, running(world(north.port), tmp_path) as (node, api):
        await bound(node)
        waiting: list[int] = []
        north.answer = lambda pdu: waiting.append(pdu.sequence)
        id = await api.post("on its way")
        await eventually(lambda: waiting, "the submit_sm")
        idle = await Esme.connect(node.smpp.listening[0].port)
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        begun = asyncio.get_running_loop().time()
        stopping = asyncio.create_task(node.stop())
        await eventually(lambda: idle.closed and esme.closed, "the ESMEs to be let go")
        assert not stopping.done(), "a window is open"
        north.bound[0].send("submit_sm_resp", waiting[0], message_id="c1")
        await stopping
        assert elapsed(begun) < 5
        assert len(north.binds) == 1, "nothing is connected again by a node that stops"
        async with running(world(north.port), tmp_path) as (again, same):
            assert (await same("GET", f"/v1/messages/{id}"))[1]["status"] == "submitted"
            await bound(again)
        assert len(north.submits) == 1


@on_loop
async def test_stopping_waits_no_longer_than_the_grace(tmp_path: Path) -> None:
    async with smsc() as north:
        grace = "[node]\nshutdown_grace = 0.3\n"
        async with running(grace + world(north.port), tmp_path) as (node, api):
            await bound(node)
            north.answer = lambda _pdu: None
            await api.post("never answered")
            await eventually(lambda: north.submits, "the submit_sm")
            begun = asyncio.get_running_loop().time()
            await node.stop()
            assert 0.29 <= elapsed(begun) < 5
        north.answer = lambda _pdu: 0
        async with running(grace + world(north.port), tmp_path) as (node, _api):
            await eventually(lambda: len(north.submits) == 2, "the resend")
            await eventually(lambda: node.engine.load_of(0) == (0, 0), "its response")


@on_loop
async def test_what_was_accepted_is_sent_by_the_next_node(tmp_path: Path) -> None:
    async with running(world(9), tmp_path) as (_node, api):
        ids = [await api.post(f"m{n}") for n in range(5)]
    async with smsc(receipts=True) as north, running(world(north.port), tmp_path) as (_node, api):
        for id in ids:
            await api.until(id, "delivered")
        assert [submit.octets for submit in north.submits] == [f"m{n}".encode() for n in range(5)]


@on_loop
async def test_stop_may_be_called_twice_and_without_a_start(tmp_path: Path) -> None:
    async with running(world(9), tmp_path) as (node, _api):
        await node.stop()
        await node.stop()
        with pytest.raises(OSError):
            await asyncio.open_connection(HOST, node.http.port)
    never = Node(parsed(world(9), tmp_path))
    await never.stop()


@pytest.mark.parametrize("taken", ["smpp", "http", "metrics"])
@on_loop
async def test_an_address_in_use_leaves_nothing_open(tmp_path: Path, taken: str) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        head, tail = LISTEN.split(f"[{taken}]")
        text = f"{head}[{taken}]{tail.replace('127.0.0.1:0', f'127.0.0.1:{port}', 1)}"
        node = Node(config.parse(text + world(9), tmp_path))
        with pytest.raises(OSError, match=r"(?i)in use"):
            await node.start()
        await node.stop()
    async with running(world(9), tmp_path) as (node, api):
        assert (await api("GET", "/readyz"))[0] == 200


@on_loop
async def test_a_fault_in_one_part_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = world(9) + carrier("south", 9)
    async with running(text, tmp_path) as (node, api):

        def fault() -> None:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr(node.lanes[0], "pump", fault)
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        assert await esme.statuses([esme.submit() for _ in range(3)]) == [0] * 3
        await api.post()
        esme.close()


@on_loop
async def test_a_fault_while_writing_costs_one_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(world(9), tmp_path) as (node, api):
        first = await Esme.connect(node.smpp.listening[0].port)
        assert await first.bind() == 0
        [broken] = node.wires.values()

        def fault() -> None:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr(broken, "write", fault)
        first.submit()
        await eventually(lambda: first.closed, "the broken connection's end")
        second = await Esme.connect(node.smpp.listening[0].port)
        assert await second.bind() == 0
        assert await second.statuses([second.submit()]) == [0]
        await api.post()
        second.close()


@on_loop
async def test_the_api_with_tls(tmp_path: Path) -> None:
    issuer = Issuer.make(tmp_path)
    cert = issuer.issue(HOST)
    head = LISTEN.replace("[http]\n", f"[http]\ntls = {{ cert = '{cert.name}' }}\n")
    async with running(ACCOUNT, tmp_path, head) as (node, _api), aiohttp.ClientSession() as client:
        async with client.get(f"https://{HOST}:{node.http.port}/readyz", ssl=issuer.client()) as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ready"})
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"http://{HOST}:{node.http.port}/readyz")
        assert f"https://{HOST}:{node.http.port}/v1" in "\n".join(announcement(node))
