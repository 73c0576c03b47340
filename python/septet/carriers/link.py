"""A link to a carrier: connects, binds, and comes back with exponential back-off and jitter."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from septet.carriers.tls import Renewed, Tls, TlsFailedError
from septet.carriers.wire import Hub, Wire
from septet.config import Carrier, Listen
from septet.pacing import Backoff

log = structlog.get_logger("septet.carriers")


class _Address(NamedTuple):
    """One address of a host; `name` is what the configuration calls the host."""

    family: int
    host: str
    port: int
    name: str


class _Connection(Wire):
    def __init__(self, hub: Hub, link: Link, address: _Address, tls: Tls | None) -> None:
        super().__init__(hub, tls, link.config.tcp_keepalive)
        self._link = link
        self.address = str(Listen(address.host, address.port))
        self.has_failed = False

    def itself(self) -> _Connection:
        """The protocol that a connection is made for."""
        return self

    def opened(self) -> int:
        """The engine binds at once."""
        self._link.began(self)
        if self.tls is not None and self.transport is not None:
            self.tls.start()
            self.transport.write(self.tls.pending())
        return self.hub.engine.open_link(self._link.carrier, self._link.number, self.hub.now())

    def owner(self) -> tuple[str, str]:
        """The link."""
        return "link", f"{self._link.config.id}/{self._link.number}"

    def failed(self, error: TlsFailedError) -> None:
        """No TLS with this one: the link tries the next address, or later."""
        self.has_failed = True
        log.warning("link.tls_failed", error=str(error), address=self.address, **self._link.name)

    def lost(self) -> None:
        """The link connects again."""
        if self.tls is not None and not (self.tls.established or self.has_failed):
            self.failed(TlsFailedError("tls_failed", "the connection ended before the handshake did"))
        self._link.ended()


class Link:
    """One of a carrier's `binds`; `carrier` is the carrier's index, `number` counts its links from 0.

    It tries the carrier's hosts in their order and of each host every address, without a pause, until one lets it bind.
    A bind that is lost, or a round that came to nothing, is followed by a pause, and then the first host has its turn.
    """

    def __init__(self, hub: Hub, config: Carrier, carrier: int, number: int, seed: int) -> None:
        self.hub = hub
        self.config = config
        self.carrier = carrier
        self.number = number
        self.name = {"carrier": config.id, "link": number}
        self._places = [Listen(config.host, config.port), *config.alternates]
        self._contexts = None if config.tls is None else Renewed(config.tls)
        self._backoff = Backoff(config.reconnect_min, config.reconnect_max, seed)
        self._task: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._connection: _Connection | None = None
        self._bound = False

    @property
    def connected(self) -> bool:
        """Whether there is a TCP connection, bound or not."""
        return self._connection is not None

    def where(self) -> dict[str, str]:
        """The address it is connected to, and the version of TLS; nothing while it is down."""
        if self._connection is None:
            return {}
        version = None if self._connection.tls is None else self._connection.tls.version()
        return {"address": self._connection.address} | ({} if version is None else {"tls": version})

    def start(self) -> None:
        """Begins to connect, for as long as the node runs."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"link {self.config.id}")

    def up(self) -> None:
        """It has bound: the next pause is short again."""
        self._bound = True
        self._backoff.reset()
        log.info("link.bound", **self.name, **self.where())

    def began(self, connection: _Connection) -> None:
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
        while True:
            await self._round()
            await asyncio.sleep(self._backoff.next())

    async def _round(self) -> None:
        for place in self._places:
            for address in await self._addresses(place):
                await self._session(address)
                if self._bound:
                    return

    async def _addresses(self, place: Listen) -> Sequence[_Address]:
        """Every address of a host, each once."""
        try:
            async with asyncio.timeout(self.config.connect_timeout):
                found = await asyncio.get_running_loop().getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        # A name that cannot be a host's is a UnicodeError; the link must outlive that too.
        except (OSError, ValueError) as error:
            self._unreachable(error, str(place))
            return ()
        addresses = [_Address(family, str(name[0]), int(name[1]), place.host) for family, _, _, _, name in found]
        return list(dict.fromkeys(addresses))

    async def _session(self, address: _Address) -> None:
        """Connects, and waits until the connection is gone again; `_bound` tells whether it had bound."""
        self._bound = False
        self._gone.clear()
        tls = None
        if self._contexts is not None and self.config.tls is not None:
            tls = Tls(self._contexts.get(), self.config.tls.server_name or address.name)
        connection = _Connection(self.hub, self, address, tls)
        try:
            async with asyncio.timeout(self.config.connect_timeout):
                await asyncio.get_running_loop().create_connection(
                    connection.itself, address.host, address.port, family=address.family
                )
        except (OSError, ValueError) as error:
            self._unreachable(error, connection.address)
            return
        await self._gone.wait()
        if not connection.has_failed:
            log.info("link.down", address=connection.address, **self.name)

    def _unreachable(self, error: Exception, address: str) -> None:
        log.info("link.connect_failed", error=str(error) or type(error).__name__, address=address, **self.name)
