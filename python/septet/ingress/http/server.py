"""The HTTP server: the application behind a listener."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from septet.ingress.http.app import Application
from septet.ingress.http.listener import Limits, Listener
from septet.ingress.http.service import Service


class HttpServer:
    """The HTTP API of a service, on the loop that runs `start`.

    `listen` is `"HOST:PORT"`; port 0 takes a free one, which `port` then tells. `max_body` is in octets.
    With `tls` it speaks HTTPS, and nothing else.
    """

    def __init__(
        self,
        service: Service,
        listen: str,
        *,
        max_body: int = 2 << 20,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._application = Application(service, max_body=max_body)
        self._listener = Listener(self._application, listen, limits, tls)

    @property
    def answers(self) -> Mapping[int, int]:
        """Answers since the start, by status."""
        return self._application.answers

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._listener.host

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return self._listener.port

    async def start(self) -> None:
        """Binds and serves; an address in use raises OSError."""
        await self._listener.start()

    async def stop(self, seconds: float = 5.0) -> None:
        """Lets requests under way finish for at most `seconds`."""
        await self._listener.stop(seconds)
