"""The SMPP server: ESMEs connect, bind as an account, and are read no faster than their rate allows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import ceil
from typing import Final

import structlog

from septet.carriers.lane import Lane
from septet.carriers.link import Link
from septet.carriers.tls import Renewed, Tls, TlsFailedError, is_hello
from septet.carriers.wire import Hub, Wire
from septet.config import Account, Config, Listen
from septet.pacing import Allowance

log = structlog.get_logger("septet.ingress")

# SMPP 3.4 §5.1.3.
RBINDFAIL: Final = 0x0D
RINVPASWD: Final = 0x0E
RINVSYSID: Final = 0x0F

_ALL: Final = 1 << 40
# Paced accounts are looked at no more often than this [s].
_PACE: Final = 0.005


class Esme(Wire):
    """A connection from outside; `account` is its account's index once it has bound.

    Or it is a carrier's that has said outbind: then it is the connection of `link`.
    """

    def __init__(self, server: SmppServer, tls: Tls | None) -> None:
        super().__init__(server.hub, tls, server.keepalive)
        self._server = server
        self._silent = True
        self.account: int | None = None
        self.asked = False
        self.link: Link | None = None

    def opened(self) -> int:
        """One more connection; past the limit it is closed at once."""
        self._server.connections += 1
        if self._server.connections > self._server.most and self.transport is not None:
            log.warning("esme.refused", reason="smpp.max_sessions", peer=self.peer)
            self.transport.close()
        return self.hub.engine.open_esme(self.hub.now())

    def data_received(self, data: bytes) -> None:
        """A chunk; the first one shows whether the peer took this for the port with TLS."""
        if self._silent:
            self._silent = False
            if self.tls is None and is_hello(data):
                log.warning("esme.tls_failed", peer=self.peer, error="the other end speaks TLS, and this port does not")
                self.hub.engine.bad_stream(self.session, "tls_on_plain")
                self.abort()
                return
        super().data_received(data)

    def owner(self) -> tuple[str, str] | None:
        """The account, once it has bound; or the link of a carrier that has said outbind."""
        if self.link is not None:
            return "link", f"{self.link.config.id}/{self.link.number}"
        return None if self.account is None else ("account", self._server.name(self.account))

    def failed(self, error: TlsFailedError) -> None:
        """No TLS with this one."""
        log.warning("esme.tls_failed", peer=self.peer, error=str(error))

    def lost(self) -> None:
        """One connection less; if it was a carrier's, its link is down."""
        self._server.connections -= 1
        if self.link is not None:
            self.link.ended()


class SmppServer:
    """Listens on every address of `smpp.listen`; decides who may bind and how much is let in."""

    def __init__(self, hub: Hub, config: Config) -> None:
        self.hub = hub
        self.most = config.smpp.max_sessions
        self.system_id = config.smpp.system_id
        self.connections = 0
        self.keepalive = config.smpp.tcp_keepalive
        self._listen = config.smpp.listen
        self._tls = config.smpp.tls
        self._renewed = None if self._tls is None else Renewed(self._tls)
        self._accounts = config.account
        self._names = {a.system_id: index for index, a in enumerate(config.account) if a.system_id is not None}
        seconds = hub.now() / 1e6
        self.allowances = [Allowance(a.throughput, a.burst, seconds) for a in config.account]
        self._resumes: dict[int, asyncio.TimerHandle] = {}
        self._turns = 0
        self._servers: list[asyncio.Server] = []
        self.lanes: Sequence[Lane] = ()
        self._tls_servers: list[asyncio.Server] = []
        self._checks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Binds every address; one in use raises OSError."""
        loop = asyncio.get_running_loop()
        for listen in self._listen:
            server = await loop.create_server(lambda: Esme(self, None), listen.host, listen.port, backlog=1024)
            self._servers.append(server)
        if self._renewed is not None and self._tls is not None:
            contexts = self._renewed
            for listen in self._tls.listen:
                server = await loop.create_server(
                    lambda: Esme(self, Tls(contexts.get())), listen.host, listen.port, backlog=1024
                )
                self._tls_servers.append(server)

    @property
    def listening(self) -> Sequence[Listen]:
        """Where it really listens without TLS."""
        return _addresses(self._servers)

    @property
    def listening_tls(self) -> Sequence[Listen]:
        """Where it really listens with TLS."""
        return _addresses(self._tls_servers)

    def name(self, account: int) -> str:
        """The id of an account."""
        return self._accounts[account].id

    def close(self) -> None:
        """Accepts nobody any more."""
        for server in self._servers + self._tls_servers:
            server.close()

    def asks(self, session: int) -> None:
        """A peer wants to bind: a slow password hash is checked off the loop. Or a carrier wants to be bound to."""
        wire = self.hub.wires.get(session)
        if isinstance(wire, Esme) and self.hub.engine.bind_request(session) is None:
            self._outbind(wire)
        elif isinstance(wire, Esme) and not wire.asked:
            wire.asked = True
            task = asyncio.get_running_loop().create_task(self._decide(wire))
            self._checks.add(task)
            task.add_done_callback(self._decided)

    def _outbind(self, wire: Esme) -> None:
        """A carrier has connected and said outbind: the node binds to it on that connection."""
        engine = self.hub.engine
        found = engine.outbind_request(wire.session)
        lane = None if found is None else self.lanes[found[0]]
        if found is None or lane is None or not lane.may_come_from(wire.peer):
            log.info("outbind.refused", peer=wire.peer)
            engine.refuse_outbind(wire.session)
            return
        carrier, link = found
        wire.link = lane.links[link]
        wire.link.began(wire)
        engine.accept_outbind(wire.session, carrier, link, self.hub.now())
        log.info("outbind.accepted", carrier=lane.config.id, link=link, peer=wire.peer)

    def _decided(self, task: asyncio.Task[None]) -> None:
        self._checks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("esme.internal_error", exc_info=error)

    async def _decide(self, wire: Esme) -> None:
        request = self.hub.engine.bind_request(wire.session)
        if request is None:
            return
        mode, system_id, password, _version = request
        session = wire.session
        index = self._names.get(system_id)
        refusal = (
            (RINVSYSID, "system_id") if index is None else await self._refusal(self._accounts[index], wire, password)
        )
        if self.hub.wires.get(session) is not wire:
            return
        if index is not None and refusal is None and self._is_full(index):
            refusal = RBINDFAIL, "max_binds"
        if index is None or refusal is not None:
            status, reason = refusal or (RINVSYSID, "system_id")
            log.info("esme.refused", reason=reason, system_id=system_id[:16], peer=wire.peer, status=status)
            self.hub.engine.refuse_bind(session, status)
        else:
            wire.account = index
            self.hub.joined(wire)
            self.hub.engine.accept_bind(session, index, self.hub.now())
            tls = {} if wire.tls is None else {"tls": wire.tls.version()}
            log.info("esme.bound", account=self._accounts[index].id, mode=mode, peer=wire.peer, **tls)
        wire.asked = False
        self.hub.turn_soon()

    async def _refusal(self, account: Account, wire: Esme, password: str) -> tuple[int, str] | None:
        """The status, and for the log the key that says no."""
        # A peer that was gone before it could be asked has no address.
        if account.allow_from and not (wire.peer and account.admits(wire.peer)):
            return RBINDFAIL, "allow_from"
        if wire.tls is None and (account.tls_required or account.tls_subject is not None):
            return RBINDFAIL, "tls_required"
        if wire.tls is not None and account.tls_subject is not None and account.tls_subject not in wire.tls.names():
            return RBINDFAIL, "tls_subject"
        known = await asyncio.get_running_loop().run_in_executor(None, account.knows_password, password)
        return None if known else (RINVPASWD, "password")

    def _is_full(self, index: int) -> bool:
        return self.hub.engine.session_count(index) >= self._accounts[index].max_binds

    def admit(self, session: int) -> None:
        """Lets waiting submits in, by the account's rate; what is over it waits, or is refused.

        What waits keeps its place in the session's window, so a peer that is paced is held by its own window
        while its enquire_link is still read and answered.
        """
        wire = self.hub.wires.get(session)
        if not isinstance(wire, Esme) or wire.account is None:
            return
        account, allowance = self._accounts[wire.account], self.allowances[wire.account]
        engine, now = self.hub.engine, self.hub.now()
        seconds = now / 1e6
        if not account.throughput:
            engine.admit(session, _ALL, False, now)
            return
        paced = account.over_rate == "pace"
        allowed = max(0, ceil(allowance.balance(seconds)))
        allowance.take(engine.admit(session, allowed, paced, now), seconds)
        if paced and wire.account not in self._resumes and engine.inbox(session)[0]:
            delay = max(allowance.ready_in(seconds), _PACE)
            self._resumes[wire.account] = asyncio.get_running_loop().call_later(delay, self._resume, wire.account)

    def _resume(self, index: int) -> None:
        """The debt of an account is paid: its sessions take turns at being the first."""
        del self._resumes[index]
        sessions = self.hub.engine.sessions_of(index)
        self._turns += 1
        first = self._turns % len(sessions) if sessions else 0
        for session in sessions[first:] + sessions[:first]:
            self.admit(session)
        self.hub.turn_soon()


def _addresses(servers: Sequence[asyncio.Server]) -> Sequence[Listen]:
    names = [socket.getsockname() for server in servers for socket in server.sockets]
    return [Listen(str(name[0]), int(name[1])) for name in names]
