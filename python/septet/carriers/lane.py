"""A carrier as the node paces it: grants, pauses after throttling, and whether routing may choose it."""

from __future__ import annotations

import asyncio
import secrets

import structlog

from septet.carriers.link import Link
from septet.carriers.wire import Hub
from septet.config import Carrier
from septet.pacing import Ceiling

log = structlog.get_logger("septet.carriers")

_MOST = 1 << 20
_GRACE = 2.0


class Lane:
    """The links of one carrier and what may be written to them now."""

    def __init__(self, hub: Hub, config: Carrier, index: int) -> None:
        self.hub = hub
        self.config = config
        self.index = index
        self.links = [Link(hub, config, index, number, secrets.randbits(32)) for number in range(config.binds)]
        self._ceiling = Ceiling(config.throughput, self._seconds())
        self._paused_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._down: asyncio.TimerHandle | None = None
        self._was: list[bool] = [False] * config.binds
        self._usable = False
        self._stopped = False

    def _seconds(self) -> float:
        return self.hub.now() / 1e6

    def start(self) -> None:
        """Connects every link; a carrier that does not come up within the grace is down."""
        for link in self.links:
            link.start()
        self._expect()

    def pump(self) -> None:
        """Writes as much as the ceiling and the windows allow; comes back by itself when the ceiling opens."""
        engine, now = self.hub.engine, self._seconds()
        if now < self._paused_until:
            self._again(self._paused_until - now)
            return
        while engine.sendable(self.index):
            grant = self._ceiling.grant(_MOST, now)
            if grant == 0:
                self._again(self._ceiling.delay(now))
                return
            written = engine.pump(self.index, grant, self.hub.now())
            self._ceiling.refund(grant - written)
            if written < grant:
                return

    def _again(self, delay: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(delay, 0.001), self._retry)

    def _retry(self) -> None:
        self._timer = None
        self.pump()
        self.hub.turn_soon()

    def throttled(self) -> None:
        """The carrier said that we are too fast: nothing goes for a while."""
        self._paused_until = self._seconds() + self.config.throttle_pause

    def links_changed(self) -> bool:
        """Links came up or went down: routing is told, after a grace if the last one went.

        True if the carrier has just become usable: what waits for others that are down may go there.
        """
        up = self.hub.engine.links_up(self.index)
        for link, (before, after) in zip(self.links, zip(self._was, up, strict=True), strict=True):
            if after and not before:
                link.up()
        self._was = up
        if any(up):
            if self._down is not None:
                self._down.cancel()
                self._down = None
            came, self._usable = not self._usable, True
            self.hub.engine.set_usable(self.index, True)
            return came
        if self._usable:
            self._expect()
        return False

    def _expect(self) -> None:
        if self._down is None and not self._stopped:
            self._down = asyncio.get_running_loop().call_later(_GRACE, self._is_down)

    def _is_down(self) -> None:
        self._down = None
        self._usable = False
        self.hub.engine.set_usable(self.index, False)
        moved = self.hub.engine.reroute(self.index, self.hub.now())
        log.warning("carrier.down", carrier=self.config.id, moved=moved)
        self.hub.turn_soon()

    def relieve(self) -> None:
        """Another carrier is usable again: what waits here while this one is down may go to it."""
        if not self._usable and self._down is None:
            moved = self.hub.engine.reroute(self.index, self.hub.now())
            if moved:
                log.info("carrier.relieved", carrier=self.config.id, moved=moved)
            self.hub.turn_soon()

    async def leave(self) -> None:
        """Connects no more: the links that are bound may unbind, and none comes back."""
        self._stopped = True
        for link in self.links:
            await link.leave()

    async def stop(self) -> None:
        """Ends every link."""
        self._stopped = True
        for timer in (self._timer, self._down):
            if timer is not None:
                timer.cancel()
        self._timer = self._down = None
        for link in self.links:
            await link.stop()

    def state(self) -> dict[str, object]:
        """What `GET /v1/carriers` shows."""
        queued, in_flight = self.hub.engine.load_of(self.index)
        up = self.hub.engine.links_up(self.index)
        return {
            "id": self.config.id,
            "type": self.config.type,
            "up": any(up),
            "links": [
                {
                    "id": str(number),
                    "state": "bound" if bound else "connected" if link.connected else "down",
                    "address": None,
                    "tls": None,
                    **link.where(),
                }
                for number, (bound, link) in enumerate(zip(up, self.links, strict=True))
            ],
            "queue_depth": queued,
            "window": self.config.window * self.config.binds,
            "window_used": in_flight,
            "throughput": self.config.throughput,
        }
