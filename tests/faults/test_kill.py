"""`kill -9` at any moment under mixed load: nothing acknowledged is lost, and the windows bound what comes twice."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.faults.town import Town, cycles, seed, town
from tests.support import on_loop


async def one_life(place: Town) -> None:
    """Starts the node and kills it: mostly under load, now and then while it starts."""
    place.launch()
    if place.chance.random() < 0.1:
        await asyncio.sleep(place.chance.uniform(0, 0.4))  # this pause is the moment of the kill
        place.kill()
        return
    await place.ready()
    await place.until(place.chance.randrange(1, 4000))
    place.kill()


async def lives(place: Town, count: int) -> None:
    place.load(on=True)
    for _ in range(count):
        await one_life(place)
    place.launch()
    await place.ready()
    await place.until(1000)
    await place.settle()


@pytest.mark.timeout(3600)
@on_loop
async def test_nothing_acknowledged_is_lost_by_kills(tmp_path: Path) -> None:
    chance = random.Random(seed())
    async with town(tmp_path, chance) as place:
        await lives(place, cycles(6))
        print(f"{place.kills} kills: {place.record.figures()}")
        place.check()


async def moods(place: Town) -> None:
    """Now and then the first carrier refuses for now, or is gone for a moment."""
    while True:
        place.north.refuses = place.chance.random() < 0.5
        if place.chance.random() < 0.1:
            place.north.cut()
        await asyncio.sleep(place.chance.uniform(0, 0.2))  # so long it stays in that mood


@pytest.mark.timeout(3600)
@on_loop
async def test_nothing_acknowledged_is_lost_by_kills_while_messages_fail_over(tmp_path: Path) -> None:
    """What the first carrier refuses goes to the second, under a new reference; order is not promised between them."""
    chance = random.Random(seed())
    async with town(tmp_path, chance, failover='["south"]') as place:
        mood = asyncio.get_running_loop().create_task(moods(place))
        try:
            await lives(place, cycles(4))
        finally:
            mood.cancel()
        moved = sum(
            any(carrier == "south" for carrier, *_ in place.record.parts[t]) for t in place.record.parts if t[0] == "s"
        )
        print(f"{place.kills} kills: {moved} failed over, {place.record.figures()}")
        assert moved
        place.check(order=False, one_reference=False)


@on_loop
async def test_commits_after_the_acknowledgement_are_caught(tmp_path: Path) -> None:
    """The checker can fail: a node that commits a moment after it has acknowledged loses messages, and it shows."""
    chance = random.Random(seed())
    async with town(tmp_path, chance) as place:
        place.program = [str(Path(__file__).with_name("early.py"))]
        place.load(on=True)
        for _ in range(2):
            place.launch()
            await place.ready()
            await place.until(500)
            place.kill()
        place.launch()
        await place.ready()
        await place.settle(seconds=2)
        assert place.record.lost().get("messages"), place.record.figures()
