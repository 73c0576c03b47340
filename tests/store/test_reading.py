from __future__ import annotations

import asyncio

import structlog

from septet.store.reading import Reading
from tests.support import on_loop


@on_loop
async def test_one_at_a_time_and_what_comes_meanwhile_is_found() -> None:
    wanted = [1]
    found: list[list[int]] = []

    async def work() -> None:
        while wanted:
            found.append(wanted.copy())
            wanted.clear()
            await asyncio.sleep(0)

    reading = Reading("numbers", work)
    reading.wake()
    reading.wake()
    await asyncio.sleep(0)
    wanted.append(2)
    reading.wake()
    await reading.finish()
    assert found == [[1], [2]]
    wanted.append(3)
    reading.wake()
    await reading.finish()
    assert found == [[1], [2], [3]]


@on_loop
async def test_a_failure_is_said_and_the_next_wish_is_tried() -> None:
    tries = []

    async def work() -> None:
        tries.append(1)
        raise RuntimeError("broken")

    reading = Reading("numbers", work)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            reading.wake()
            await reading.finish()
            await asyncio.sleep(0)
    assert len(tries) == 2
    assert [(it["event"], it["what"]) for it in logs] == [("store.reading_failed", "numbers")] * 2


@on_loop
async def test_stop_ends_what_is_being_read() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ended.append(1)
            raise

    reading = Reading("numbers", work)
    await reading.stop()
    reading.wake()
    await asyncio.sleep(0)
    await reading.stop()
    assert ended == [1]
