"""Wiring and life cycle: the only place that knows every part.

All work happens in *turns*. Whatever was read in one turn of the loop is in the engine already; `_turn` then
asks the engine what wants attention, lets each part decide for its batch, writes once per socket and hands
the open page to the store.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from septet._septet import Attention
from septet.carriers.lane import Lane
from septet.carriers.wire import Wire
from septet.config import Config
from septet.config.tls import context
from septet.delivery.webhooks import Endpoint, Webhooks
from septet.ingress.http.server import HttpServer
from septet.ingress.lookups import Lookups
from septet.ingress.outbind import Outbind
from septet.ingress.smpp import SmppServer
from septet.node.measures import Measures
from septet.node.outbox import EngineOutbox
from septet.node.service import EngineService
from septet.node.thawing import Thawing
from septet.node.traces import Traces
from septet.observe.metrics import MetricsServer, registry
from septet.store import now, open_engine, wall_zero

log = structlog.get_logger("septet.node")

_TICK = 0.05
# What `Engine.flush` says of a page that nobody waits for, and when to ask again [s].
_CAN_WAIT = 2
_LATE = 0.001


class Node:
    """A node of a configuration; `start` opens its listeners, `stop` ends it in good order.

    `wall_zero` is its wall clock: the milliseconds that it showed when `now()` was 0. It may jump.
    """

    def __init__(self, config: Config, wall_zero: Callable[[], int] = wall_zero) -> None:
        self.config = config
        self._wall_zero = wall_zero
        self.engine = open_engine(config)
        self.wires: dict[int, Wire] = {}
        self.smpp = SmppServer(self, config)
        self._outbinds = [
            Outbind(self.smpp, index, account, account.outbind)
            for index, account in enumerate(config.account)
            if account.outbind is not None
        ]
        self.lanes = [Lane(self, carrier, index) for index, carrier in enumerate(config.carrier)]
        self.smpp.lanes = self.lanes
        self.traces = Traces(self, config)
        self.thawing = Thawing(self)
        self.service = EngineService(self, config, self.lanes, self.smpp.allowances, self.traces, self.thawing)
        self.lookups = Lookups(self, self.service.settled)
        endpoints = {
            a.id: Endpoint(a.webhook.url, a.webhook.secret.reveal()) for a in config.account if a.webhook is not None
        }
        self.webhooks = Webhooks(EngineOutbox(self, config), endpoints)
        tls = None if config.http.tls is None else context(config.http.tls)
        self.http = HttpServer(self.service, str(config.http.listen), max_body=config.http.max_body, tls=tls)
        measures = Measures(self.engine, self.webhooks, self.http)
        collectors = registry(measures, max_values=config.metrics.max_label_values)
        self.metrics = MetricsServer(collectors, str(config.metrics.listen))
        self._scheduled = False
        self._stopping = False
        self._closed = False
        self._drained = asyncio.Event()
        self._failed: str | None = None
        self._tick_handle: asyncio.TimerHandle | None = None
        self._late: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> int:
        """Monotonic microseconds."""
        return now()

    def wall(self) -> int:
        """Wall milliseconds."""
        return self._wall_zero() + now() // 1000

    def joined(self, wire: Wire) -> None:
        """A session has begun, or has become an account's: somebody may be watching for it."""
        self.traces.joined(wire)

    async def start(self) -> None:
        """Opens the listeners and connects the carriers; an address in use raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.engine.wake_fd(), self._committed)
        await self.webhooks.start()
        await self.smpp.start()
        await self.http.start()
        await self.metrics.start()
        for lane in self.lanes:
            lane.start()
        for outbind in self._outbinds:
            outbind.start()
        for account in self.config.account:
            if account.webhook is not None:
                self.webhooks.wake(account.id)
        self._tick()
        self.service.open = True
        log.info("node.started", name=self.config.node.name, alive=self.engine.alive())

    # --- turns

    def turn_soon(self) -> None:
        """Looks at everything once the loop has read what there is."""
        if not self._scheduled and self._loop is not None:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._closed:
            return
        while (attention := self.engine.attention()) is not None:
            try:
                self._attend(attention)
            except Exception:
                # A fault of one part must not leave what the others said unwritten and uncommitted.
                log.exception("node.internal_error")
            for session in attention.output:
                self._write(session)
            for session in attention.closing:
                self._write(session, last=True)
        dirty = self.engine.flush(self.now())
        if dirty == _CAN_WAIT and self._late is None and self._loop is not None:
            self._late = self._loop.call_later(_LATE, self._turn_late)
        if self._stopping and not self.wires and not dirty:
            self._drained.set()

    def _turn_late(self) -> None:
        self._late = None
        self._turn()

    def _attend(self, attention: Attention) -> None:
        engine = self.engine
        for session in attention.binds:
            self.smpp.asks(session)
        for session in attention.inboxes:
            self.smpp.admit(session)
        if attention.lookups:
            self.lookups.wake()
        if attention.pages:
            self.thawing.wake()
        self._attend_carriers(attention)
        for account in attention.accounts:
            engine.deliver(account, self.now())
        for account in attention.hooks:
            self.webhooks.wake(self.config.account[account].id)

    def _write(self, session: int, *, last: bool = False) -> None:
        wire = self.wires.get(session)
        if wire is None:
            return
        try:
            wire.write()
            if last:
                wire.close()
        except Exception:
            # What was taken from the engine for this peer is gone: with a new connection it is said again.
            log.exception("node.internal_error")
            wire.abort()

    def _attend_carriers(self, attention: Attention) -> None:
        for carrier in attention.links:
            if self.lanes[carrier].links_changed():
                for lane in self.lanes:
                    lane.relieve()
        for carrier in attention.throttled:
            self.lanes[carrier].throttled()
        for carrier in attention.carriers:
            self.lanes[carrier].pump()

    def _committed(self) -> None:
        page, failure, notes = self.engine.committed(self.now())
        for note in notes:
            log.warning("store.note", note=note)
        if failure != self._failed:
            self._failed = failure
            if failure is None:
                log.info("store.recovered")
            else:
                log.error("store.failed", error=failure)
            self.service.store_failure = failure
        self.service.durable(page)
        self._turn()

    def _tick(self) -> None:
        assert self._loop is not None
        self._tick_handle = self._loop.call_later(_TICK, self._tick)
        self.engine.set_wall_zero(self._wall_zero())
        self.engine.tick(self.now())
        self.turn_soon()

    # --- the end

    async def stop(self) -> None:
        """Lets nobody in, waits for open windows within `shutdown_grace`, commits, unbinds, closes."""
        if self._stopping or self._loop is None:
            return
        self._stopping = True
        self.service.open = False
        self.engine.leave()
        self.traces.close()
        self.smpp.close()
        for outbind in self._outbinds:
            await outbind.leave()
        for lane in self.lanes:
            await lane.leave()
        await self.http.stop()
        await self.webhooks.stop()
        await self.lookups.stop()
        await self.thawing.stop()
        for wire in list(self.wires.values()):
            self.engine.unbind(wire.session, self.now())
        self.turn_soon()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.node.shutdown_grace):
                await self._drained.wait()
        for lane in self.lanes:
            await lane.stop()
        for wire in list(self.wires.values()):
            wire.abort()
        await self.metrics.stop()
        if self._tick_handle is not None:
            self._tick_handle.cancel()
        self._loop.remove_reader(self.engine.wake_fd())
        # What a cut connection still reports must not reach a closed store.
        self._closed = True
        self.engine.close()
        log.info("node.stopped")
