"""Every path of the API in one table: the application routes by it, and the OpenAPI document is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from septet.ingress.http.bodies import (
    AnalysisView,
    AnalyzeRequest,
    Batch,
    BatchAnswer,
    Cancelled,
    Carriers,
    MessageList,
    Replay,
    ReplayAnswer,
    State,
)
from septet.ingress.http.service import DeadQuery, Query, TraceQuery
from septet.message import Accepted, Draft, MessageView

Method: TypeAlias = Literal["GET", "POST", "DELETE", "PUT", "PATCH"]
Access: TypeAlias = Literal["open", "key", "admin"]


class Route(Struct, frozen=True, kw_only=True):
    """One operation.

    `handler` names a method of the application; None stands for an operation that the API has
    reserved and this version answers with `not_supported_yet`. `request` and `answer` are types, or
    alternatives; `answer` is a media type where it is no JSON.
    """

    method: Method
    path: str
    summary: str
    handler: str | None = None
    access: Access = "key"
    request: tuple[Any, ...] = ()
    query: type[Struct] | None = None
    status: int = 200
    answer: tuple[Any, ...] | str = ()
    problems: tuple[str, ...] = ()


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/v1/messages",
        summary="Send one message, or a batch of at most 1,000",
        handler="send_messages",
        request=(Draft, Batch),
        status=202,
        answer=(Accepted, BatchAnswer),
        problems=(
            "bad_json",
            "recipient_opted_out",
            "idempotency_in_progress",
            "body_too_large",
            "batch_too_large",
            "unsupported_media_type",
            "invalid_field",
            "idempotency_mismatch",
            "no_route",
            "over_rate",
            "queue_full",
            "overloaded",
        ),
    ),
    Route(
        method="GET",
        path="/v1/messages",
        summary="List messages, newest first",
        handler="list_messages",
        query=Query,
        answer=(MessageList,),
        problems=("invalid_field",),
    ),
    Route(
        method="GET",
        path="/v1/messages/{id}",
        summary="One message, with its events",
        handler="get_message",
        answer=(MessageView,),
        problems=("not_found",),
    ),
    Route(
        method="DELETE",
        path="/v1/messages/{id}",
        summary="Cancel a message that has not left",
        handler="cancel_message",
        answer=(Cancelled,),
        problems=("not_found", "too_late"),
    ),
    Route(
        method="GET",
        path="/v1/dlq",
        summary="Dead letters: what ended without being delivered and may be tried again, newest first",
        handler="list_dead_letters",
        access="admin",
        query=DeadQuery,
        answer=(MessageList,),
        problems=("invalid_field",),
    ),
    Route(
        method="POST",
        path="/v1/dlq/replay",
        summary="Queue dead letters again, at most 1,000",
        handler="replay",
        access="admin",
        request=(Replay,),
        answer=(ReplayAnswer,),
        problems=(
            "bad_json",
            "body_too_large",
            "unsupported_media_type",
            "invalid_field",
            "not_found",
            "not_dead",
            "recipient_opted_out",
            "no_route",
            "queue_full",
        ),
    ),
    Route(
        method="GET",
        path="/v1/carriers",
        summary="Carriers: link states, queues and windows",
        handler="list_carriers",
        access="admin",
        answer=(Carriers,),
    ),
    Route(
        method="GET",
        path="/v1/trace",
        summary="What passes over the sessions of a link or an account, decoded, a JSON object a line, until you leave",
        handler="trace",
        access="admin",
        query=TraceQuery,
        answer="application/x-ndjson",
        problems=("invalid_field", "not_found", "overloaded"),
    ),
    Route(
        method="POST",
        path="/v1/analyze",
        summary="Encoding and segments of a text; nothing is sent",
        handler="analyze",
        request=(AnalyzeRequest,),
        answer=(AnalysisView,),
        problems=("bad_json", "body_too_large", "unsupported_media_type", "invalid_field"),
    ),
    Route(
        method="GET",
        path="/healthz",
        summary="Whether the process is alive",
        handler="healthz",
        access="open",
        answer=(State,),
    ),
    Route(
        method="GET",
        path="/readyz",
        summary="Whether the store is replayed and the listeners are open",
        handler="readyz",
        access="open",
        answer=(State,),
        problems=("not_ready",),
    ),
    Route(
        method="GET",
        path="/openapi.json",
        summary="This document",
        handler="openapi",
        access="open",
        answer="application/json",
    ),
    Route(
        method="GET",
        path="/docs",
        summary="This document, to read",
        handler="docs",
        access="open",
        answer="text/html",
    ),
)


def _later(path: str, *methods: Method, access: Access = "admin") -> tuple[Route, ...]:
    return tuple(Route(method=method, path=path, summary="Not supported yet", access=access) for method in methods)


RESERVED: Final[tuple[Route, ...]] = (
    *_later("/", "GET", access="open"),
    *_later("/v1/conversations", "GET", access="key"),
    *_later("/v1/conversations/{number}/{contact}", "GET", access="key"),
    *(
        route
        for name in ("numbers", "keywords", "flows", "optouts", "accounts", "routes")
        for route in (
            *_later(f"/v1/{name}", "GET", "POST"),
            *_later(f"/v1/{name}/{{id}}", "GET", "PUT", "PATCH", "DELETE"),
        )
    ),
    *_later("/v1/routes/explain", "POST"),
    *_later("/v1/carriers/{id}/pause", "POST"),
    *_later("/v1/carriers/{id}/resume", "POST"),
)
"""Operations that the API promises for a later version."""

Operations: TypeAlias = Mapping[str, Route]


class Router:
    """Finds what a path can do: an exact path by one look-up, a templated one by its segments.

    >>> operations, parameters = Router(ROUTES).find("/v1/messages/abc")
    >>> sorted(operations), parameters
    (['DELETE', 'GET'], {'id': 'abc'})
    """

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        self._templates: dict[int, dict[tuple[str, ...], dict[str, Route]]] = {}
        for route in routes:
            if "{" not in route.path:
                operations = self._exact.setdefault(route.path, {})
            else:
                segments = tuple(route.path.split("/"))
                same_length = self._templates.setdefault(len(segments), {})
                operations = same_length.setdefault(segments, {})
            operations[route.method] = route

    def find(self, path: str) -> tuple[Operations, Mapping[str, str]]:
        """The operations of a path by method, and its parameters; no operations where it is unknown."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        segments = path.split("/", 8)
        for template, operations in self._templates.get(len(segments), {}).items():
            parameters = {}
            for wanted, given in zip(template, segments, strict=True):
                if wanted.startswith("{") and given:
                    parameters[wanted[1:-1]] = given
                elif wanted != given:
                    break
            else:
                return operations, parameters
        return {}, {}
