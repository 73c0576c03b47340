"""What the HTTP API asks of the node: one protocol, and the values that cross it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct

from septet.ingress.http.problems import Problem
from septet.message import Accepted, Direction, Draft, Status


class Principal(Struct, frozen=True):
    """Whom a key belongs to: an account, or with `admin` the operator (then `account` may be None)."""

    account: str | None
    admin: bool = False


class Idempotency(Struct, frozen=True):
    """An Idempotency-Key, and a digest of the body it came with.

    Per account and for 24 h: the same digest gets the same answer, another one
    `Refused(problem("idempotency_mismatch"))`, one still in progress
    `Refused(problem("idempotency_in_progress"))`.
    """

    key: str
    digest: bytes


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Which messages to list; what is None does not narrow the list."""

    to: str | None = None
    from_: str | None = None
    status: Status | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    direction: Direction | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50
    cursor: Annotated[str, Meta(max_length=256)] | None = None


class DeadQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters to list; what is None does not narrow the list."""

    account: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    carrier: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    status: Literal["failed", "rejected", "expired", "unknown", "dead"] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50
    cursor: Annotated[str, Meta(max_length=256)] | None = None


class TraceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose sessions to watch: an `account`'s, or those of a `link`: a carrier's id, or one link as in `north/0`."""

    link: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    account: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    reveal: Annotated[bool, Meta(description="Show texts and numbers.")] = False


class Page(Struct, frozen=True):
    """Messages, newest first, and the cursor of the next page; None on the last."""

    items: Sequence[dict[str, Any]]
    cursor: str | None = None


class Service(Protocol):
    """The node as the HTTP API sees it.

    Every method runs on the loop of the server and must not block it. `Refused` may be raised by any of them.
    An `account` of None stands for the operator, who sees every account's messages.
    """

    def authenticate(self, key: str) -> Principal | None:
        """Whose key this is, or None. Called for every request: keep it cheap."""
        ...

    async def accept(
        self, account: str, drafts: Sequence[Draft], key: Idempotency | None
    ) -> Sequence[Accepted | Problem]:
        """One answer per draft, in order, once those accepted are durable.

        It is not cancelled when the client goes away: what was begun is finished.
        """
        ...

    async def message(self, account: str | None, id: str) -> dict[str, Any] | None:
        """A message with its events, its id compared without regard to case; None if the account has none such."""
        ...

    async def messages(self, account: str | None, query: Query) -> Page:
        """The messages that match, newest first."""
        ...

    async def cancel(self, account: str | None, id: str) -> Literal["cancelled", "not_found", "too_late"]:
        """Withdraws a message unless it has left."""
        ...

    async def dead_letters(self, query: DeadQuery) -> Page:
        """What ended without being delivered and may be tried again, newest first."""
        ...

    async def replay(self, ids: Sequence[str]) -> Sequence[dict[str, str] | Problem]:
        """Queues dead letters again; one answer per id, in order, once those queued are durable."""
        ...

    def carriers(self) -> list[dict[str, Any]]:
        """Link states, queues and windows."""
        ...

    def trace(self, query: TraceQuery) -> AsyncGenerator[bytes, None]:
        """Lines of JSON as PDUs pass, until it is closed; b"" now and then where nothing does.

        It begins with its first line, or with `Refused`.
        """
        ...

    def not_ready(self) -> list[str]:
        """Why traffic should not be sent here yet; empty when it should."""
        ...
