"""A link to a carrier: connects, binds, and comes back with exponential back-off and jitter."""

from __future__ import annotations

import asyncio

import structlog

from septet.carriers.wire import Hub, Wire
from septet.config import Carrier
from septet.pacing import Backoff

log = structlog.get_logger("septet.carriers")


class _Connection(Wire):
    def __init__(self, hub: Hub, link: Link) -> None:
        super().__init__(hub)
        self._link = link

    def itself(self) -> _Connection:
        """The protocol that a connection is made for."""
        return self

    def opened(self) -> int:
        """The engine binds at once."""
        self._link.began(self)
        return self.hub.engine.open_link(self._link.carrier, self._link.number, self.hub.now())

    def lost(self) -> None:
        """The link connects again."""
        self._link.ended()


class Link:
    """One of a carrier's `binds`; `carrier` is the carrier's index, `number` counts its links from 0."""

    def __init__(self, hub: Hub, config: Carrier, carrier: int, number: int, seed: int) -> None:
        self.hub = hub
        self.config = config
        self.carrier = carrier
        self.number = number
        self._backoff = Backoff(config.reconnect_min, config.reconnect_max, seed)
        self._task: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._connection: Wire | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a TCP connection, bound or not."""
        return self._connection is not None

    def start(self) -> None:
        """Begins to connect, for as long as the node runs; a carrier that says outbind is the one that connects."""
        if self.config.outbind is not None:
            return
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"link {self.config.id}")

    def up(self) -> None:
        """It has bound: the next pause is short again."""
        self._backoff.reset()

    def began(self, connection: Wire) -> None:
        """There is a connection."""
        self._connection = connection

    def ended(self) -> None:
        """The connection is gone."""
        self._connection = None
        self._gone.set()

    async def leave(self) -> None:
        """Connects no more; a connection that stands is left to unbind."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def stop(self) -> None:
        """Ends for good."""
        await self.leave()
        if self._connection is not None:
            self._connection.close()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        name = {"carrier": self.config.id, "link": self.number}
        while True:
            self._gone.clear()
            connection = _Connection(self.hub, self)
            try:
                async with asyncio.timeout(self.config.response_timeout):
                    await loop.create_connection(connection.itself, self.config.host, self.config.port)
            # A name that cannot be a host's is a UnicodeError; the link must outlive that too.
            except (OSError, ValueError) as error:
                log.info("link.connect_failed", error=str(error) or type(error).__name__, **name)
            else:
                await self._gone.wait()
                log.info("link.down", **name)
            await asyncio.sleep(self._backoff.next())
