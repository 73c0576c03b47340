"""The simulator's control port: send an MO, look at what came, change the behaviour, cut the lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec

from septet.errors import SeptetError
from septet.ingress.http.listener import Listener, Receive, Scope, Send
from septet.sim.server import Simulator

_encode = msgspec.json.Encoder().encode
_LIMIT = 1 << 20


class Mo(msgspec.Struct, frozen=True, rename={"source": "from"}):
    """A text from a person."""

    source: str
    to: str
    text: str


class Flood(msgspec.Struct, frozen=True):
    """So many texts to one address, each from another person, the words in turn."""

    to: str
    words: Annotated[list[Annotated[str, msgspec.Meta(max_length=140)]], msgspec.Meta(min_length=1)]
    count: Annotated[int, msgspec.Meta(ge=1)]


class Control:
    """A bare ASGI application over a simulator; `start` and `stop` its listener."""

    def __init__(self, simulator: Simulator, listen: str) -> None:
        self._simulator = simulator
        self.listener = Listener(self, listen)
        self.routes: dict[tuple[str, str], Callable[[bytes, dict[str, list[str]]], tuple[int, Any]]] = {
            ("POST", "/mo"): self._mo,
            ("POST", "/flood"): self._flood,
            ("GET", "/stats"): lambda _body, _query: (200, simulator.carrier.stats()),
            ("GET", "/messages"): self._messages,
            ("DELETE", "/messages"): self._clear,
            ("POST", "/script"): self._script,
            ("POST", "/drop"): lambda _body, _query: (200, {"dropped": simulator.drop()}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more and len(body) < _LIMIT:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, answer = self._answer(scope["method"], scope["path"], body, scope["query_string"].decode())
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": _encode(answer)})

    def _answer(self, method: str, path: str, body: bytes, query: str) -> tuple[int, Any]:
        route = self.routes.get((method, path))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self.routes)
            return 404, {"error": f"no {method} {path}; there is {known}"}
        try:
            return route(body, parse_qs(query))
        except (msgspec.DecodeError, SeptetError, KeyError, ValueError, TypeError) as error:
            return 422, {"error": str(error)}

    def _mo(self, body: bytes, _query: dict[str, list[str]]) -> tuple[int, Any]:
        mo = msgspec.json.decode(body, type=Mo)
        return 202, {"parts": self._simulator.mo(mo.source, mo.to, mo.text)}

    def _flood(self, body: bytes, _query: dict[str, list[str]]) -> tuple[int, Any]:
        flood = msgspec.json.decode(body, type=Flood)
        self._simulator.flood(flood.to, flood.words, flood.count)
        return 202, {}

    def _messages(self, _body: bytes, query: dict[str, list[str]]) -> tuple[int, Any]:
        limit = int(query.get("limit", ["1000"])[0])
        return 200, self._simulator.carrier.messages(limit)

    def _clear(self, _body: bytes, _query: dict[str, list[str]]) -> tuple[int, Any]:
        self._simulator.carrier.clear()
        return 200, {}

    def _script(self, body: bytes, _query: dict[str, list[str]]) -> tuple[int, Any]:
        options = msgspec.json.decode(body, type=dict[str, Any])
        self._simulator.carrier.configure(
            {name: delay(value) if name.endswith("_delay") else value for name, value in options.items()}
        )
        return 200, {}


def delay(value: str | float) -> tuple[int, int]:
    """Seconds, or `least:most`, as microseconds.

    >>> delay("0.5"), delay("0.1:0.2"), delay(1)
    ((500000, 500000), (100000, 200000), (1000000, 1000000))
    """
    least, _, most = str(value).partition(":")
    low = round(float(least) * 1e6)
    high = round(float(most) * 1e6) if most else low
    if not 0 <= low <= high:
        raise ValueError(f"a delay is seconds, or least:most, not {value!r}")
    return low, high
