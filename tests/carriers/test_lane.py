from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support import (
    ACCOUNT,
    PERSON,
    Smsc,
    bound,
    carrier,
    eventually,
    most_in_a_second,
    on_loop,
    route,
    running,
    smsc,
)


def batch(count: int, text: str = "m") -> dict[str, object]:
    # One destination each, so that they spread over the links.
    return {"messages": [{"from": "12345", "to": f"4670{n:07}", "text": f"{text}{n}"} for n in range(count)]}


@on_loop
async def test_never_more_than_the_ceiling_in_any_sliding_second(tmp_path: Path) -> None:
    async with smsc() as north:
        begun = asyncio.get_running_loop().time()
        text = ACCOUNT + carrier("north", north.port, throughput=20, binds=2) + route("north")
        async with running(text, tmp_path) as (node, api):
            await bound(node)
            assert (await api("POST", "/v1/messages", batch(60)))[0] == 202
            await eventually(lambda: len(north.submits) == 60, "all of them")
        times = [submit.at for submit in north.submits]
        assert times[0] - begun >= 1
        assert most_in_a_second(times) <= 20
        assert times[-1] - times[0] < 4, "the ceiling is used, not only kept"


@on_loop
async def test_a_restart_stays_under_the_same_ceiling(tmp_path: Path) -> None:
    async with smsc() as north:
        text = ACCOUNT + carrier("north", north.port, throughput=20) + route("north")
        for _life in range(2):
            async with running(text, tmp_path) as (node, api):
                await bound(node)
                before = len(north.submits)
                assert (await api("POST", "/v1/messages", batch(20)))[0] == 202
                await eventually(lambda before=before: len(north.submits) >= before + 15, "some of them")  # type: ignore[misc]
        assert most_in_a_second([submit.at for submit in north.submits]) <= 20


@on_loop
async def test_a_throttled_carrier_is_left_alone_for_a_while(tmp_path: Path) -> None:
    async with smsc() as north:
        text = ACCOUNT + carrier("north", north.port, throttle_pause=0.7, window=1) + route("north")
        async with running(text, tmp_path) as (node, api):
            await bound(node)
            refusals = iter([0x58])
            north.answer = lambda _pdu: next(refusals, 0)
            assert (await api("POST", "/v1/messages", batch(3)))[0] == 202
            await eventually(lambda: len(north.submits) == 4, "the refused one and all three")
            first, again, *_rest = north.submits
            assert again.octets == first.octets, "the refused one returns to the head"
            assert 0.69 <= again.at - first.at < 5


@on_loop
async def test_what_waits_for_a_carrier_that_is_down_goes_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("septet.carriers.lane._GRACE", 0.2)
    async with smsc() as north, smsc() as east:
        text = ACCOUNT + carrier("north", north.port) + carrier("east", east.port) + route("north", failover=("east",))
        async with running(text, tmp_path) as (node, api):
            await bound(node)
            await north.stop()
            await eventually(lambda: not any(node.engine.links_up(0)), "the link to be down")
            ids = [await api.post(f"m{n}") for n in range(5)]
            for id in ids:
                assert (await api.until(id, "submitted"))["carrier"] == "east"
            assert [submit.octets for submit in east.submits] == [b"m0", b"m1", b"m2", b"m3", b"m4"]
            assert north.submits == []


@on_loop
async def test_a_carrier_that_never_came_up_holds_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("septet.carriers.lane._GRACE", 0.2)
    north, east = await Smsc().start(), await Smsc().start()
    await north.stop()
    await east.stop()
    text = ACCOUNT + carrier("north", north.port) + carrier("east", east.port) + route("north", failover=("east",))
    async with running(text, tmp_path) as (node, api):
        id = await api.post("while both are down")
        assert node.engine.load_of(0)[0] == 1, "it waits for its first choice"
        await east.start()
        assert (await api.until(id, "submitted"))["carrier"] == "east"
        await east.stop()


@on_loop
async def test_a_short_cut_moves_nothing(tmp_path: Path) -> None:
    async with smsc() as north, smsc() as east:
        text = ACCOUNT + carrier("north", north.port) + carrier("east", east.port) + route("north", failover=("east",))
        async with running(text, tmp_path) as (node, api):
            await bound(node)
            north.cut()
            await eventually(lambda: not any(node.engine.links_up(0)), "the link to be down")
            id = await api.post("patience")
            assert (await api.until(id, "submitted"))["carrier"] == "north"
            assert east.submits == []


@on_loop
async def test_the_window_is_kept(tmp_path: Path) -> None:
    async with smsc() as north:
        north.answer = lambda _pdu: None
        text = ACCOUNT + carrier("north", north.port, window=3) + route("north")
        async with running(text, tmp_path) as (node, api):
            await bound(node)
            for n in range(10):
                await api.post(f"m{n}", to=PERSON)
            await eventually(lambda: len(north.submits) == 3, "a full window")
            state = node.lanes[0].state()
            assert (state["window"], state["window_used"], state["queue_depth"]) == (3, 3, 7)
            assert len(north.submits) == 3
            north.answer = lambda _pdu: 0
            north.cut()
            await eventually(lambda: node.engine.load_of(0) == (0, 0), "the queue and the window to be empty")


@pytest.mark.parametrize(
    ("host", "peer", "may"),
    [("192.0.2.1", "192.0.2.1", True), ("192.0.2.1", "192.0.2.2", False), ("smsc.example", "192.0.2.2", True)],
)
@on_loop
async def test_where_a_carrier_may_connect_from(tmp_path: Path, host: str, peer: str, *, may: bool) -> None:
    outbind = 'outbind = { system_id = "mc", password = "word" }\n'
    async with running(carrier("north", 1, host=host) + outbind, tmp_path) as (node, _api):
        assert node.lanes[0].may_come_from(peer) is may


@on_loop
async def test_what_a_holding_carrier_does_not_answer_is_not_sent_again(tmp_path: Path) -> None:
    async with (
        smsc() as north,
        running(ACCOUNT + carrier("north", north.port, on_unknown="hold") + route("north"), tmp_path) as (node, api),
    ):
        await bound(node)
        north.answer = lambda _pdu: None
        held = await api.post("held")
        await eventually(lambda: north.submits, "it to be there")
        north.answer = lambda _pdu: 0
        north.cut()
        found = await api.until(held, "unknown")
        assert found["error"] == "no_response"
        await bound(node)
        await api.until(await api.post("the next"), "submitted")
        assert [submit.octets for submit in north.submits] == [b"held", b"the next"]


@on_loop
async def test_a_carrier_is_asked_for_the_receipt_that_it_does_not_send(tmp_path: Path) -> None:
    async with (
        smsc() as north,
        running(ACCOUNT + carrier("north", north.port, query_after=0.2) + route("north"), tmp_path) as (node, api),
    ):
        await bound(node)
        asked = await api.post("silent")
        await eventually(lambda: north.queries, "the carrier to be asked")
        north.state = 2
        found = await api.until(asked, "delivered")
        assert set(north.queries) == {"c1"}
        assert found["segments"] == 1
