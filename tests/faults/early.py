"""A node with a fault: its commits come after the acknowledgements. The kill test must find that out.

The store is the embedded one behind another, which says of each page at once that it is durable and commits it later.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Iterable

from septet import cli
from septet._septet import Page
from septet.config import Config
from septet.store import opening
from septet.store.interface import ConsentRow, Finished, KeyRow, MessageRow, Query, Store

DELAY = 0.03


class EarlyStore:
    """Tells before it does."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self._pages: queue.SimpleQueue[Page | None] = queue.SimpleQueue()
        self._told = 0
        self._out, self._in = os.pipe()
        os.set_blocking(self._out, False)
        self._late = threading.Thread(target=self._commit_late)
        self._late.start()

    def _commit_late(self) -> None:
        while (page := self._pages.get()) is not None:
            time.sleep(DELAY)  # the fault itself
            while not self._inner.room():
                time.sleep(DELAY)  # between two looks whether it has room
            self._inner.commit(page)
            self._inner.finished()

    def commit(self, page: Page) -> None:
        self._pages.put(page)
        self._told = page.seq
        os.write(self._in, b"x")

    def finished(self) -> Finished:
        with contextlib.suppress(BlockingIOError):
            os.read(self._out, 1 << 16)
        return Finished(committed=self._told)

    def room(self) -> int:
        return 16

    def fileno(self) -> int:
        return self._out

    def replay(self) -> Iterable[tuple[int, bytes]]:
        for seq, journal in self._inner.replay():
            self._told = seq
            yield seq, journal

    def page(self, seq: int) -> bytes | None:
        return self._inner.page(seq)

    def consent(self) -> Iterable[ConsentRow]:
        return self._inner.consent()

    def query(self, query: Query) -> Iterable[MessageRow]:
        return self._inner.query(query)

    def key(self, account: str, key: str) -> KeyRow | None:
        return self._inner.key(account, key)

    def close(self) -> None:
        self._pages.put(None)
        self._late.join()
        self._inner.close()


def main() -> int:
    embedded = opening.open_store

    def early(config: Config) -> Store:
        return EarlyStore(embedded(config))

    opening.open_store = early
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
