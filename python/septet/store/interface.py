"""What a store is: the embedded one is written in Rust, a cluster's is another class with these methods.

The engine calls a store once a page, never once a message. A *page* holds the records of everything that happened
since the last one, and the rows that follow from it: messages that have ended, consent, idempotency keys. What a sender
is told leaves the node only after `finished` has named the page as committed.

What a store promises:

- A page is committed whole or not at all, and pages commit in the order of `seq`.
- `finished().committed` never names a page that a restart could miss.
- A page that cannot be committed stays with the store until it can, and `finished().failed` says why.
- Rows are written again after a crash, with the same content: a row takes the place of the one with its key.
- Calls come from any thread; `replay`, `page`, `query` and `key` may block, the others must not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from septet._septet import Page


class MessageRow(NamedTuple):
    """A message that has ended; `id` is its key. Times in wall milliseconds, `record` in the engine's own format."""

    id: str
    direction: str
    account: str
    source: str
    destination: str
    carrier: str
    segments: int
    status: str
    error: int
    created: int
    updated: int
    record: bytes


class ConsentRow(NamedTuple):
    """Whether a contact has opted out of a number; both are its key."""

    number: str
    contact: str
    opted_out: bool
    at: int
    proof: str


class KeyRow(NamedTuple):
    """What an idempotency key was answered; account and key are its key. It is kept for 24 hours."""

    account: str
    key: str
    body_hash: bytes
    answer: bytes
    at: int


class Query(NamedTuple):
    """Which message rows are wanted, newest (by `id`) first; None = any."""

    account: str | None = None
    id: str | None = None
    source: str | None = None
    destination: str | None = None
    status: str | None = None
    direction: str | None = None
    since: int | None = None
    until: int | None = None
    before_id: str | None = None
    limit: int = 100
    carrier: str | None = None


class Finished(NamedTuple):
    """What has happened since the last call."""

    committed: int = 0
    """Every page up to this `seq` is durable."""
    commits: int = 0
    """Commits since the store was opened."""
    commit_seconds: Iterable[float] = ()
    """How long the commits since the last call took [s]."""
    failed: str | None = None
    """Set as long as nothing can be committed."""
    low: bool = False
    """Space is short: nothing new should be let in, only what must get in."""
    log_failed: str | None = None
    """Set as long as the log of ended messages lags behind because it cannot be written; nothing is lost."""
    waiting: int = 0
    """Message rows that wait to be moved into the log."""
    notes: Iterable[str] = ()
    """What an operator should know: files removed by age, files set aside."""


class Store(Protocol):
    """An open store."""

    def replay(self) -> Iterable[tuple[int, bytes]]:
        """Every kept page as (seq, journal), in order; called once, before the first commit."""

    def page(self, seq: int) -> bytes | None:
        """The journal of a committed page, or None if it is not kept any more.

        Messages that wait deep in a queue are read back from it.
        """

    def consent(self) -> Iterable[ConsentRow]:
        """Every consent row, in any order."""

    def commit(self, page: Page) -> None:
        """Takes a page and returns at once. Pages before `page.keep_from` need not be replayed any more."""

    def room(self) -> int:
        """How many pages `commit` would take now; the engine keeps two under way."""

    def fileno(self) -> int:
        """A descriptor that is readable while `finished` has news."""

    def finished(self) -> Finished:
        """What is durable, and what is wrong; makes the descriptor unreadable."""

    def query(self, query: Query) -> Iterable[MessageRow]:
        """Message rows that match, newest first."""

    def key(self, account: str, key: str) -> KeyRow | None:
        """An idempotency key, if it was taken."""

    def close(self) -> None:
        """Commits what was taken and releases everything; raises if some of it could not be committed."""
