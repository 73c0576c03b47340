"""A node in memory behind the HTTP API's protocol: the smallest thing that keeps its promises."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

from septet.ingress.http import Idempotency, Page, Principal, Problem, Query, Refused, problem
from septet.ingress.http.service import DeadQuery, TraceQuery
from septet.message import Accepted, Draft

KEYS = {
    "demo-key": Principal(account="demo"),
    "other-key": Principal(account="other"),
    "demo-admin": Principal(account=None, admin=True),
}
OPTED_OUT = "46700000001"
FLOODED = "46700000002"
BROKEN = "46700000003"


class MemoryService:
    def __init__(self) -> None:
        self.stored: dict[str, dict[str, Any]] = {}
        self.drafts: list[Draft] = []
        self.watchers = 0
        self.lines = 3
        self.begun = asyncio.Event()
        self.reasons: list[str] = []
        self.committed = asyncio.Event()
        self.committed.set()
        self._answers: dict[tuple[str, str], tuple[bytes, Sequence[Accepted | Problem] | None]] = {}

    def authenticate(self, key: str) -> Principal | None:
        return KEYS.get(key)

    async def accept(
        self, account: str, drafts: Sequence[Draft], key: Idempotency | None
    ) -> Sequence[Accepted | Problem]:
        if key is None:
            return await self._store(account, drafts)
        digest, answers = self._answers.get((account, key.key), (key.digest, None))
        if digest != key.digest:
            raise Refused(problem("idempotency_mismatch"))
        if answers is not None:
            return answers
        if (account, key.key) in self._answers:
            raise Refused(problem("idempotency_in_progress"))
        self._answers[account, key.key] = (key.digest, None)
        answers = await self._store(account, drafts)
        self._answers[account, key.key] = (key.digest, answers)
        return answers

    async def _store(self, account: str, drafts: Sequence[Draft]) -> list[Accepted | Problem]:
        self.begun.set()
        await self.committed.wait()
        return [self._one(account, draft) for draft in drafts]

    def _one(self, account: str, draft: Draft) -> Accepted | Problem:
        if draft.to == OPTED_OUT:
            return problem("recipient_opted_out")
        if draft.to == FLOODED:
            return problem("over_rate", retry_after=7)
        if draft.to == BROKEN:
            raise RuntimeError("the disk is gone")
        id = f"m{len(self.stored)}"
        self.drafts.append(draft)
        self.stored[id] = {
            "id": id,
            "account": account,
            "direction": "mt",
            "from": draft.from_,
            "to": draft.to,
            "status": "accepted",
        }
        return Accepted(id=id, encoding="gsm7", segments=1)

    def _visible(self, account: str | None) -> list[dict[str, Any]]:
        return [each for each in self.stored.values() if account in {None, each["account"]}]

    async def message(self, account: str | None, id: str) -> dict[str, Any] | None:
        return next((each for each in self._visible(account) if each["id"] == id.lower()), None)

    async def messages(self, account: str | None, query: Query) -> Page:
        found = [each for each in self._visible(account) if query.to in {None, each["to"]}][::-1]
        start = int(query.cursor or 0)
        end = start + query.limit
        return Page(items=found[start:end], cursor=str(end) if end < len(found) else None)

    async def cancel(self, account: str | None, id: str) -> Literal["cancelled", "not_found", "too_late"]:
        found = await self.message(account, id)
        if found is None:
            return "not_found"
        if found["status"] != "accepted":
            return "too_late"
        found["status"] = "cancelled"
        return "cancelled"

    async def dead_letters(self, query: DeadQuery) -> Page:
        dead = [each for each in self.stored.values() if each["status"] == "failed"]
        return Page(items=[each for each in dead if query.account in {None, each["account"]}][: query.limit])

    async def replay(self, ids: Sequence[str]) -> list[dict[str, str] | Problem]:
        def one(id: str) -> dict[str, str] | Problem:
            found = self.stored.get(id)
            if found is None or found["status"] != "failed":
                return problem("not_found" if found is None else "not_dead")
            found["status"] = "queued"
            return {"id": id, "status": "queued"}

        return [one(id) for id in ids]

    def carriers(self) -> list[dict[str, Any]]:
        return [{"id": "north", "links": [], "queue_depth": 0, "window_used": 0}]

    async def trace(self, query: TraceQuery) -> AsyncGenerator[bytes, None]:
        if query.link == "nobody":
            raise Refused(problem("not_found"))
        self.watchers += 1
        try:
            for n in itertools.count():
                yield b"%d\n" % n if n < self.lines else b""
                await asyncio.sleep(0)
        finally:
            self.watchers -= 1

    def not_ready(self) -> list[str]:
        return self.reasons
