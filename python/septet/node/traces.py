"""Sessions that an operator watches live. Nobody watching costs an empty loop a chunk; a watcher that is too slow, or
too much traffic to read, loses PDUs and is told how many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from septet._septet import Tap
from septet.carriers.wire import Hub, Wire
from septet.config import Config
from septet.dissector import describe, describe_bad
from septet.dissector.description import HIDDEN
from septet.ingress.http.problems import Refused, problem
from septet.ingress.http.service import TraceQuery
from septet.node.show import moment
from septet.smpp import BadPdu, Framer

_encode = msgspec.json.Encoder().encode

# Each PDU shown is Python's work, so there are bounds: watchers, PDUs that wait, octets of them, and PDUs shown a look.
_WATCHERS: Final = 4
_PDUS: Final = 1000
_OCTETS: Final = 1 << 20
_SHOWN: Final = 50
_LOOK: Final = 0.05
# A reader sees an empty line at least so often, so that it can tell silence from a lost connection [looks].
_BREATH: Final = 200
# bind_receiver, bind_transmitter, bind_transceiver and outbind: what they hold is never shown to anybody.
_WITH_PASSWORD: Final = frozenset({0x01, 0x02, 0x09, 0x0B})


class _Watch:
    """One watcher: whom it watches, and what it has not read yet."""

    def __init__(self, query: TraceQuery) -> None:
        self.kind = "link" if query.link is not None else "account"
        self.name = query.link or query.account or ""
        self.masked = not query.reveal
        self.tap = Tap(_PDUS, _OCTETS)
        # By session. A number is used again, at worst while the last PDUs of the one before still wait.
        self.names: dict[int, str] = {}

    def wants(self, owner: tuple[str, str] | None) -> bool:
        """Whether sessions of this owner are watched."""
        return owner is not None and owner[0] == self.kind and self.name in (owner[1], owner[1].partition("/")[0])


class Traces:
    """Every watcher of a node."""

    def __init__(self, hub: Hub, config: Config) -> None:
        self._hub = hub
        self._known = {"account": {account.id for account in config.account}}
        self._known["link"] = {
            name for c in config.carrier for name in (c.id, *(f"{c.id}/{n}" for n in range(c.binds)))
        }
        self._watches: set[_Watch] = set()
        self._open = True

    @property
    def watchers(self) -> int:
        """How many traces are running."""
        return len(self._watches)

    def close(self) -> None:
        """Ends every trace: the node stops."""
        self._open = False

    def joined(self, wire: Wire) -> None:
        """A session has begun, or has become an account's."""
        for watch in self._watches:
            if watch.wants(wire.owner()):
                self._join(watch, wire)

    def _join(self, watch: _Watch, wire: Wire) -> None:
        owner = wire.owner()
        if watch.tap not in wire.taps and owner is not None:
            watch.names[wire.session] = owner[1]
            watch.tap.join(wire.session, self._hub.engine.pending(wire.session))
            wire.taps += (watch.tap,)

    async def watch(self, query: TraceQuery) -> AsyncGenerator[bytes, None]:
        """Lines of JSON, as `Service.trace` says."""
        watch = _Watch(query)
        if watch.name not in self._known[watch.kind]:
            raise Refused(problem("not_found", f"No {watch.kind} is called {watch.name!r}"))
        if len(self._watches) >= _WATCHERS:
            raise Refused(problem("overloaded", f"{_WATCHERS} traces are running already"))
        self._watches.add(watch)
        try:
            for wire in self._hub.wires.values():
                if watch.wants(wire.owner()):
                    self._join(watch, wire)
            yield _line({"watching": watch.name, "sessions": sorted(watch.names.values())})
            silent = 0
            while self._open:
                lines = b"".join(_line(self._said(watch, *seen)) for seen in watch.tap.take(_SHOWN))
                silent = 0 if lines else silent + 1
                yield lines if lines or silent % _BREATH else b"\n"
                await asyncio.sleep(_LOOK)
        finally:
            self._watches.discard(watch)
            for wire in self._hub.wires.values():
                wire.taps = tuple(tap for tap in wire.taps if tap is not watch.tap)

    def _said(self, watch: _Watch, at: int, session: int, way: str, octets: bytes) -> dict[str, Any]:
        if way == "lost":
            return {"lost": session}
        # The tap has cut it: what is longer than this is a length that could not be true, and its header alone.
        [pdu] = Framer(max_pdu=max(16, len(octets))).feed(octets)
        if isinstance(pdu, BadPdu):
            said = describe_bad(pdu, masked=watch.masked or pdu.command_id in _WITH_PASSWORD)
        else:
            said = describe(pdu, masked=watch.masked)
            if said["fields"].get("password"):
                said["fields"]["password"] = HIDDEN
        return {"at": moment(at), "session": watch.names.get(session, ""), "way": way, **said}


def _line(said: dict[str, Any]) -> bytes:
    return _encode(said) + b"\n"
