"""What the HTTP API asks of the node, answered by the engine and its log."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final, Literal, TypeAlias

import msgspec

from septet.carriers.lane import Lane
from septet.carriers.wire import Hub
from septet.config import Config
from septet.errors import SeptetError
from septet.ingress.http.problems import FieldError, Problem, Refused, problem
from septet.ingress.http.service import DeadQuery, Idempotency, Page, Principal, Query, TraceQuery
from septet.message import Accepted, Draft
from septet.node.causes import Causes
from septet.node.dead_letters import DeadLetters
from septet.node.show import detailed, listed
from septet.node.thawing import Thawing
from septet.node.traces import Traces
from septet.pacing import Allowance

_encode = msgspec.json.Encoder().encode
_DAY_MS: Final = 86_400_000
_PATIENCE: Final = 1.0

Cancelled: TypeAlias = Literal["cancelled", "not_found", "too_late"]

# Codes of the engine that the API has as well, by its own names; every other one is about a field.
_CODES: Final = {"node_full": "queue_full", "recipient_opted_out": "recipient_opted_out", "no_route": "no_route"}


class EngineService:
    """`septet.ingress.http.service.Service` over the engine."""

    def __init__(
        self,
        hub: Hub,
        config: Config,
        lanes: Sequence[Lane],
        allowances: Sequence[Allowance],
        traces: Traces,
        thawing: Thawing,
    ) -> None:
        self.open = False
        self.store_failure: str | None = None
        self._hub = hub
        self._config = config
        self._lanes = lanes
        self._allowances = allowances
        self._causes = Causes(config)
        self._traces = traces
        self._thawing = thawing
        self._index = {account.id: index for index, account in enumerate(config.account)}
        self._log = hub.engine.log()
        self._known: dict[str, Principal] = {}
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._in_progress: set[tuple[str, str]] = set()
        self._last_durable = hub.engine.page() - 1
        self._dead = DeadLetters(hub, self._causes, self.settled, self._durable)

    # --- who

    def authenticate(self, key: str) -> Principal | None:
        """The owner of a key; found keys are remembered, so a slow hash is checked once."""
        known = self._known.get(key)
        if known is None:
            known = self._find(key)
            if known is not None:
                self._known[key] = known
        return known

    def _find(self, key: str) -> Principal | None:
        admin = self._config.http.admin_key
        if admin is not None and hmac.compare_digest(admin.reveal().encode(), key.encode()):
            return Principal(None, admin=True)
        for account in self._config.account:
            if account.knows_key(key):
                return Principal(account.id)
        return None

    # --- messages in

    async def accept(
        self, account: str, drafts: Sequence[Draft], key: Idempotency | None
    ) -> Sequence[Accepted | Problem]:
        """Takes messages in; returns once they are durable."""
        index = self._index.get(account)
        if index is None:
            raise Refused(problem("forbidden", "this key sends for no account"))
        if not self.open:
            raise Refused(problem("not_ready", "the node is not open: it starts or stops"))
        if self.store_failure is not None:
            raise Refused(problem("not_ready", f"the store takes nothing new: {self.store_failure}"))
        if key is None:
            return await self._accept(index, drafts)
        name = (account, key.key)
        if name in self._in_progress:
            raise Refused(problem("idempotency_in_progress", "a request with this key is being answered"))
        self._in_progress.add(name)
        try:
            return await self._accept_once(index, account, drafts, key)
        finally:
            self._in_progress.discard(name)

    async def _accept_once(
        self, index: int, account: str, drafts: Sequence[Draft], key: Idempotency
    ) -> Sequence[Accepted | Problem]:
        before = await asyncio.get_running_loop().run_in_executor(None, self._log.key, account, key.key)
        wall = self._hub.wall()
        if before is not None and wall - before[2] < _DAY_MS:
            digest, answer, _at = before
            if digest != key.digest:
                raise Refused(problem("idempotency_mismatch", "this key was used with another body"))
            return [_replayed(item) for item in msgspec.json.decode(answer)]
        return await self._accept(index, drafts, lambda results: (account, key.key, key.digest, _encode(results), wall))

    async def _accept(self, index: int, drafts: Sequence[Draft], key: Any = None) -> Sequence[Accepted | Problem]:
        await self._within_rate(index, len(drafts))
        now = self._hub.now()
        results = [_outcome(result) for result in self._hub.engine.post(index, list(drafts), now)]
        segments = sum(result.segments for result in results if isinstance(result, Accepted))
        self._allowances[index].take(segments, now / 1e6)
        if not segments:
            return results
        if key is not None:
            self._hub.engine.take_key(*key(results))
        page = self._hub.engine.page()
        self._hub.turn_soon()
        await self._durable(page)
        return results

    async def _within_rate(self, index: int, count: int) -> None:
        """Over the account's rate: a request waits (`pace`) or is refused (`reject`)."""
        allowance = self._allowances[index]
        delay = allowance.ready_in(self._hub.now() / 1e6)
        if delay <= 0:
            return
        if self._config.account[index].over_rate == "reject":
            refused = problem("over_rate", f"{count} more would exceed the account's rate")
            raise Refused(msgspec.structs.replace(refused, retry_after=max(1, ceil(delay))))
        while delay > 0:
            await asyncio.sleep(delay)
            delay = allowance.ready_in(self._hub.now() / 1e6)

    async def _durable(self, page: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((page, future))
        await future

    def durable(self, page: int) -> None:
        """Every page up to this one is durable: requests that wait for it are answered."""
        self._last_durable = max(self._last_durable, page)
        while self._waiting and self._waiting[0][0] <= page:
            _page, future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)

    async def settled(self) -> None:
        """What ended a moment ago has left the engine, but is in the log only once its page is durable."""
        waits = self._hub.engine.flush()
        page = self._hub.engine.page() - (0 if waits else 1)
        if page > self._last_durable:
            # A store that cannot commit must not keep anybody from reading.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._durable(page)

    # --- messages out

    async def message(self, account: str | None, id: str) -> dict[str, Any] | None:
        """One message, alive or in the log."""
        found = self._hub.engine.message(id) or await self._spilled(id)
        if found is None:
            await self.settled()
            wanted = {"id": id, "account": account or ""}
            rows = await asyncio.get_running_loop().run_in_executor(None, self._log.messages, wanted, 1)
            found = rows[0] if rows else None
        if found is None or (account is not None and found["account"] != account):
            return None
        return detailed(found, self._causes)

    async def _spilled(self, id: str) -> dict[str, Any] | None:
        """A living message whose text is only in the store."""
        if (stub := self._hub.engine.spilled_message(id)) is None:
            return None
        rows = await asyncio.get_running_loop().run_in_executor(None, stub.messages, 1)
        # It may have come back to memory meanwhile.
        return rows[0] if rows else self._hub.engine.message(id)

    async def messages(self, account: str | None, query: Query) -> Page:
        """Messages alive and in the log, newest first; an id is a place in time, so it is the cursor."""
        wanted = {
            "account": account or "",
            "from": _digits(query.from_),
            "to": _digits(query.to),
            "status": query.status or "",
            "direction": query.direction or "",
            "since": _ms(query.since),
            "until": _ms(query.until),
            "before": query.cursor or "",
        }
        limit = query.limit + 1
        stubs = self._hub.engine.spilled(wanted)
        loop = asyncio.get_running_loop()
        cold = [] if stubs is None else await loop.run_in_executor(None, stubs.messages, limit)
        alive = self._hub.engine.messages(wanted, limit)
        await self.settled()
        rows = await asyncio.get_running_loop().run_in_executor(None, self._log.messages, wanted, limit)
        merged = {row["id"]: row for row in sorted([*cold, *alive, *rows], key=lambda row: row["updated"])}
        newest = sorted(merged.values(), key=lambda row: row["id"], reverse=True)
        items = newest[: query.limit]
        cursor = items[-1]["id"] if len(newest) > query.limit else None
        return Page([listed(item, self._causes) for item in items], cursor)

    async def cancel(self, account: str | None, id: str) -> Cancelled:
        """Withdraws what has not left; durable when this returns."""
        index = None if account is None else self._index[account]
        while (outcome := self._hub.engine.cancel(id, index, self._hub.now())) == "cold":
            await self._thaw()
        if outcome == "cancelled":
            page = self._hub.engine.page()
            self._hub.turn_soon()
            await self._durable(page)
        elif outcome == "not_found" and await self.message(account, id) is not None:
            return "too_late"
        return outcome

    async def _thaw(self) -> None:
        try:
            await self._thawing.thawed()
        except SeptetError as error:
            raise Refused(problem("not_ready", f"the message cannot be read from the store: {error}")) from error

    async def dead_letters(self, query: DeadQuery) -> Page:
        """What ended without being delivered and may be tried again."""
        return await self._dead.page(query)

    async def replay(self, ids: Sequence[str]) -> Sequence[dict[str, str] | Problem]:
        """Queues dead letters again; durable when this returns."""
        if self.store_failure is not None:
            raise Refused(problem("not_ready", f"the store takes nothing new: {self.store_failure}"))
        return await self._dead.replay(ids)

    # --- the node

    def carriers(self) -> list[dict[str, Any]]:
        """Link states, queues and windows."""
        return [lane.state() for lane in self._lanes]

    def trace(self, query: TraceQuery) -> AsyncGenerator[bytes, None]:
        """What passes over the sessions of a link or an account, as it passes."""
        return self._traces.watch(query)

    def not_ready(self) -> list[str]:
        """Why traffic should not be sent here."""
        reasons = [] if self.open else ["the node is starting or stopping"]
        return reasons + ([f"the store takes nothing new: {self.store_failure}"] if self.store_failure else [])


def _outcome(result: tuple[Any, ...]) -> Accepted | Problem:
    if len(result) == 3:
        return Accepted(*result)
    code, _status, field, detail = result
    if code in _CODES:
        return problem(_CODES[code], detail)
    found = problem("invalid_field", detail)
    return msgspec.structs.replace(found, errors=[FieldError(field, detail)]) if field else found


def _replayed(item: dict[str, Any]) -> Accepted | Problem:
    return msgspec.convert(item, Accepted) if "id" in item else msgspec.convert(item, Problem)


def _digits(address: str | None) -> str:
    return (address or "").removeprefix("+")


def _ms(moment: datetime | None) -> int:
    return 0 if moment is None else max(0, int(moment.timestamp() * 1000))
