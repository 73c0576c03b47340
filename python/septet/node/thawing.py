"""Messages that wait deep in a queue are read back from the store before their turn comes, off the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from septet.carriers.wire import Hub
from septet.errors import SeptetError
from septet.store.reading import Reading

log = structlog.get_logger("septet.node")

_PAUSE: Final = 1.0


class Thawing:
    """Brings the engine the pages that it wants. While some are read, more may be wanted.

    A page that cannot be read is said in the log and tried again; what waits in it, waits.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._log = hub.engine.log()
        self._reading = Reading("queued messages", self._read_wanted)
        self._waiting: list[asyncio.Future[None]] = []

    def wake(self) -> None:
        """Pages are wanted."""
        self._reading.wake()

    async def thawed(self) -> None:
        """Waits until the pages that are wanted now have been read; raises SeptetError if one could not be."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self.wake()
        await future

    async def _read_wanted(self) -> None:
        waiting: list[asyncio.Future[None]] = []
        try:
            while True:
                waiting, self._waiting = self._waiting, []
                failure: SeptetError | None = None
                while pages := self._hub.engine.take_pages():
                    failure = await self._thaw(pages)
                    self._hub.turn_soon()
                    if failure is not None:
                        break
                self._tell(waiting, failure)
                if failure is not None:
                    await asyncio.sleep(_PAUSE)
                elif not self._waiting:
                    return
        finally:
            for future in waiting + self._waiting:
                future.cancel()
            self._waiting = []

    def _tell(self, waiting: Sequence[asyncio.Future[None]], failure: SeptetError | None) -> None:
        for future in waiting:
            if future.done():
                continue
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)

    async def _thaw(self, pages: Sequence[int]) -> SeptetError | None:
        found = await asyncio.get_running_loop().run_in_executor(None, self._read, pages)
        failure = None
        for seq, records in zip(pages, found, strict=True):
            try:
                if isinstance(records, SeptetError):
                    self._hub.engine.thaw_failed(seq)
                    raise records
                self._hub.engine.thaw(seq, records, self._hub.now())
            except SeptetError as error:
                failure = error
                log.exception("store.page_unreadable", page=seq)
        return failure

    def _read(self, pages: Sequence[int]) -> list[bytes | SeptetError | None]:
        found: list[bytes | SeptetError | None] = []
        for seq in pages:
            try:
                found.append(self._log.page(seq))
            except SeptetError as error:
                found.append(error)
        return found

    async def stop(self) -> None:
        """Reads no more."""
        await self._reading.stop()
