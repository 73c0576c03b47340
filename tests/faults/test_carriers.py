"""Carriers that behave badly: slow, silent, flapping, answering twice, sending the receipt first. Nothing is lost."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from pathlib import Path

import pytest

from tests.faults.record import Record
from tests.faults.town import Town, seed, town
from tests.support import eventually, on_loop

# A p99 needs some thousands of messages.
SECONDS = 15


async def load_for(place: Town, events: int) -> None:
    place.launch()
    await place.ready()
    place.load(on=True)
    await place.until(events)


@on_loop
async def test_a_carrier_that_answers_twice(tmp_path: Path) -> None:
    async with town(tmp_path, random.Random(seed())) as place:
        place.north.answers = place.south.answers = 2
        await load_for(place, 3000)
        await place.settle()
        assert sum(place.record.twice().values()) == 0
        place.check()


@on_loop
async def test_a_carrier_whose_receipt_comes_before_its_response(tmp_path: Path) -> None:
    async with town(tmp_path, random.Random(seed())) as place:
        place.north.receipt_first = place.south.receipt_first = True
        place.north.delay = lambda: place.chance.uniform(0, 0.05)
        await load_for(place, 3000)
        # A kill in between: receipts that wait for their response are kept, and those of a lost response do no harm.
        place.kill()
        await load_for(place, 1000)
        await place.settle()
        place.check()


@on_loop
async def test_a_slow_carrier(tmp_path: Path) -> None:
    """Some responses take longer than the node waits: it sends again, and loses nothing."""
    async with town(tmp_path, random.Random(seed())) as place:
        place.carrier_options = {"response_timeout": 0.5}
        place.write_config()
        late = [0]

        def delay() -> float:
            chosen = place.chance.uniform(0, 0.6)
            late[0] += chosen > 0.4  # the node may be late itself when it looks at its clock
            return chosen

        place.north.delay = delay
        await load_for(place, 1500)
        place.north.delay = lambda: 0.0
        await place.settle()
        # Only what was answered too late comes twice, and no kill is to blame for more.
        assert place.record.twice()["submits"] <= late[0]
        place.check(twice=False)


@on_loop
async def test_a_carrier_that_flaps(tmp_path: Path) -> None:
    async with town(tmp_path, random.Random(seed())) as place:
        place.launch()
        await place.ready()
        place.load(on=True)
        for _ in range(8):
            await place.until(place.chance.randrange(50, 500))
            place.north.cut()
            place.kills += 1  # for the windows: what a cut leaves unanswered is sent again
        await place.settle()
        place.check()


@on_loop
async def test_a_carrier_that_falls_silent(tmp_path: Path) -> None:
    """Half open: the connection stands, and nothing comes over it any more."""
    async with town(tmp_path, random.Random(seed())) as place:
        place.carrier_options = {"response_timeout": 0.5, "enquire_link": 0.5}
        place.write_config()
        await load_for(place, 500)
        place.north.silent = True
        seen = len(place.north.connections)
        await place.until(500)
        await eventually(lambda: len(place.north.connections) > seen, "a new connection", seconds=20)
        place.north.silent = False
        place.kills += len(place.north.connections) - seen + 1
        await place.until(500)
        await place.settle()
        # What is in flight when the silence ends may pass what it has swallowed.
        place.check(order=False)


@pytest.mark.whole
@pytest.mark.timeout(300)
@on_loop
async def test_a_carrier_that_flaps_every_few_seconds(tmp_path: Path) -> None:
    async with town(tmp_path, random.Random(seed())) as place:
        await load_for(place, 500)
        for _ in range(20):
            await asyncio.sleep(place.chance.uniform(1, 5))  # so often it breaks
            place.north.cut()
            place.kills += 1
        await place.settle()
        print(f"{place.kills} breaks: {place.record.figures()}")
        place.check()


@pytest.mark.whole
@pytest.mark.timeout(300)
@on_loop
async def test_a_carrier_that_takes_up_to_a_minute(tmp_path: Path) -> None:
    """Within the node's own patience: late, and neither lost nor sent twice."""
    async with town(tmp_path, random.Random(seed())) as place:
        place.carrier_options = {"response_timeout": 90}
        place.write_config()
        place.north.delay = lambda: place.chance.uniform(0, 60)
        await load_for(place, 2000)
        place.north.delay = lambda: 0.0
        await place.settle(seconds=120)
        assert sum(place.record.twice().values()) == 0
        place.check()


def _p99(record: Record, since: float) -> float:
    waits = sorted(wait for at, wait in record.waits if at >= since)
    return statistics.quantiles(waits, n=100)[98]


@pytest.mark.whole
@pytest.mark.timeout(600)
@on_loop
async def test_a_slow_carrier_does_not_slow_another(tmp_path: Path) -> None:
    """How long a message waits for the other carrier, at the 99th percentile: at most half as long again."""
    async with town(tmp_path, random.Random(seed())) as place:
        # The same load before and beside, and a light one, so that it is not the machine that is measured.
        place.esme.window, place.esme.pause = 5, 0.02
        await load_for(place, 500)
        before = time.monotonic()
        await asyncio.sleep(SECONDS)  # this long it is measured
        calm = _p99(place.record, before)
        place.north.delay = lambda: place.chance.uniform(0, 60)
        await place.until(500)
        slow = time.monotonic()
        await asyncio.sleep(SECONDS)
        beside = _p99(place.record, slow)
        print(
            f"p99 from HTTP to the other carrier: {calm * 1e3:.1f} ms before, {beside * 1e3:.1f} ms beside a slow one"
        )
        assert beside <= 1.5 * calm
