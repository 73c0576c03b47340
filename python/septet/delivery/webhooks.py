"""Webhooks: an account's events, signed, to its URL, until it takes them or a day has passed.

Each account has its own few workers, so a slow one holds up nobody else; an event that waits for its next
attempt holds up no other event. What a 2xx has not confirmed stays in the outbox, so a restart loses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol, TypeAlias

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from septet.delivery.schedule import next_attempt
from septet.delivery.signature import secret_key, sign
from septet.delivery.targets import Reach, guarded_socket, reach
from septet.message import Event

log = structlog.get_logger("septet.webhooks")

Outcome: TypeAlias = Literal["delivered", "dead"]

_encode = msgspec.json.Encoder().encode

_GONE: Final = 410
_ANSWER_LIMIT: Final = 16 * 1024


class Outbox(Protocol):
    """Where events wait, durably."""

    def take(self, account: str, limit: int) -> Sequence[Event]:
        """At most `limit` events not taken since the node started, oldest first."""
        ...

    def done(self, token: int, outcome: Outcome) -> None:
        """An event needs no further attempt."""
        ...


class Timer(Protocol):
    """What `Later` returns."""

    def cancel(self) -> None:
        """The callback is not called any more."""
        ...


Later: TypeAlias = Callable[[float, Callable[[], None]], Timer]


class Endpoint(Struct, frozen=True):
    """Where an account's events go, and what they are signed with."""

    url: str
    secret: str


class Policy(Struct, frozen=True, kw_only=True):
    """What one account may occupy: requests at a time, events waiting for another attempt, seconds a request."""

    concurrency: int = 8
    waiting: int = 10_000
    seconds: float = 15.0


class _Job:
    """An event on its way, encoded once: every attempt sends the same octets."""

    __slots__ = ("attempt", "body", "first", "id", "token")

    def __init__(self, event: Event, now: float) -> None:
        self.token = event.token
        self.id = event.id
        self.first = now
        self.attempt = 0
        self.body = _encode(
            {
                "type": event.type,
                "timestamp": datetime.fromtimestamp(event.timestamp, UTC),
                "data": event.data,
            }
        )


class _Lane:
    """One account's traffic."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.open = False
        self.set(endpoint)
        self.due: deque[_Job] = deque()
        self.waiting: dict[_Job, Timer] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def set(self, endpoint: Endpoint) -> None:
        self.key = secret_key(endpoint.secret)
        self.reach: Reach = reach(endpoint.url)
        self.url = endpoint.url
        self.open = True


class Webhooks:
    """Delivers the events of an `Outbox`.

    `clock` gives seconds since 1970, `later` calls back after some seconds (the loop's `call_later` if left
    out). A bad URL or secret raises SeptetError. `attempts` counts by account and outcome: `delivered`,
    `failed` (will be tried again), `dead`.
    """

    def __init__(
        self,
        outbox: Outbox,
        endpoints: Mapping[str, Endpoint],
        *,
        policy: Policy | None = None,
        clock: Callable[[], float] = time.time,
        later: Later | None = None,
    ) -> None:
        self._outbox = outbox
        self._policy = policy or Policy()
        self._clock = clock
        self._later = later
        self._lanes = {account: _Lane(endpoint) for account, endpoint in endpoints.items()}
        self._clients: dict[Reach, aiohttp.ClientSession] = {}
        self._running = False
        self.attempts: Counter[tuple[str, str]] = Counter()

    async def start(self) -> None:
        """Begins with what the outbox already holds."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later
        self._clients = {within: self._client(within) for within in ("public", "local")}
        self._running = True
        for account in self._lanes:
            self.wake(account)

    def _client(self, within: Reach) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=guarded_socket(within)),
            timeout=aiohttp.ClientTimeout(total=self._policy.seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"user-agent": "septet", "content-type": "application/json"},
        )

    def configure(self, endpoints: Mapping[str, Endpoint]) -> None:
        """Takes over changed endpoints; an account that lost its own keeps its events until it has one again."""
        for account, endpoint in endpoints.items():
            lane = self._lanes.get(account)
            if lane is None:
                self._lanes[account] = _Lane(endpoint)
            else:
                lane.set(endpoint)
            self.wake(account)
        for account in self._lanes.keys() - endpoints.keys():
            self._lanes[account].open = False

    def wake(self, account: str) -> None:
        """Says that the outbox may hold something for an account; cheap, and harmless if not."""
        lane = self._lanes.get(account)
        if lane is None or not lane.open or not self._running:
            return
        free = self._policy.concurrency - len(lane.tasks)
        while free > 0 and lane.due:
            self._begin(account, lane, lane.due.popleft())
            free -= 1
        free = min(free, self._policy.waiting - len(lane.waiting) - len(lane.due))
        if free > 0:
            now = self._clock()
            for event in self._outbox.take(account, free):
                self._begin(account, lane, _Job(event, now))

    def _begin(self, account: str, lane: _Lane, job: _Job) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(account, lane, job))
        lane.tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            lane.tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("webhook.internal_error", account=account, event_id=job.id, exc_info=error)
            self.wake(account)

        task.add_done_callback(ended)

    async def _attempt(self, account: str, lane: _Lane, job: _Job) -> None:
        job.attempt += 1
        status, asked, cause = await self._post(lane, job)
        if 200 <= status < 300:
            self._finish(account, job, "delivered")
            return
        now = self._clock()
        due = None if status == _GONE else next_attempt(job.attempt, job.id, job.first, now, asked)
        log.warning(
            "webhook.dead" if due is None else "webhook.failed",
            account=account,
            event_id=job.id,
            attempt=job.attempt,
            cause=cause or status,
        )
        if due is None:
            self._finish(account, job, "dead")
            return
        self.attempts[account, "failed"] += 1
        if self._running and self._later is not None:
            lane.waiting[job] = self._later(due - now, lambda: self._again(account, lane, job))

    def _again(self, account: str, lane: _Lane, job: _Job) -> None:
        lane.waiting.pop(job, None)
        lane.due.append(job)
        self.wake(account)

    def _finish(self, account: str, job: _Job, outcome: Outcome) -> None:
        self.attempts[account, outcome] += 1
        self._outbox.done(job.token, outcome)

    async def _post(self, lane: _Lane, job: _Job) -> tuple[int, float, str]:
        """The status (0 if there was none), the seconds of Retry-After, and why there was no status."""
        timestamp = int(self._clock())
        headers = {
            "webhook-id": job.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(lane.key, job.id, timestamp, job.body),
        }
        client = self._clients[lane.reach]
        status, asked = 0, 0.0
        try:
            async with client.post(lane.url, data=job.body, headers=headers, allow_redirects=False) as answer:
                status, asked = answer.status, _retry_after(answer.headers.get("retry-after", ""))
                # A short answer is read, so that its connection can be used again; a long one is cut.
                if len(await _read_at_most(answer, _ANSWER_LIMIT)) > _ANSWER_LIMIT:
                    answer.close()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # A status that came before the fault stands: a 2xx is not sent again for a lost rest.
            return status, asked, f"{type(error).__name__}: {error}"
        return status, asked, ""

    async def stop(self, seconds: float = 5.0) -> None:
        """Lets requests under way finish for at most `seconds`; the rest stays in the outbox."""
        self._running = False
        tasks: set[asyncio.Task[Any]] = set()
        for lane in self._lanes.values():
            for timer in lane.waiting.values():
                timer.cancel()
            tasks |= lane.tasks
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for client in self._clients.values():
            await client.close()


async def _read_at_most(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    found = b""
    while len(found) <= limit:
        chunk = await answer.content.read(limit + 1 - len(found))
        if not chunk:
            break
        found += chunk
    return found


def _retry_after(value: str) -> float:
    return float(value) if value.isascii() and value.isdecimal() else 0.0
