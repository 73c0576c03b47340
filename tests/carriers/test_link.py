from __future__ import annotations

import asyncio
import socket
from itertools import pairwise
from pathlib import Path

from tests.support import ACCOUNT, ADMIN_KEY, HOST, Smsc, bound, carrier, eventually, on_loop, route, running, smsc


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


def hosts(*ports: int, **options: object) -> str:
    """A carrier at the first of these ports, with the others as alternates."""
    first, *rest = ports
    return carrier("north", first, alternates=[f"{HOST}:{port}" for port in rest], **options)


@on_loop
async def test_the_next_host_is_tried_at_once_and_the_first_again_at_the_next_reconnect(tmp_path: Path) -> None:
    first = await Smsc().start()
    await first.stop()
    async with (
        smsc(password="another") as second,
        smsc() as third,
        running(hosts(first.port, second.port, third.port, reconnect_min=1.0, reconnect_max=1.0), tmp_path) as (
            node,
            api,
        ),
    ):
        begun = asyncio.get_running_loop().time()
        await bound(node)
        assert asyncio.get_running_loop().time() - begun < 1, "no pause between hosts of one round"
        assert (len(second.connections), len(third.bound)) == (1, 1)
        [shown] = (await api("GET", "/v1/carriers", key=ADMIN_KEY))[1]["carriers"]
        assert shown["links"][0]["address"] == f"{HOST}:{third.port}"
        await first.start()
        third.cut()
        await eventually(lambda: first.bound, "the first host to be bound to")
        assert not third.bound
        await first.stop()
        # The first is gone again: a round of all of them, after a pause.
        await eventually(lambda: third.bound, "the third host to be bound to")


@on_loop
async def test_a_round_without_success_is_followed_by_a_pause(tmp_path: Path) -> None:
    async with (
        smsc(password="another") as one,
        smsc(password="another") as two,
        running(hosts(one.port, two.port, reconnect_min=0.2, reconnect_max=0.2), tmp_path),
    ):
        await eventually(lambda: len(two.connections) == 3, "three rounds")
        assert all(later - earlier >= 0.19 for earlier, later in pairwise(one.connections))
        assert len(one.connections) in {3, 4}


@on_loop
async def test_a_host_that_does_not_answer_costs_its_time_and_no_more(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        # What fills its queue; the kernel answers nobody after that.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex((HOST, port))
        async with smsc() as other, running(hosts(port, other.port, connect_timeout=0.3), tmp_path) as (node, _api):
            await bound(node)
            assert len(other.bound) == 1
        for each in waiting:
            each.close()


@on_loop
async def test_every_address_of_a_host_is_tried(tmp_path: Path) -> None:
    async with smsc() as north, running(carrier("north", north.port, host="localhost"), tmp_path) as (node, _api):
        await bound(node)
        assert node.lanes[0].links[0].where() == {"address": f"{HOST}:{north.port}"}


@on_loop
async def test_ipv6(tmp_path: Path) -> None:
    async with smsc(host="::1") as north:
        for text in (
            carrier("north", north.port, host="::1"),
            carrier("north", 9, alternates=[f"[::1]:{north.port}"]),
        ):
            async with running(text, tmp_path) as (node, _api):
                await bound(node)
                assert node.lanes[0].links[0].where() == {"address": f"[::1]:{north.port}"}
