from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from tests.support import ACCOUNT, Smsc, bound, carrier, eventually, on_loop, route, running, smsc


@on_loop
async def test_every_link_binds(tmp_path: Path) -> None:
    async with smsc() as north, running(carrier("north", north.port, binds=3), tmp_path) as (node, _api):
        await bound(node)
        assert len(north.bound) == 3
        assert [link.connected for link in node.lanes[0].links] == [True] * 3


@on_loop
async def test_a_cut_link_comes_back_and_sends_what_was_unanswered(tmp_path: Path) -> None:
    async with (
        smsc() as north,
        running(ACCOUNT + carrier("north", north.port) + route("north"), tmp_path) as (node, api),
    ):
        await bound(node)
        north.answer = lambda _pdu: None
        id = await api.post("twice")
        await eventually(lambda: north.submits, "the first submit_sm")
        north.answer = lambda _pdu: 0
        north.cut()
        await eventually(lambda: len(north.binds) == 2, "the second bind")
        await api.until(id, "submitted")
        assert [submit.octets for submit in north.submits] == [b"twice", b"twice"]


@on_loop
async def test_attempts_back_off_while_nobody_listens(tmp_path: Path) -> None:
    north = await Smsc().start()
    await north.stop()
    text = carrier("north", north.port, reconnect_min=0.05, reconnect_max=0.3)
    async with running(text, tmp_path) as (node, _api):
        link = node.lanes[0].links[0]
        await asyncio.sleep(0)
        assert not link.connected
        await north.start()
        await bound(node)
        assert len(north.connections) == 1
        await north.stop()


@on_loop
async def test_a_wrong_password_does_not_hammer(tmp_path: Path) -> None:
    text = carrier("north", 0, reconnect_min=0.1, reconnect_max=10.0)
    async with (
        smsc(password="another") as north,
        running(text.replace("port = 0", f"port = {north.port}"), tmp_path) as (
            node,
            _api,
        ),
    ):
        await eventually(lambda: len(north.connections) == 4, "the fourth attempt")
        assert north.binds == []
        # The pauses are drawn between the minimum and a ceiling that doubles; a refused bind resets neither.
        assert all(later - earlier >= 0.09 for earlier, later in pairwise(north.connections))
        assert not any(node.engine.links_up(0))
        assert node.lanes[0].links[0]._backoff.attempts >= 3  # noqa: SLF001 - nothing else tells a long pause from luck


@on_loop
async def test_a_bind_makes_the_next_pause_short_again(tmp_path: Path) -> None:
    async with smsc() as north, running(carrier("north", north.port), tmp_path) as (node, _api):
        for count in range(2, 6):
            await bound(node)
            north.cut()
            await eventually(lambda count=count: len(north.binds) == count, f"bind {count}")  # type: ignore[misc]
        assert all(later - earlier < 1 for earlier, later in pairwise(north.binds))


@on_loop
async def test_a_host_name_that_is_none_ends_no_link(tmp_path: Path) -> None:
    async with running(carrier("north", 2775).replace('host = "127.0.0.1"', 'host = "a..b"'), tmp_path) as (node, _):
        task = node.lanes[0].links[0]._task  # noqa: SLF001 - the promise is that it goes on
        assert task is not None
        await eventually(lambda: node.lanes[0].links[0]._backoff.attempts >= 2, "two attempts")  # noqa: SLF001
        assert not task.done()
