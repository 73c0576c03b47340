"""Webhook events as the engine keeps them, durably."""

from __future__ import annotations

from collections.abc import Sequence

from septet.carriers.wire import Hub
from septet.config import Config
from septet.delivery.webhooks import Outcome
from septet.message import Event
from septet.node.causes import Causes
from septet.node.show import detailed


class EngineOutbox:
    """`septet.delivery.webhooks.Outbox` over the engine."""

    def __init__(self, hub: Hub, config: Config) -> None:
        self._hub = hub
        self._causes = Causes(config)
        self._index = {account.id: index for index, account in enumerate(config.account)}

    def take(self, account: str, limit: int) -> Sequence[Event]:
        """Events of an account; an id stays the same over restarts, so that a receiver sees a repeat."""
        return [
            Event(token, f"{view['id']}.{kind}", kind, at / 1000, detailed(view, self._causes))
            for token, kind, at, view in self._hub.engine.take_hooks(self._index[account], limit)
        ]

    def done(self, token: int, outcome: Outcome) -> None:
        """The event has ended."""
        self._hub.engine.hook_done(token, outcome == "delivered", self._hub.now())
        self._hub.turn_soon()
