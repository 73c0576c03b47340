"""A wall clock that jumps by an hour or a day under a running node."""

from __future__ import annotations

from pathlib import Path

import pytest

from septet.smpp import Pdu
from septet.store import wall_zero
from tests.support import ACCOUNT, bound, carrier, eventually, most_in_a_second, on_loop, route, running, smsc

HOUR = 3_600_000
DAY = 24 * HOUR
MESSAGE = {"from": "12345", "to": "46701234567", "text": "Hej"}


class Clock:
    """The machine's clock, set wrong by `off` milliseconds."""

    def __init__(self) -> None:
        self.off = 0
        self._looks = 0

    def __call__(self) -> int:
        self._looks += 1
        return wall_zero() + self.off

    async def jump(self, off: int) -> None:
        """Returns once the node has looked at it since."""
        self.off = off
        before = self._looks
        await eventually(lambda: self._looks > before, "the node to look at its clock")


def world(port: int, **options: object) -> str:
    return ACCOUNT + carrier("north", port, **options) + route("north")


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
@on_loop
async def test_pacing_and_retries_do_not_see_it(tmp_path: Path, jump: int) -> None:
    clock = Clock()
    refused: list[bytes] = []

    def once(pdu: Pdu) -> int:
        text = pdu.fields["short_message"]
        if text in refused:
            return 0
        refused.append(text)
        return 0x08

    async with smsc() as north:
        text = world(north.port, throughput=10, retry_base=0.2)
        async with running(text, tmp_path, clock=clock) as (node, api):
            await bound(node)
            north.answer = once
            ids = [await api.post(f"m{n}") for n in range(12)]
            await eventually(lambda: len(refused) > 3, "the first refusals")
            await clock.jump(jump)
            for id in ids:
                await api.until(id, "submitted")
            assert len(north.submits) == 24
            # Ten a second, and one more where the second begins.
            assert most_in_a_second([submit.at for submit in north.submits]) <= 11


@on_loop
async def test_an_idempotency_key_is_kept_a_day_but_for_the_jump(tmp_path: Path) -> None:
    clock = Clock()
    async with smsc() as north, running(world(north.port), tmp_path, clock=clock) as (node, api):
        await bound(node)
        _status, first = await api("POST", "/v1/messages", MESSAGE, idempotency_key="k")
        for jump in (HOUR, -HOUR, -DAY, 23 * HOUR):
            await clock.jump(jump)
            assert await api("POST", "/v1/messages", MESSAGE, idempotency_key="k") == (202, first)
        await clock.jump(25 * HOUR)
        status, other = await api("POST", "/v1/messages", MESSAGE, idempotency_key="k")
        assert (status, other["id"] != first["id"]) == (202, True)


@on_loop
async def test_messages_of_a_clock_set_back_are_found_in_the_day_of_their_ids(tmp_path: Path) -> None:
    clock = Clock()
    async with smsc(receipts=True) as north:
        ids = []
        async with running(world(north.port), tmp_path, clock=clock) as (node, api):
            await bound(node)
            for off in (0, DAY, -DAY, 0):
                await clock.jump(off)
                ids.append(await api.post(f"at {off}"))
                await api.until(ids[-1], "delivered")
            assert sorted(ids) == [ids[2], ids[0], ids[3], ids[1]], "an id's order is that of the clock at its time"
        async with running(world(north.port), tmp_path) as (node, api):
            for id in ids:
                assert (await api("GET", f"/v1/messages/{id}"))[1]["status"] == "delivered"
            listed = [found["id"] for found in (await api("GET", "/v1/messages?limit=10"))[1]["messages"]]
            assert sorted(listed, reverse=True) == listed
            assert set(listed) == set(ids)
        assert len(north.submits) == len(ids)
