"""uvicorn as a guest on a running loop: it takes no signal, logs no access, and ends nothing but itself.

`uvicorn.Server.serve` wants to own the process. Its `startup`, `on_tick` and `shutdown` do not, so
`Listener` calls those, and its own once-a-second sweep adds what uvicorn leaves open: a deadline for a
request that trickles in, and limits on header fields and connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

import uvicorn
from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from septet.ingress.http import problems

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Limits(Struct, frozen=True, kw_only=True):
    """What one peer may cost.

    `head` counts the octets of request line and header fields; `request_seconds` is how long a whole
    request may take to arrive; `idle_seconds` how long a connection may be silent between two.
    """

    head: int = 16 * 1024
    connections: int = 4096
    request_seconds: float = 30.0
    idle_seconds: int = 75


class _Corked:
    """The transport as uvicorn writes to it: the head of an answer waits for its body, one system call for both.

    `Connection.on_response_complete` lets go of a head that gets no body.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class Connection(HttpToolsProtocol):
    """One client connection, held to `Limits`."""

    def __init__(self, limits: Limits, **rest: Any) -> None:
        super().__init__(**rest)
        self._limits = limits
        self._head = 0
        self._in_head = True
        self._begun = False
        # When the request now arriving began, on the loop's clock; None while none is.
        self._since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the deadline of the first request."""
        super().connection_made(transport)
        self._corked = _Corked(transport)
        self.transport = cast(asyncio.Transport, self._corked)
        self._since = self.loop.time()
        if len(self.connections) > self._limits.connections:
            self._refuse("overloaded", "Too many connections")

    def data_received(self, data: bytes) -> None:
        """Counts what belongs to the header fields."""
        if self._since is None:
            self._since = self.loop.time()
        super().data_received(data)
        # The parser keeps an unfinished field to itself, so octets are counted here as well.
        if self._in_head and self._begun:
            self._head += len(data)
            if self._head > self._limits.head and not self.transport.is_closing():
                self._refuse("headers_too_large")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._begun = True
        self._head = 0
        if self._since is None:
            self._since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """What follows is body."""
        self._in_head = False
        self._head = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self._head > self._limits.head:
            raise OverflowError  # ends the parse; `send_400_response` says why
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole: its deadline is met."""
        self._in_head = True
        self._begun = False
        self._head = 0
        self._since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is whole."""
        self._corked.flush()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answers octets that are no HTTP, as a problem document."""
        if self._head > self._limits.head:
            self._refuse("headers_too_large")
        else:
            self._refuse("bad_request", msg)

    def _current(self) -> RequestResponseCycle | None:
        """The latest request; uvicorn's own annotation forgets that there may be none."""
        return self.cycle

    def _working(self) -> bool:
        """Whether a request that arrived whole still waits for its answer."""
        cycle = self._current()
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _refuse(self, code: str, detail: str = "") -> None:
        """Answers outside the application and closes."""
        cycle = self._current()
        if cycle is not None and (self._working() or self.pipeline):
            # What is wrong came after a request whose answer is due first. What cannot be answered
            # any more meets its deadline.
            cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if cycle is None or not cycle.response_started or cycle.response_complete:
            found = problems.problem(code, detail)
            body = problems.body(found)
            phrase = http.HTTPStatus(found.status).phrase
            self.transport.write(
                f"HTTP/1.1 {found.status} {phrase}\r\n"
                f"content-type: {problems.CONTENT_TYPE.decode()}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                + body
            )
        self.transport.close()

    def expire(self, now: float) -> None:
        """Ends a request that has been arriving for too long."""
        if self._since is None or now - self._since < self._limits.request_seconds:
            return
        cycle = self._current()
        if self._working() or self.pipeline:
            self._since = now  # it waits for us, not we for it
        elif self._begun and not (cycle is not None and cycle.response_complete and cycle.more_body):
            self._refuse("request_timeout")
        else:
            self.transport.close()


def parse_listen(listen: str) -> tuple[str, int]:
    """Host and port of `"127.0.0.1:8080"` or `"[::1]:8080"`.

    >>> parse_listen("[::1]:80")
    ('::1', 80)
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or not port.isascii() or int(port) > 65535:
        raise ValueError(f"{listen!r} is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


class Listener:
    """An ASGI application behind a socket, on the loop that runs `start`."""

    def __init__(self, app: App, listen: str, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._app = app
        self._tls = tls
        self._limits = limits or Limits()
        self.host, self._port = parse_listen(listen)
        self._server: uvicorn.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The bound port; what was asked for until `start`."""
        return self._port

    async def start(self) -> None:
        """Binds and listens; an address in use raises OSError."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.create_server((self.host, self._port), family=family, backlog=2048)
        self._port = sock.getsockname()[1]
        config = uvicorn.Config(
            cast(Any, self._app),
            interface="asgi3",
            http=cast(Any, functools.partial(Connection, self._limits)),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=self._limits.idle_seconds,
        )
        config.load()
        config.ssl = self._tls
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.on_tick(0)
        await server.startup(sockets=[sock])
        self._server = server
        self._sweeper = asyncio.create_task(self._sweep(server))

    async def _sweep(self, server: uvicorn.Server) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            await server.on_tick(0)
            now = loop.time()
            for connection in list(server.server_state.connections):
                cast(Connection, connection).expire(now)

    async def stop(self, seconds: float = 5.0) -> None:
        """Stops accepting, lets requests under way finish for at most `seconds`, then cuts them."""
        server, self._server = self._server, None
        if server is None:
            return
        if self._sweeper is not None:
            self._sweeper.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.shutdown(), seconds)
        for connection in list(server.server_state.connections):
            cast(Connection, connection).transport.abort()
        for task in list(server.server_state.tasks):
            task.cancel()
