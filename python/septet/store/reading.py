"""Reading the store off the loop: one task at a time, woken when something is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

log: Final = structlog.get_logger("septet.store")


class Reading:
    """Runs `work` while there is any: at most one at a time, which finds for itself what more has come while it ran.

    `work` looks once more for what is wanted before it returns, and does not await after that look.
    """

    def __init__(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._name = name
        self._work = work
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Something is wanted."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
            self._task.add_done_callback(self._done)

    async def _run(self) -> None:
        try:
            await self._work()
        finally:
            # Here and not in the callback: what is wanted right after the last look must find nobody at work.
            self._task = None

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("store.reading_failed", what=self._name, exc_info=error)

    async def finish(self) -> None:
        """Waits for what is being read."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def stop(self) -> None:
        """Reads no more."""
        if self._task is not None:
            self._task.cancel()
            await self.finish()
