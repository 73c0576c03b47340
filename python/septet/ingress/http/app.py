"""The ASGI application: who asks, what for, and the answer as a pre-encoded triple.

No framework: a path is one dictionary look-up, headers are read in one pass, and nothing is built that the
answer does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import msgspec
import structlog

from septet.errors import SeptetError
from septet.ingress.http import problems, submission
from septet.ingress.http.bodies import AnalyzeRequest, Cancelled, State
from septet.ingress.http.docs import render
from septet.ingress.http.listener import Receive, Scope, Send
from septet.ingress.http.openapi import document
from septet.ingress.http.problems import Problem, Refused, problem
from septet.ingress.http.routes import RESERVED, ROUTES, Router
from septet.ingress.http.service import Idempotency, Principal, Query, Service
from septet.message import Draft

log = structlog.get_logger("septet.http")

Headers: TypeAlias = list[tuple[bytes, bytes]]
Answer: TypeAlias = tuple[int, Headers, bytes]

_encode = msgspec.json.Encoder().encode
_decode_analyze = msgspec.json.Decoder(AnalyzeRequest).decode

_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", problems.CONTENT_TYPE)
_HTML: Final[Headers] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
]
_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="septet"')
_MAX_KEY: Final = 255


class Disconnected(Exception):
    """The client left before its request was complete."""


class Request:
    """One request that found its route and may take it."""

    __slots__ = ("body", "idempotency_key", "parameters", "principal", "query_string")

    def __init__(
        self,
        principal: Principal,
        parameters: Mapping[str, str],
        query_string: bytes,
        body: bytes,
        idempotency_key: bytes,
    ) -> None:
        self.principal = principal
        self.parameters = parameters
        self.query_string = query_string
        self.body = body
        self.idempotency_key = idempotency_key

    @property
    def scope(self) -> str | None:
        """The account whose messages may be seen; None for all."""
        return None if self.principal.admin else self.principal.account


def json_answer(status: int, value: Any) -> Answer:
    """A value as JSON."""
    return status, [_JSON], _encode(value)


def problem_answer(found: Problem) -> Answer:
    """A problem document, with the headers its status asks for."""
    headers: Headers = [_PROBLEM]
    if found.status == 401:
        headers.append(_CHALLENGE)
    if found.status in (429, 503):
        wait = found.retry_after if isinstance(found.retry_after, int) else 1
        headers.append((b"retry-after", str(wait).encode()))
    return found.status, headers, problems.body(found)


class Application:
    """The API over a `Service`.

    `max_body` bounds one body, `max_buffered` all bodies that are arriving at a time, both in octets.
    """

    def __init__(
        self, service: Service, *, max_body: int = 2 << 20, max_buffered: int = 256 << 20
    ) -> None:
        self._service = service
        self._max_body = max_body
        self._max_buffered = max_buffered
        self._buffered = 0
        self._find = Router(ROUTES + RESERVED).find
        openapi = document()
        self._openapi = _encode(openapi)
        self._docs = render(openapi).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answer(scope, receive)
        except Refused as refused:
            status, headers, body = problem_answer(refused.problem)
        except Disconnected:
            return
        except Exception:
            log.exception("http.internal_error", method=scope["method"], path=scope["path"])
            status, headers, body = problem_answer(problem("internal_error"))
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
            allowed = sorted({*operations, *(["HEAD"] if "GET" in operations else [])})
            status, headers, body = problem_answer(problem("method_not_allowed"))
            return status, [*headers, (b"allow", ", ".join(allowed).encode())], body

        credentials = media_type = coding = length = idempotency_key = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                credentials = value
            elif name == b"content-type":
                media_type = value
            elif name == b"content-length":
                length = value
            elif name == b"idempotency-key":
                idempotency_key = value
            elif name == b"content-encoding":
                coding = value

        principal = _NOBODY if route.access == "open" else self._authenticate(credentials)
        if route.access == "admin" and not principal.admin:
            raise Refused(problem("forbidden", "This needs the admin key"))
        if route.handler is None:
            raise Refused(problem("not_supported_yet"))
        payload = b""
        if route.request:
            if media_type and not _is_json(media_type):
                raise Refused(problem("unsupported_media_type"))
            if coding and coding.lower() != b"identity":
                raise Refused(
                    problem("unsupported_media_type", "Content-Encoding is not supported")
                )
            payload = await self._body(length, receive)
        request = Request(principal, parameters, scope["query_string"], payload, idempotency_key)
        answer: Answer = await getattr(self, route.handler)(request)
        return answer

    def _authenticate(self, credentials: bytes) -> Principal:
        scheme, _, key = credentials.partition(b" ")
        if scheme.lower() != b"bearer":
            raise Refused(problem("unauthenticated", "Send Authorization: Bearer KEY"))
        principal = self._service.authenticate(key.strip().decode("utf-8", "replace"))
        if principal is None:
            raise Refused(problem("unauthenticated", "The key is not known"))
        return principal

    async def _body(self, length: bytes, receive: Receive) -> bytes:
        if length.isdigit() and int(length) > self._max_body:
            raise Refused(self._too_large())
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
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
                    raise Disconnected
                body += message["body"]
                more = message["more_body"]
        finally:
            self._buffered -= held

    def _too_large(self) -> Problem:
        return problem("body_too_large", f"The body has more than {self._max_body} octets")

    # -- operations, by the names that the route table gives them ------------------------------

    async def send_messages(self, request: Request) -> Answer:
        account = request.principal.account
        if account is None:
            raise Refused(problem("forbidden", "The admin key belongs to no account"))
        key = None
        if request.idempotency_key:
            key = _idempotency(request.idempotency_key, request.body)
        parsed = submission.parse(request.body)
        if isinstance(parsed, Draft):
            (answer,) = await self._service.accept(account, (parsed,), key)
            if isinstance(answer, Problem):
                return problem_answer(answer)
            return json_answer(202, answer)

        drafts = [item for item in parsed if isinstance(item, Draft)]
        given = iter(await self._service.accept(account, drafts, key) if drafts else ())
        answers = [next(given) if isinstance(item, Draft) else item for item in parsed]
        whole = submission.none_accepted(answers)
        if whole is not None:
            return problem_answer(whole)
        return json_answer(202, {"messages": answers})

    async def list_messages(self, request: Request) -> Answer:
        page = await self._service.messages(request.scope, _query(request.query_string))
        return json_answer(200, {"messages": page.items, "cursor": page.cursor})

    async def get_message(self, request: Request) -> Answer:
        found = await self._service.message(request.scope, request.parameters["id"])
        if found is None:
            raise Refused(problem("not_found", "No message has this id"))
        return json_answer(200, found)

    async def cancel_message(self, request: Request) -> Answer:
        id = request.parameters["id"]
        outcome = await self._service.cancel(request.scope, id)
        if outcome == "cancelled":
            return json_answer(200, Cancelled(id=id))
        if outcome == "too_late":
            raise Refused(problem("too_late"))
        raise Refused(problem("not_found", "No message has this id"))

    async def list_carriers(self, request: Request) -> Answer:
        return json_answer(200, {"carriers": self._service.carriers()})

    async def analyze(self, request: Request) -> Answer:
        import septet

        function = getattr(septet, "analyze", None)
        if function is None:
            raise Refused(problem("not_supported_yet"))
        asked = _typed(_decode_analyze, request.body)
        try:
            found = function(
                asked.text,
                languages=asked.languages,
                reference_bits=asked.reference_bits,
                transliterate=asked.transliterate,
            )
        except SeptetError as error:
            raise Refused(_of_error(error)) from None
        fields = ("encoding", "language", "units", "segments", "segment_units", "forced_by")
        return json_answer(200, {field: getattr(found, field) for field in fields})

    async def healthz(self, request: Request) -> Answer:
        return json_answer(200, State("ok"))

    async def readyz(self, request: Request) -> Answer:
        reasons = self._service.not_ready()
        if reasons:
            raise Refused(problem("not_ready", "; ".join(reasons), reasons=reasons))
        return json_answer(200, State("ready"))

    async def openapi(self, request: Request) -> Answer:
        return 200, [_JSON], self._openapi

    async def docs(self, request: Request) -> Answer:
        return 200, _HTML, self._docs


_NOBODY: Final = Principal(account=None)


def _is_json(media_type: bytes) -> bool:
    essence = media_type.partition(b";")[0].strip().lower()
    return essence == b"application/json" or (
        essence.startswith(b"application/") and essence.endswith(b"+json")
    )


def _idempotency(key: bytes, body: bytes) -> Idempotency:
    if len(key) > _MAX_KEY or not all(0x20 <= octet < 0x7F for octet in key):
        raise Refused(
            problems.invalid("Idempotency-Key", f"1 to {_MAX_KEY} printable ASCII characters")
        )
    return Idempotency(key=key.decode(), digest=blake2b(body, digest_size=16).digest())


def _typed(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise Refused(problems.from_validation(error)) from None
    except (ValueError, RecursionError) as error:
        raise Refused(problem("bad_json", str(error))) from None


def _of_error(error: SeptetError) -> Problem:
    found = problems.invalid("", str(error))
    return msgspec.structs.replace(found, code=error.code)


def _query(query_string: bytes) -> Query:
    """The filters of a list. A + that was meant as one arrives as a blank, and is put right."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), max_num_fields=32, errors="strict")
    except ValueError as error:
        raise Refused(problem("bad_request", f"The query is malformed: {error}")) from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise Refused(problems.invalid(name, "given twice"))
        values[name] = value.replace(" ", "+") if name in _PLUS else value
    try:
        return msgspec.convert(values, Query, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(problems.from_validation(error)) from None


_PLUS: Final = frozenset({"to", "since", "until"})
