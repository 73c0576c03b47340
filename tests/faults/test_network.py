"""Half-open TCP: packets of a carrier are lost without a word. The node finds out by itself, and nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.network import THEIRS, Cable, far_host
from tests.faults.town import Town, seed
from tests.support import eventually, on_loop


async def dead(place: Town, downs: int) -> None:
    """Returns once the node has given up a connection."""
    await eventually(lambda: place.log.count("link.down") > downs, "the node to notice", seconds=20)


async def half_open(place: Town, cable: Cable, *, failover: bool) -> None:
    place.carrier_options = {"response_timeout": 1.0, "enquire_link": 1.0, "connect_timeout": 1.0}
    place.north.host, place.north.socket = THEIRS, cable.listen()
    await place.open()
    place.launch()
    await place.ready()

    # While submits are in flight.
    place.load(on=True)
    await place.until(1000)
    cable.cut()
    downs = place.log.count("link.down")
    await dead(place, downs)
    before = len(place.record.acknowledged)
    await eventually(lambda: len(place.record.acknowledged) > before + 200, "messages to be accepted meanwhile")
    if failover:
        waiting = {token for token in place.record.acknowledged if token.startswith("s")} - place.record.parts.keys()
        await eventually(lambda: waiting <= place.record.parts.keys(), "the other carrier to take over", seconds=30)
    cable.mend()
    place.kills += 1  # for the windows: what the dead connection left unanswered is sent again
    await place.until(1000)
    await place.settle()

    # While nothing is said: only enquire_link can tell.
    downs = place.log.count("link.down")
    cable.cut()
    await dead(place, downs)
    cable.mend()
    place.kills += 1
    place.load(on=True)
    await place.until(500)
    await place.settle()


@on_loop
async def test_a_carrier_whose_packets_are_lost(tmp_path: Path) -> None:
    with far_host() as cable:
        place = Town(tmp_path, random.Random(seed()))
        try:
            await half_open(place, cable, failover=False)
            place.check()
        finally:
            await place.close()


@pytest.mark.whole
@on_loop
async def test_another_carrier_takes_over_while_packets_are_lost(tmp_path: Path) -> None:
    with far_host() as cable:
        place = Town(tmp_path, random.Random(seed()), failover='["south"]')
        try:
            await half_open(place, cable, failover=True)
            # Between two carriers there is neither an order nor one reference.
            problems = [it for it in place.problems(one_reference=False) if not it.startswith("disorder")]
            assert not problems, problems
        finally:
            await place.close()
