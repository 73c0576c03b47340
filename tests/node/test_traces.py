"""Watching sessions, over HTTP, with real peers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from septet.node import Node
from tests.support import (
    ACCOUNT,
    ADMIN_KEY,
    API_KEY,
    HOST,
    PERSON,
    Esme,
    bound,
    carrier,
    eventually,
    linked,
    on_loop,
    running,
)

NUMBER = '\n[[number]]\naddress = "12345"\naccount = "demo"\ncarrier = "north"\n'


class Watcher:
    """Reads a trace line by line."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def line(self) -> dict[str, Any]:
        while True:
            line = await self.answer.content.readline()
            assert line, "the trace has ended"
            if line.strip():
                said: dict[str, Any] = json.loads(line)
                return said

    async def until(self, command: str) -> dict[str, Any]:
        """The next PDU of this command."""
        while (said := await self.line()).get("command") != command:
            pass
        return said


@asynccontextmanager
async def watching(node: Node, query: str, key: str = ADMIN_KEY) -> AsyncIterator[Watcher]:
    """A trace for as long as the block lasts."""
    url = f"http://{HOST}:{node.http.port}/v1/trace?{query}"
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client,
        client.get(url, headers={"authorization": f"Bearer {key}"}) as answer,
    ):
        assert answer.status == 200, await answer.text()
        yield Watcher(answer)


@on_loop
async def test_a_link_shows_what_passes_both_ways_and_hides_who_and_what(tmp_path: Path) -> None:
    async with linked(tmp_path, more=NUMBER, receipts=True) as (_north, node, api):
        async with watching(node, "link=north") as trace:
            assert await trace.line() == {"watching": "north", "sessions": ["north/0"]}
            id = await api.post("meet me at six")
            await api.until(id, "delivered")
            out, back, receipt = [await trace.until(c) for c in ("submit_sm", "submit_sm_resp", "deliver_sm")]
        assert (out["session"], out["way"]) == ("north/0", "out")
        assert (out["fields"]["destination_addr"], out["text"]) == ("4670*****67", "…")
        assert (back["way"], back["sequence"], back["status_name"]) == ("in", out["sequence"], "ESME_ROK")
        assert back["fields"]["message_id"] == "c1"
        assert (receipt["way"], receipt["receipt"]["stat"]) == ("in", "DELIVRD")
        shown = json.dumps([out, back, receipt])
        assert PERSON not in shown and "six" not in shown and b"six".hex() not in shown
        assert out["at"].startswith("20") and out["at"].endswith("Z")
        await eventually(lambda: not any(wire.taps for wire in node.wires.values()), "the watcher to be forgotten")


@on_loop
async def test_it_follows_a_link_over_a_reconnect_and_never_shows_a_password(tmp_path: Path) -> None:
    async with (
        linked(tmp_path, more=NUMBER, binds=2) as (north, node, api),
        watching(node, "link=north/1&reveal=true") as trace,
    ):
        assert (await trace.line())["sessions"] == ["north/1"]
        north.cut()
        bind = await trace.until("bind_transceiver")
        assert (bind["session"], bind["way"]) == ("north/1", "out")
        assert bind["fields"]["password"] == "…"
        await trace.until("bind_transceiver_resp")
        await bound(node)
        # One destination keeps its link, so several make sure that both have something.
        for n in range(20):
            await api.post("meet me at six", to=str(int(PERSON) + n))
        said = await trace.until("submit_sm")
        assert (said["session"], said["text"]) == ("north/1", "meet me at six")
        assert said["fields"]["destination_addr"].startswith("467012345")


@on_loop
async def test_an_account_shows_its_binds(tmp_path: Path) -> None:
    other = '\n[[account]]\nid = "other"\nsystem_id = "other"\npassword = "demo1234"\n'
    async with linked(tmp_path, more=NUMBER + other) as (_north, node, _api):
        port = node.smpp.listening[0].port
        before, stranger = await Esme.connect(port), await Esme.connect(port)
        assert [await before.bind(), await stranger.bind("other")] == [0, 0]
        # The trace begins in the middle of a PDU.
        assert before.peer.transport is not None
        octets = bytes.fromhex("00000010 00000015 00000000 00000777")
        before.peer.transport.write(octets[:9])
        await eventually(lambda: any(node.engine.pending(session) for session in node.wires), "half of it")
        async with watching(node, "account=demo") as trace:
            assert (await trace.line())["sessions"] == ["demo"]
            await stranger.response(stranger.peer.send("enquire_link", 0x999))
            before.peer.transport.write(octets[9:])
            said = await trace.until("enquire_link")
            assert (said["sequence"], said["way"]) == (0x777, "in")
            late = await Esme.connect(port)
            assert await late.bind() == 0
            assert (await trace.until("bind_transceiver_resp"))["session"] == "demo"
            assert await late.statuses([late.submit(text="secret")]) == [0]
            assert (await trace.until("submit_sm"))["text"] == "…"
        for esme in (before, stranger, late):
            esme.close()


@on_loop
async def test_what_cannot_be_read_is_shown_as_such(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        async with watching(node, "account=demo") as trace:
            await trace.line()
            assert esme.peer.transport is not None
            esme.peer.transport.write(bytes.fromhex("00000014 00000004 00000000 00000005 41414141"))
            said = await trace.until("unreadable")
            assert (said["sequence"], said["octets"], said["way"]) == (5, "…", "in")
            assert (await trace.until("submit_sm_resp"))["status"] != 0
            esme.peer.transport.write(bytes.fromhex("ffffffff 00000004 00000000 00000006"))
            assert (await trace.until("unreadable"))["error"]["code"] == "smpp.bad_length"
            await trace.until("generic_nack")


@on_loop
async def test_a_watcher_that_is_too_slow_loses_pdus_and_nobody_else_does(tmp_path: Path) -> None:
    async with linked(tmp_path, ACCOUNT + "window = 5000\n", more=NUMBER) as (_north, node, _api):
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        async with watching(node, "account=demo") as trace:
            await trace.line()
            statuses = await esme.statuses([esme.submit(text=f"m{n}") for n in range(3000)])
            assert statuses == [0] * 3000, "the traffic does not wait for who watches"
            seen = lost = 0
            while seen + lost < 6000:
                said = await trace.line()
                lost += said.get("lost", 0)
                seen += "way" in said
            assert lost > 0 and seen >= 1000
            assert seen + lost == 6000, "what is not shown is counted"
        esme.close()


@on_loop
async def test_who_may_watch_and_how_many(tmp_path: Path) -> None:
    async with running(ACCOUNT + carrier("north", 9), tmp_path) as (node, api):
        assert (await api("GET", "/v1/trace?link=north", key=API_KEY))[0] == 403
        for query, status, code in (
            ("link=south", 404, "not_found"),
            ("link=north/1", 404, "not_found"),
            ("account=north", 404, "not_found"),
            ("", 422, "invalid_field"),
            ("link=north&account=demo", 422, "invalid_field"),
            ("link=north&reveal=perhaps", 422, "invalid_field"),
            ("link=north&colour=red", 422, "invalid_field"),
        ):
            found, answer = await api("GET", f"/v1/trace?{query}", key=ADMIN_KEY)
            assert (found, answer["code"]) == (status, code), query
        async with (
            watching(node, "link=north"),
            watching(node, "link=north"),
            watching(node, "account=demo"),
            watching(node, "link=north/0"),
        ):
            found, answer = await api("GET", "/v1/trace?link=north", key=ADMIN_KEY)
            assert (found, answer["code"]) == (503, "overloaded")
        await eventually(lambda: not node.traces.watchers, "the places to be free")
        async with watching(node, "link=north") as trace:
            assert (await trace.line())["sessions"] == []


@on_loop
async def test_a_node_that_stops_ends_the_trace_and_is_quick(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, _api), watching(node, "account=demo") as trace:
        await trace.line()
        await node.stop()
        with pytest.raises(AssertionError, match="the trace has ended"):
            await trace.line()
