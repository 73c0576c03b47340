"""A disk that is full, or whose sync fails: new messages are refused, what must get in gets in, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.preload import Disk
from tests.faults.town import Town, seed, town
from tests.support import on_loop

RMSGQFUL = 0x14

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the disk under the node is a preloaded library of Linux"
)


async def within(place: Town, what: str, seconds: float, condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits until the awaitable condition holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await condition():
        assert loop.time() < deadline, f"waited {seconds:g} s in vain for {what}:\n{place.log[-2000:]}"
        await asyncio.sleep(0.02)  # between two looks


@on_loop
async def test_a_full_disk_refuses_the_new_and_takes_what_must_get_in(tmp_path: Path) -> None:
    chance = random.Random(seed())
    async with town(tmp_path, chance) as place:
        disk = Disk(tmp_path, place.data)
        place.env = disk.env
        place.launch()
        await place.ready()

        async def has_reserve() -> bool:
            return (place.data / "septet.db-reserve").exists()

        await within(place, "the reserve", 10, has_reserve)
        place.load(on=True)
        await place.until(1000)
        disk.limit(disk.used() + 50_000)

        async def refuses() -> bool:
            return place.esme.refused[RMSGQFUL] > 0 and place.app.refused[503] > 0

        await within(place, "refusals over SMPP and HTTP", 20, refuses)
        assert disk.refused > 0
        assert await place.metric("septet_store_trouble") > 0
        assert "store.failed" in place.log
        place.load(on=False)
        # Receipts, inbound messages and opt-outs are in the reserve's space.
        place.north.mo("m9000001", "46190000001")
        place.north.stop_word("46190000002")

        async def got_in() -> bool:
            return place.record.inbound["m9000001"] > 0 and (place.north.number, "46190000002") in place.record.optouts

        await within(place, "an inbound message and an opt-out", 20, got_in)
        disk.limit(0)

        async def recovered() -> bool:
            return "store.recovered" in place.log and await place.metric("septet_store_trouble") == 0

        await within(place, "the node to go on by itself", 20, recovered)
        place.load(on=True)
        await place.until(1000)
        await place.settle()
        place.check()


@on_loop
async def test_a_sync_that_failed_is_not_taken_for_one_that_succeeded(tmp_path: Path) -> None:
    """What was in that commit is written anew, so a power cut after the next acknowledgement finds it."""
    chance = random.Random(seed())
    async with town(tmp_path, chance) as place:
        disk = Disk(tmp_path, place.data)
        place.env = disk.env
        place.load(on=True)
        for _ in range(2):
            disk.renew()
            place.launch()
            await place.ready()
            await place.until(500)
            failed = disk.failed
            disk.fail_syncs(chance.randint(1, 3))

            async def has_failed(failed: int = failed) -> bool:
                return disk.failed > failed

            await within(place, "a sync to fail", 20, has_failed)
            await place.until(500)
            place.kill()
            disk.cut_power(chance, "all")
        disk.renew()
        place.launch()
        await place.ready()
        await place.until(300)
        await place.settle()
        assert "store.failed" in place.log
        assert "store.recovered" in place.log
        place.check()


@contextmanager
def small_mount(folder: Path) -> Iterator[None]:
    """A file system of few megabytes; skips where mounting is not permitted."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"mounting is not permitted here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.whole
@on_loop
async def test_a_small_file_system_that_fills_up(tmp_path: Path) -> None:
    chance = random.Random(seed())
    with small_mount(tmp_path / "data"):
        async with town(tmp_path, chance) as place:
            place.launch()
            await place.ready()
            place.load(on=True)
            await place.until(500)
            filler = place.data / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))

            async def refuses() -> bool:
                return place.esme.refused[RMSGQFUL] > 0 and place.app.refused[503] > 0

            await within(place, "refusals over SMPP and HTTP", 20, refuses)
            filler.unlink()

            async def recovered() -> bool:
                return "store.recovered" in place.log

            await within(place, "the node to go on by itself", 20, recovered)
            await place.until(500)
            await place.settle()
            place.check()
            place.kill()
