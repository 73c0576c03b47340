"""ESMEs that wait to be connected to: the node says outbind, and they bind (SMPP 3.4 §2.2.1)."""

from __future__ import annotations

import asyncio

import structlog

from septet.config import Account, OutbindTo
from septet.ingress.smpp import Esme, SmppServer
from septet.pacing import Backoff

log = structlog.get_logger("septet.ingress")


class _Asked(Esme):
    """A connection that the node has made to an ESME."""

    def __init__(self, server: SmppServer, to: OutbindTo) -> None:
        super().__init__(server, None)
        self._to = to
        self.gone = asyncio.Event()

    def opened(self) -> int:
        """The engine says outbind at once."""
        session = super().opened()
        password = "" if self._to.password is None else self._to.password.reveal()
        name = self._to.system_id or self._server.system_id
        self.hub.engine.outbind(session, name, password, self.hub.now())
        return session

    def lost(self) -> None:
        """It is connected to again."""
        super().lost()
        self.gone.set()


class Outbind:
    """Connects to an account's ESME whenever the account has no bind, for as long as the node runs."""

    def __init__(self, server: SmppServer, account: int, config: Account, to: OutbindTo) -> None:
        self._server = server
        self._account = account
        self._name = {"account": config.id, "address": f"{to.host}:{to.port}"}
        self._to = to
        self._backoff = Backoff(to.pause, to.pause * 8, account)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"outbind {self._name['account']}")

    async def leave(self) -> None:
        """Connects no more; a connection that stands is left to unbind."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            if not self._server.hub.engine.session_count(self._account):
                await self._session()
            await asyncio.sleep(self._backoff.next())

    async def _session(self) -> None:
        wire = _Asked(self._server, self._to)
        try:
            async with asyncio.timeout(self._to.pause):
                await asyncio.get_running_loop().create_connection(lambda: wire, self._to.host, self._to.port)
        # A name that cannot be a host's is a UnicodeError.
        except (OSError, ValueError) as error:
            log.info("outbind.failed", error=str(error) or type(error).__name__, **self._name)
            return
        await wire.gone.wait()
        if wire.account is not None:
            self._backoff.reset()
