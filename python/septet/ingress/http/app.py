"""The ASGI application: who asks, what for, and the answer as a pre-encoded triple.

No framework: a path is one dictionary look-up, headers are read in one pass, and nothing is built that the
answer does not need.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from typing import Final

import structlog

from septet.ingress.http.listener import Receive, Scope, Send
from septet.ingress.http.operations import Answer, Headers, Operations, Request, problem_answer
from septet.ingress.http.problems import Problem, Refused, problem
from septet.ingress.http.routes import RESERVED, ROUTES, Route, Router
from septet.ingress.http.service import Principal, Service

log = structlog.get_logger("septet.http")

_NOBODY: Final = Principal(account=None)


class DisconnectedError(Exception):
    """The client left before its request was complete."""


class _Fields:
    """The header fields that matter here, found in one pass."""

    __slots__ = ("coding", "credentials", "idempotency_key", "length", "media_type")

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.credentials = self.media_type = self.coding = b""
        self.length = self.idempotency_key = b""
        for name, value in headers:
            if name == b"authorization":
                self.credentials = value
            elif name == b"content-type":
                self.media_type = value
            elif name == b"content-length":
                self.length = value
            elif name == b"idempotency-key":
                self.idempotency_key = value
            elif name == b"content-encoding":
                self.coding = value


class Application:
    """The API over a `Service`.

    `max_body` bounds one body, `max_buffered` all bodies that are arriving at a time, both in octets. `answers` counts
    the answers by status.
    """

    def __init__(self, service: Service, *, max_body: int = 2 << 20, max_buffered: int = 256 << 20) -> None:
        self.answers: Counter[int] = Counter()
        self._service = service
        self._max_body = max_body
        self._max_buffered = max_buffered
        self._buffered = 0
        self._find = Router(ROUTES + RESERVED).find
        operations = Operations(service)
        self._handlers = {route.handler: getattr(operations, route.handler) for route in ROUTES if route.handler}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; whatever goes wrong is a problem document."""
        try:
            status, headers, body = await self._answer(scope, receive)
        except Refused as refused:
            status, headers, body = problem_answer(refused.problem)
        except DisconnectedError:
            return
        except Exception:
            log.exception("http.internal_error", method=scope["method"], path=scope["path"])
            status, headers, body = problem_answer(problem("internal_error"))
        self.answers[status] += 1
        if not isinstance(body, bytes):
            await _stream(status, headers, body, scope["method"] == "HEAD", receive, send)
            return
        headers = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        operations, parameters = self._find(scope["path"])
        if not operations:
            raise Refused(problem("not_found", "Unknown path"))
        method = scope["method"]
        route = operations.get("GET" if method == "HEAD" else method)
        if route is None:
            return _not_allowed(operations)
        fields = _Fields(scope["headers"])
        principal = _NOBODY if route.access == "open" else self._authenticate(fields.credentials)
        if route.access == "admin" and not principal.admin:
            raise Refused(problem("forbidden", "This needs the admin key"))
        if route.handler is None:
            raise Refused(problem("not_supported_yet"))
        body = await self._body(fields, receive) if route.request else b""
        request = Request(principal, parameters, scope["query_string"], body, fields.idempotency_key)
        answer: Answer = await self._handlers[route.handler](request)
        return answer

    def _authenticate(self, credentials: bytes) -> Principal:
        scheme, _, key = credentials.partition(b" ")
        if scheme.lower() != b"bearer":
            raise Refused(problem("unauthenticated", "Send Authorization: Bearer KEY"))
        principal = self._service.authenticate(key.strip().decode("utf-8", "replace"))
        if principal is None:
            raise Refused(problem("unauthenticated", "The key is not known"))
        return principal

    async def _body(self, fields: _Fields, receive: Receive) -> bytes:
        if fields.media_type and not _is_json(fields.media_type):
            raise Refused(problem("unsupported_media_type"))
        if fields.coding and fields.coding.lower() != b"identity":
            raise Refused(problem("unsupported_media_type", "Content-Encoding is not supported"))
        length = fields.length
        if length.isdigit() and int(length) > self._max_body:
            raise Refused(self._too_large())
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        first: bytes = message["body"]
        if not message["more_body"] and len(first) <= self._max_body:
            return first
        return await self._rest_of_body(bytearray(first), message["more_body"], receive)

    async def _rest_of_body(self, body: bytearray, more: bool, receive: Receive) -> bytes:
        held = 0
        try:
            while True:
                self._buffered += len(body) - held
                held = len(body)
                if held > self._max_body:
                    raise Refused(self._too_large())
                if self._buffered > self._max_buffered:
                    raise Refused(problem("overloaded", "Too many bodies are arriving"))
                if not more:
                    return bytes(body)
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise DisconnectedError
                body += message["body"]
                more = message["more_body"]
        finally:
            self._buffered -= held

    def _too_large(self) -> Problem:
        return problem("body_too_large", f"The body has more than {self._max_body} octets")


async def _stream(
    status: int, headers: Headers, chunks: AsyncGenerator[bytes, None], empty: bool, receive: Receive, send: Send
) -> None:
    """Sends what comes for as long as somebody reads; a chunk of nothing only looks whether somebody still does."""
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        async with contextlib.aclosing(chunks):
            await send({"type": "http.response.start", "status": status, "headers": headers})
            async for chunk in chunks:
                if empty or gone.done():
                    break
                if chunk:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_json(media_type: bytes) -> bool:
    essence = media_type.partition(b";")[0].strip().lower()
    return essence == b"application/json" or (essence.startswith(b"application/") and essence.endswith(b"+json"))


def _not_allowed(operations: Mapping[str, Route]) -> Answer:
    allowed = {*operations, *(("HEAD",) if "GET" in operations else ())}
    status, headers, body = problem_answer(problem("method_not_allowed"))
    return status, [*headers, (b"allow", ", ".join(sorted(allowed)).encode())], body
