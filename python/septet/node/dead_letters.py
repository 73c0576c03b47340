"""The dead-letter list: what ended without being delivered, as a view of the log, and the way back to life."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

from septet.carriers.wire import Hub
from septet.ingress.http.problems import Problem, problem
from septet.ingress.http.service import DeadQuery, Page
from septet.node.causes import Causes
from septet.node.show import listed

STATUSES: Final = ("failed", "rejected", "expired", "unknown", "dead")
"""What a dead letter ended as; the engine knows them too."""

_CODES: Final = {
    "node_full": "queue_full",
    "recipient_opted_out": "recipient_opted_out",
    "no_route": "no_route",
    "not_dead": "not_dead",
}


class DeadLetters:
    """Lists and replays; `settled` waits until what has ended is in the log, `durable` for a page."""

    def __init__(
        self,
        hub: Hub,
        causes: Causes,
        settled: Callable[[], Awaitable[None]],
        durable: Callable[[int], Awaitable[None]],
    ) -> None:
        self._hub = hub
        self._causes = causes
        self._settled = settled
        self._durable = durable
        self._log = hub.engine.log()
        self._replaying = asyncio.Lock()

    async def page(self, query: DeadQuery) -> Page:
        """A page of the list, newest first."""
        await self._settled()
        loop = asyncio.get_running_loop()
        wanted = {
            "account": query.account or "",
            "carrier": query.carrier or "",
            "since": _ms(query.since),
            "until": _ms(query.until),
            "before": query.cursor or "",
        }
        rows: list[dict[str, Any]] = []
        for status in STATUSES if query.status is None else (query.status,):
            asked = wanted | {"status": status}
            rows += await loop.run_in_executor(None, self._log.messages, asked, query.limit + 1)
        rows.sort(key=lambda row: row["id"], reverse=True)
        page = rows[: query.limit]
        cursor = page[-1]["id"] if len(rows) > query.limit else None
        # What has been replayed is on its way, though the log still shows its first end.
        dead = [row for row in page if self._hub.engine.message(row["id"]) is None]
        return Page([listed(row, self._causes) for row in dead], cursor)

    async def replay(self, ids: Sequence[str]) -> list[dict[str, str] | Problem]:
        """Queues each again; one answer per id, in order, once those queued are durable."""
        # One at a time: what a replay has ended meanwhile must be read anew before the next one decides.
        async with self._replaying:
            await self._settled()
            wanted = [("", id, "") for id in ids]
            records = await asyncio.get_running_loop().run_in_executor(None, self._log.records, wanted)
            answers = [self._again(id, record) for id, record in zip(ids, records, strict=True)]
            if any(isinstance(answer, dict) for answer in answers):
                page = self._hub.engine.page()
                self._hub.turn_soon()
                await self._durable(page)
            return answers

    def _again(self, id: str, record: bytes | None) -> dict[str, str] | Problem:
        engine = self._hub.engine
        if engine.message(id) is not None:
            return problem("not_dead", f"{id}: it is on its way, or its sender has not been told of its end")
        if record is None:
            return problem("not_found", f"{id}: no message has this id")
        refused = engine.again(record, self._hub.now())
        if refused is None:
            return {"id": id, "status": "queued"}
        code, _status, _field, detail = refused
        return problem(_CODES.get(code, "invalid_field"), f"{id}: {detail}")


def _ms(moment: datetime | None) -> int:
    return 0 if moment is None else max(0, int(moment.timestamp() * 1000))
