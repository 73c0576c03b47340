"""A power cut: the process is killed, and what no sync has followed is taken back, whole, in part or in pieces."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import get_args

import pytest

from tests.faults.preload import Disk, Loss
from tests.faults.town import Town, cycles, seed, town
from tests.support import on_loop

pytestmark = [
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform != "linux", reason="the disk under the node is a preloaded library of Linux"),
]


async def cuts(place: Town, disk: Disk, count: int) -> int:
    """So many power cuts under load, then a start and an end; gives how many writes they met."""
    place.env = disk.env
    place.load(on=True)
    met = 0
    for number in range(count):
        disk.renew()
        place.launch()
        await place.ready()
        await place.until(place.chance.randrange(1, 1500))
        place.kill()
        if place.chance.random() < 0.5:
            # What a kill left unsynced, and the next life has read and told of, is lost to the power no more.
            place.launch()
            await place.ready()
            await place.until(place.chance.randrange(1, 20))
            place.kill()
        met += disk.cut_power(place.chance, get_args(Loss)[number % 3])
    disk.renew()
    place.launch()
    await place.ready()
    await place.until(300)
    return met


def whole(place: Town) -> None:
    assert "store.corrupt" not in place.log
    assert not list(place.data.glob("*corrupt*"))


@on_loop
async def test_nothing_acknowledged_is_lost_by_power_cuts(tmp_path: Path) -> None:
    chance = random.Random(seed())
    async with town(tmp_path, chance) as place:
        disk = Disk(tmp_path, place.data)
        met = await cuts(place, disk, cycles(4))
        await place.settle()
        print(f"{cycles(4)} power cuts, {place.kills} kills, {met} unsynced writes met: {place.record.figures()}")
        assert met > 0
        whole(place)
        place.check()


@on_loop
async def test_what_durability_os_gives_up(tmp_path: Path) -> None:
    """Acknowledged messages may be lost, and the store is whole all the same."""
    chance = random.Random(seed())
    async with town(tmp_path, chance, durability="os") as place:
        disk = Disk(tmp_path, place.data)
        met = await cuts(place, disk, cycles(3))
        await place.settle(seconds=3)
        lost = {name: len(tokens) for name, tokens in place.record.lost().items()}
        print(f'{cycles(3)} power cuts with durability = "os", {met} unsynced writes met: lost {lost}')
        whole(place)


@on_loop
async def test_syncs_that_do_nothing_are_caught(tmp_path: Path) -> None:
    """The checker and the disk can fail: a disk that lies about its syncs loses what was acknowledged, and it shows."""
    chance = random.Random(seed())
    async with town(tmp_path, chance) as place:
        disk = Disk(tmp_path, place.data)
        # The first start makes the file, so that there is something to go on with.
        place.env = disk.env
        place.launch()
        await place.ready()
        place.kill()
        disk.ignore_syncs()
        await cuts(place, disk, 2)
        await place.settle(seconds=2)
        lost = place.record.lost()
        assert lost.get("messages"), place.record.figures()
