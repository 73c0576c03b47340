"""The operations of the API, by the names that the route table gives them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from hashlib import blake2b
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import msgspec

import septet
from septet.errors import SeptetError
from septet.ingress.http import problems, submission
from septet.ingress.http.bodies import AnalyzeRequest, Cancelled, Replay, State
from septet.ingress.http.docs import render
from septet.ingress.http.openapi import document
from septet.ingress.http.problems import Problem, Refused, problem
from septet.ingress.http.service import DeadQuery, Idempotency, Principal, Query, Service, TraceQuery
from septet.message import Draft

Headers: TypeAlias = list[tuple[bytes, bytes]]
Answer: TypeAlias = tuple[int, Headers, bytes | AsyncGenerator[bytes, None]]

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_decode_replay = msgspec.json.Decoder(Replay).decode
_decode_analyze = msgspec.json.Decoder(AnalyzeRequest).decode

_JSON: Final = (b"content-type", b"application/json")
_LINES: Final = (b"content-type", b"application/x-ndjson")
_PROBLEM: Final = (b"content-type", problems.CONTENT_TYPE)
_HTML: Final[Headers] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
]
_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="septet"')
_MAX_KEY: Final = 255
_TIMES: Final = frozenset({"since", "until"})
_ADDRESSES: Final = frozenset({"to", "from"})


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


class Operations:
    """What each route does, over a `Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        openapi = document()
        self._openapi = _encode(openapi)
        self._docs = render(openapi).encode()

    async def send_messages(self, request: Request) -> Answer:
        """One message, or a batch; answered once what was accepted is durable."""
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
        """A page of messages."""
        page = await self._service.messages(request.scope, _query(request.query_string, Query))
        return json_answer(200, {"messages": page.items, "cursor": page.cursor})

    async def get_message(self, request: Request) -> Answer:
        """One message."""
        found = await self._service.message(request.scope, request.parameters["id"])
        if found is None:
            raise Refused(problem("not_found", "No message has this id"))
        return json_answer(200, found)

    async def cancel_message(self, request: Request) -> Answer:
        """Withdraws a message."""
        id = request.parameters["id"]
        outcome = await self._service.cancel(request.scope, id)
        if outcome == "cancelled":
            return json_answer(200, Cancelled(id=id))
        if outcome == "too_late":
            raise Refused(problem("too_late"))
        raise Refused(problem("not_found", "No message has this id"))

    async def list_dead_letters(self, request: Request) -> Answer:
        """A page of what ended without being delivered."""
        page = await self._service.dead_letters(_query(request.query_string, DeadQuery))
        return json_answer(200, {"messages": page.items, "cursor": page.cursor})

    async def replay(self, request: Request) -> Answer:
        """Dead letters, queued again; answered once that is durable."""
        asked = _typed(_decode_replay, request.body)
        return json_answer(200, {"messages": await self._service.replay(asked.ids)})

    async def list_carriers(self, _request: Request) -> Answer:
        """All carriers."""
        return json_answer(200, {"carriers": self._service.carriers()})

    async def trace(self, request: Request) -> Answer:
        """What passes over sessions, as it passes."""
        query = _query(request.query_string, TraceQuery)
        if (query.link is None) == (query.account is None):
            raise Refused(problems.invalid("link", "Name a link or an account"))
        lines = self._service.trace(query)
        # Nothing is answered before it is known that there is something to watch.
        first = await anext(lines)
        return 200, [_LINES], _chained(first, lines)

    async def analyze(self, request: Request) -> Answer:
        """A dry run of the codec."""
        asked = _typed(_decode_analyze, request.body)
        try:
            found = septet.analyze(
                asked.text,
                languages=asked.languages,
                reference_bits=asked.reference_bits,
                transliterate=asked.transliterate,
            )
        except SeptetError as error:
            raise Refused(problems.from_error(error)) from None
        fields = ("encoding", "language", "units", "segments", "segment_units", "forced_by")
        return json_answer(200, {field: getattr(found, field) for field in fields})

    async def healthz(self, _request: Request) -> Answer:
        """Alive, or this would not answer."""
        return json_answer(200, State("ok"))

    async def readyz(self, _request: Request) -> Answer:
        """Ready, or why not."""
        reasons = self._service.not_ready()
        if reasons:
            raise Refused(problem("not_ready", "; ".join(reasons), reasons=reasons))
        return json_answer(200, State("ready"))

    async def openapi(self, _request: Request) -> Answer:
        """The document that describes this table."""
        return 200, [_JSON], self._openapi

    async def docs(self, _request: Request) -> Answer:
        """The same, to read."""
        return 200, _HTML, self._docs


def _idempotency(key: bytes, body: bytes) -> Idempotency:
    if len(key) > _MAX_KEY or not all(0x20 <= octet < 0x7F for octet in key):
        raise Refused(problems.invalid("Idempotency-Key", f"1 to {_MAX_KEY} printable ASCII characters"))
    return Idempotency(key=key.decode(), digest=blake2b(body, digest_size=16).digest())


def _typed(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise Refused(problems.from_validation(error)) from None
    except (ValueError, RecursionError) as error:
        raise Refused(problem("bad_json", str(error))) from None


async def _chained(first: bytes, lines: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(lines):
        yield first
        async for line in lines:
            yield line


def _query(query_string: bytes, kind: type[T]) -> T:
    """The filters of a list. A + that was meant as one arrives as a blank, and is put right."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), max_num_fields=32, errors="strict")
    except ValueError as error:
        raise Refused(problem("bad_request", f"The query is malformed: {error}")) from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise Refused(problems.invalid(name, "given twice"))
        if name in _TIMES or (name in _ADDRESSES and value.startswith(" ")):
            value = value.replace(" ", "+")  # noqa: PLW2901
        values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(problems.from_validation(error)) from None
