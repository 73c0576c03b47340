from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from septet.delivery.schedule import HORIZON
from septet.delivery.webhooks import Endpoint, Outcome, Policy, Webhooks
from septet.errors import SeptetError
from septet.message import Event

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class MemoryOutbox:
    """Events in memory; `settled` remembers how each ended."""

    def __init__(self) -> None:
        self.pending: dict[str, list[Event]] = {}
        self.settled: dict[int, Outcome] = {}
        self.changed = asyncio.Event()

    def put(self, account: str, *tokens: int) -> None:
        self.pending.setdefault(account, []).extend(
            Event(token, f"evt_{token}", "message.delivered", 1_700_000_000.25, {"id": f"m{token}"}) for token in tokens
        )

    def take(self, account: str, limit: int) -> list[Event]:
        waiting = self.pending.setdefault(account, [])
        taken, waiting[:] = waiting[:limit], waiting[limit:]
        return taken

    def done(self, token: int, outcome: Outcome) -> None:
        self.settled[token] = outcome
        self.changed.set()

    async def settles(self, *tokens: int) -> None:
        while not set(tokens) <= self.settled.keys():
            self.changed.clear()
            await self.changed.wait()


class HandClock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = time.time()
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.set = asyncio.Event()

    def __call__(self) -> float:
        return self.now

    def later(self, delay: float, callback: Callable[[], None]) -> HandTimer:
        entry = (self.now + delay, callback)
        self.timers.append(entry)
        self.set.set()
        return HandTimer(self, entry)

    async def wait_for_timer(self, count: int = 1) -> None:
        while len(self.timers) < count:
            self.set.clear()
            await self.set.wait()

    def advance_to_next(self) -> None:
        entry = min(self.timers, key=lambda each: each[0])
        self.timers.remove(entry)
        self.now = max(self.now, entry[0])
        entry[1]()


class HandTimer:
    def __init__(self, clock: HandClock, entry: tuple[float, Callable[[], None]]) -> None:
        self.clock, self.entry = clock, entry

    def cancel(self) -> None:
        if self.entry in self.clock.timers:
            self.clock.timers.remove(self.entry)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Catcher:
    """A real HTTP server that answers as told and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer: Handler = self.ok

    async def ok(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    def statuses(self, *statuses: int, **headers: str) -> None:
        left = list(statuses)

        async def answer(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=left.pop(0), headers=headers)

        self.answer = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return await self.answer(request)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


class World:
    def __init__(self, url: str, catcher: Catcher) -> None:
        self.catcher = catcher
        self.outbox = MemoryOutbox()
        self.clock = HandClock()
        self.url = url

    def webhooks(self, *accounts: str, policy: Policy | None = None, url: str = "") -> Webhooks:
        endpoints = {account: Endpoint(url or self.url, SECRET) for account in accounts or ("demo",)}
        return Webhooks(self.outbox, endpoints, policy=policy, clock=self.clock, later=self.clock.later)


def play(scenario: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        catcher = Catcher()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", catcher.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        try:
            async with asyncio.timeout(20):
                await scenario(World(f"http://{host}:{port}/hook", catcher))
        finally:
            await runner.cleanup()

    asyncio.run(run())


def test_an_event_arrives_signed_and_is_settled() -> None:
    async def scenario(world: World) -> None:
        hooks = world.webhooks()
        world.outbox.put("demo", 1)
        await hooks.start()
        await world.outbox.settles(1)
        await hooks.stop()
        headers, body = world.catcher.got[0]
        assert Webhook(SECRET).verify(body, headers) == {
            "type": "message.delivered",
            "timestamp": "2023-11-14T22:13:20.250000Z",
            "data": {"id": "m1"},
        }
        assert (headers["webhook-id"], headers["content-type"]) == ("evt_1", "application/json")
        assert world.outbox.settled == {1: "delivered"}
        assert hooks.attempts == {("demo", "delivered"): 1}

    play(scenario)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 503])
def test_anything_but_a_2xx_is_tried_again_with_the_same_id_and_body(status: int) -> None:
    async def scenario(world: World) -> None:
        world.catcher.statuses(status, status, 200, Location=world.url)
        hooks = world.webhooks()
        world.outbox.put("demo", 1)
        await hooks.start()
        for _ in range(2):
            await world.clock.wait_for_timer()
            assert world.outbox.settled == {}
            world.clock.advance_to_next()
        await world.outbox.settles(1)
        await hooks.stop()
        assert world.catcher.ids == ["evt_1"] * 3
        assert len({body for _, body in world.catcher.got}) == 1
        times = [int(headers["webhook-timestamp"]) for headers, _ in world.catcher.got]
        assert times[0] < times[-1] == int(world.clock.now)
        assert hooks.attempts == {("demo", "failed"): 2, ("demo", "delivered"): 1}

    play(scenario)


def test_gone_is_final() -> None:
    async def scenario(world: World) -> None:
        world.catcher.statuses(410)
        hooks = world.webhooks()
        world.outbox.put("demo", 1)
        await hooks.start()
        await world.outbox.settles(1)
        await hooks.stop()
        assert world.outbox.settled == {1: "dead"}

    play(scenario)


def test_a_day_of_refusals_is_final() -> None:
    async def scenario(world: World) -> None:
        world.catcher.statuses(*[500] * 100)
        hooks = world.webhooks()
        world.outbox.put("demo", 1)
        began = world.clock.now
        await hooks.start()
        while not world.outbox.settled:
            timer = asyncio.create_task(world.clock.wait_for_timer())
            settled = asyncio.create_task(world.outbox.settles(1))
            _, left = await asyncio.wait([timer, settled], return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            if world.clock.timers:
                world.clock.advance_to_next()
        await hooks.stop()
        assert world.outbox.settled == {1: "dead"}
        assert world.clock.now <= began + HORIZON
        assert len(world.catcher.got) > 30

    play(scenario)


def test_retry_after_is_heeded() -> None:
    async def scenario(world: World) -> None:
        world.catcher.statuses(429, 200, **{"Retry-After": "600"})
        hooks = world.webhooks()
        world.outbox.put("demo", 1)
        began = world.clock.now
        await hooks.start()
        await world.clock.wait_for_timer()
        world.clock.advance_to_next()
        await world.outbox.settles(1)
        await hooks.stop()
        assert world.clock.now == began + 600

    play(scenario)


def test_an_event_that_waits_holds_up_no_other() -> None:
    async def scenario(world: World) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=500 if request.headers["webhook-id"] == "evt_1" else 200)

        world.catcher.answer = answer
        hooks = world.webhooks(policy=Policy(concurrency=1))
        world.outbox.put("demo", 1, 2, 3)
        await hooks.start()
        await world.outbox.settles(2, 3)
        world.catcher.answer = world.catcher.ok
        world.clock.advance_to_next()
        await world.outbox.settles(1)
        await hooks.stop()
        assert world.catcher.ids == ["evt_1", "evt_2", "evt_3", "evt_1"]

    play(scenario)


def test_a_slow_account_holds_up_no_other_and_occupies_a_bounded_share() -> None:
    async def scenario(world: World) -> None:
        release = asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            if int(request.headers["webhook-id"][4:]) < 100:
                await release.wait()
            return web.Response()

        world.catcher.answer = answer
        hooks = world.webhooks("slow", "quick", policy=Policy(concurrency=3))
        world.outbox.put("slow", *range(10))
        world.outbox.put("quick", *range(100, 120))
        await hooks.start()
        await world.outbox.settles(*range(100, 120))
        assert len(world.outbox.pending["slow"]) == 7
        release.set()
        await world.outbox.settles(*range(10))
        await hooks.stop()

    play(scenario)


def test_events_that_wait_are_bounded() -> None:
    async def scenario(world: World) -> None:
        world.catcher.statuses(*[500] * 100)
        hooks = world.webhooks(policy=Policy(concurrency=2, waiting=4))
        world.outbox.put("demo", *range(50))
        await hooks.start()
        await world.clock.wait_for_timer(4)
        await hooks.stop()
        assert len(world.outbox.pending["demo"]) >= 50 - 4 - 2
        assert world.clock.timers == []

    play(scenario)


def test_a_long_answer_is_not_read_to_its_end() -> None:
    async def scenario(world: World) -> None:
        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                while True:
                    await response.write(b"x" * 4096)
            except OSError:
                return response

        world.catcher.answer = endless
        hooks = world.webhooks()
        world.outbox.put("demo", 1)
        await hooks.start()
        await world.outbox.settles(1)
        await hooks.stop()
        assert world.outbox.settled == {1: "delivered"}

    play(scenario)


def test_a_receiver_that_does_not_answer_is_given_up_and_tried_again() -> None:
    async def scenario(world: World) -> None:
        release = asyncio.Event()

        async def hang(_request: web.Request) -> web.StreamResponse:
            await release.wait()
            return web.Response()

        world.catcher.answer = hang
        hooks = world.webhooks(policy=Policy(seconds=0.1))
        world.outbox.put("demo", 1)
        await hooks.start()
        await world.clock.wait_for_timer()
        release.set()
        await hooks.stop()
        assert hooks.attempts == {("demo", "failed"): 1}

    play(scenario)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://2130706433:{port}/", "http://0:{port}/"])
def test_an_unreachable_or_forbidden_target_is_a_failed_attempt(url: str) -> None:
    async def scenario(world: World) -> None:
        port = world.url.rpartition(":")[2].partition("/")[0]
        hooks = world.webhooks(url=url.format(port=port))
        world.outbox.put("demo", 1)
        await hooks.start()
        await world.clock.wait_for_timer()
        await hooks.stop()
        assert world.catcher.got == []

    play(scenario)


def test_stop_waits_for_requests_under_way_and_leaves_the_rest() -> None:
    async def scenario(world: World) -> None:
        arrived, release = asyncio.Event(), asyncio.Event()

        async def slow(_request: web.Request) -> web.StreamResponse:
            arrived.set()
            await release.wait()
            return web.Response()

        world.catcher.answer = slow
        hooks = world.webhooks(policy=Policy(concurrency=1))
        world.outbox.put("demo", 1, 2)
        await hooks.start()
        await arrived.wait()
        stopping = asyncio.create_task(hooks.stop())
        release.set()
        await stopping
        assert world.outbox.settled == {1: "delivered"}
        assert [event.token for event in world.outbox.pending["demo"]] == [2]

    play(scenario)


def test_stop_cuts_what_takes_too_long() -> None:
    async def scenario(world: World) -> None:
        arrived, release = asyncio.Event(), asyncio.Event()

        async def hang(_request: web.Request) -> web.StreamResponse:
            arrived.set()
            await release.wait()
            return web.Response()

        world.catcher.answer = hang
        hooks = world.webhooks()
        world.outbox.put("demo", 1)
        await hooks.start()
        await arrived.wait()
        await hooks.stop(0.05)
        release.set()
        assert world.outbox.settled == {}

    play(scenario)


def test_endpoints_can_change_while_it_runs() -> None:
    async def scenario(world: World) -> None:
        hooks = world.webhooks("demo")
        await hooks.start()
        hooks.configure({})
        world.outbox.put("demo", 1)
        world.outbox.put("new", 2)
        hooks.wake("demo")
        assert [event.token for event in world.outbox.pending["demo"]] == [1]
        hooks.configure({"new": Endpoint(world.url, "another secret")})
        await world.outbox.settles(2)
        hooks.configure({"demo": Endpoint(world.url, SECRET)})
        await world.outbox.settles(1)
        await hooks.stop()

    play(scenario)


@pytest.mark.parametrize("endpoint", [Endpoint("ftp://x/", SECRET), Endpoint("http://x/", "")])
def test_a_bad_endpoint_is_refused_at_once(endpoint: Endpoint) -> None:
    with pytest.raises(SeptetError):
        Webhooks(MemoryOutbox(), {"demo": endpoint})
