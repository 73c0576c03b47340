"""What survives a kill: correlation of receipts, receipts without a message, idempotency keys, sets of parts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.faults.parties import APP_NUMBER
from tests.faults.town import Town, town
from tests.support import eventually, on_loop


async def born_again(place: Town) -> None:
    place.kill()
    place.launch()
    await place.ready()


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Town]:
    """A town whose node is ready."""
    async with town(folder, random.Random(1)) as place:
        place.launch()
        await place.ready()
        yield place


async def unreceipted(place: Town) -> Any:
    """What the API said of a first message; its carrier has it and sends no receipts."""
    place.south.receipts = False
    status, answer = await place.app.post(message("h0000001"))
    assert status == 202
    await eventually(lambda: "h0000001" in place.record.parts, "the message at its carrier")
    return answer


def message(token: str) -> dict[str, str]:
    return {"from": APP_NUMBER, "to": "46200000001", "text": token}


@on_loop
async def test_a_receipt_finds_its_message_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as place:
        answer = await unreceipted(place)

        async def submitted() -> bool:
            return await place.metric("septet_queue_depth") + await place.metric("septet_link_window_used") == 0

        while not await submitted():
            await asyncio.sleep(0.01)  # between two looks; the time-out of the test ends it
        await born_again(place)
        place.south.receipts = True
        place.south.receipt("south1", APP_NUMBER, "46200000001", "h0000001")
        place.south.give()
        await eventually(lambda: place.record.news["h0000001"] == 1, "the receipt")
        assert place.record.named["h0000001"] == {answer["id"]}


@on_loop
async def test_a_receipt_that_overtook_its_response_waits_over_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as place:
        await unreceipted(place)
        # The id of the next message: its receipt comes first.
        place.south.receipts = True
        place.south.receipt("south2", APP_NUMBER, "46200000001", "h0000002")
        place.south.receipts = False
        place.south.give()
        await eventually(lambda: "h0000002" in place.record.receipted, "the receipt to be acknowledged")
        await born_again(place)
        # What the kill left unanswered may be sent once more, and takes an id.
        before = sum(place.record.parts["h0000001"].values())
        assert before == 1 or place.record.news["h0000001"] == 1
        if before == 1:
            await place.app.post(message("h0000002"))
            await eventually(lambda: place.record.news["h0000002"] == 1, "the receipt that waited")


@on_loop
async def test_an_idempotency_key_survives_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as place:
        status, first = await place.app.post(message("h0000001"), key="k")
        assert status == 202
        await born_again(place)
        assert await place.app.post(message("h0000001"), key="k") == (202, first)
        assert (await place.app.post(message("h0000002"), key="k"))[0] == 422
        await eventually(lambda: place.record.news["h0000001"] > 0, "the message")
        assert place.record.named["h0000001"] == {first["id"]}


@on_loop
async def test_parts_of_an_inbound_message_wait_over_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as place:
        whole = place.north.hold_last("m0000001", "46190000001", parts=3)
        await eventually(lambda: place.north.idle, "the first two parts to be acknowledged")
        assert not place.record.given
        await born_again(place)
        place.north.waiting.append(whole[-1])
        place.north.give()
        await eventually(lambda: place.record.inbound["m0000001"] == 1, "the message")
        assert place.record.given == {"m0000001"}
