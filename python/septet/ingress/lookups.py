"""Questions of ESMEs about messages that have ended: the log is read for all of them at once, off the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from septet.carriers.wire import Hub
from septet.errors import SeptetError
from septet.store.reading import Reading

log = structlog.get_logger("septet.ingress")

# Questions answered by one visit to the log.
_BATCH: Final = 256


class Lookups:
    """Answers what query_sm, cancel_sm and replace_sm ask and the engine does not know.

    `settled` waits until what has ended is in the log. While the log is being read, further questions gather.
    """

    def __init__(self, hub: Hub, settled: Callable[[], Awaitable[None]]) -> None:
        self._hub = hub
        self._settled = settled
        self._log = hub.engine.log()
        self._reading = Reading("questions of ESMEs", self._read)

    def wake(self) -> None:
        """There are questions."""
        self._reading.wake()

    async def _read(self) -> None:
        while questions := self._hub.engine.take_lookups():
            await self._settled()
            for start in range(0, len(questions), _BATCH):
                await self._answer(questions[start : start + _BATCH])
                self._hub.turn_soon()

    async def _answer(self, batch: Sequence[tuple[int, str, str | None, str]]) -> None:
        engine = self._hub.engine
        wanted = [(account, id, key) for _token, account, id, key in batch]
        try:
            records = await asyncio.get_running_loop().run_in_executor(None, self._log.records, wanted)
        except SeptetError:
            log.exception("lookup.failed")
            for token, *_ in batch:
                engine.lookup_failed(token)
            return
        for (token, *_), record in zip(batch, records, strict=True):
            engine.looked_up(token, record)

    async def stop(self) -> None:
        """Lets the questions that are being answered be answered."""
        await self._reading.finish()
