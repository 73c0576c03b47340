"""The simulated carrier over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from septet.sim import Simulator
from tests.sim.support import Client


@asynccontextmanager
async def simulator(**options: Any) -> AsyncIterator[Simulator]:
    sim = Simulator("127.0.0.1", 0, options={"system_id": "septet", "password": "secret", **options})
    await sim.start()
    try:
        yield sim
    finally:
        await sim.stop()


def play(tour: Callable[[Simulator, Client], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def run() -> None:
        async with simulator(**options) as sim:
            client = await Client.connect(sim.port)
            await tour(sim, client)
            client.close()

    asyncio.run(run())


def test_a_submit_gets_its_response_and_its_receipt() -> None:
    async def tour(sim: Simulator, client: Client) -> None:
        assert await client.bind() == 0
        client.submit(b"hello")
        answer = (await client.until("submit_sm_resp"))[0]
        receipt = (await client.until("deliver_sm"))[0]
        assert receipt.fields["short_message"].startswith(b"id:" + answer.fields["message_id"].encode())
        assert sim.carrier.messages(1)[0]["text"] == "hello"

    play(tour)


def test_a_wrong_password_is_refused() -> None:
    async def tour(_sim: Simulator, client: Client) -> None:
        assert await client.bind("wrong") == 0x0E

    play(tour)


def test_a_text_from_a_person_reaches_whoever_may_receive() -> None:
    async def tour(sim: Simulator, client: Client) -> None:
        await client.bind()
        assert sim.mo("46701234567", "12345", "x" * 200) == 2
        parts = await client.until("deliver_sm", 2)
        assert all(part.fields["esm_class"] == 0x40 for part in parts)

    play(tour)


def test_behaviour_may_change_at_any_time() -> None:
    async def tour(sim: Simulator, client: Client) -> None:
        await client.bind()
        sim.carrier.configure({"error_rate": 1.0, "error_status": 0x58})
        client.submit(b"hello")
        assert (await client.until("submit_sm_resp"))[0].status == 0x58

    play(tour)


def test_a_delay_is_kept_by_a_timer() -> None:
    async def tour(_sim: Simulator, client: Client) -> None:
        await client.bind()
        begun = asyncio.get_running_loop().time()
        client.submit(b"hello", registered=0)
        await client.until("submit_sm_resp")
        assert asyncio.get_running_loop().time() - begun >= 0.1

    play(tour, submit_delay=(100_000, 100_000))


def test_a_cut_ends_every_connection() -> None:
    async def tour(sim: Simulator, client: Client) -> None:
        await client.bind()
        assert sim.drop() == 1
        assert await client.gone()

    play(tour)
