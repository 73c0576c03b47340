"""Every store keeps the same promises: the embedded one, the one in memory, and one that is written in Python."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from septet import config
from septet._septet import Engine, MemoryStore, Page, SqliteStore
from septet.message import Draft
from septet.store import ConsentRow, Finished, KeyRow, MessageRow, Query, Store, now, wall_zero
from septet.store.tables import tables


class Shelf:
    """A store as a cluster engine would be one: everything outside of the process, here in a few dictionaries."""

    def __init__(self) -> None:
        self.pages: dict[int, bytes] = {}
        self.rows: dict[str, MessageRow] = {}
        self.words: dict[tuple[str, str], ConsentRow] = {}
        self.keys: dict[tuple[str, str], KeyRow] = {}
        self.last = 0
        self.commits = 0
        self._read, self._write = os.pipe()

    def replay(self) -> Iterable[tuple[int, bytes]]:
        return sorted(self.pages.items())

    def page(self, seq: int) -> bytes | None:
        return self.pages.get(seq)

    def consent(self) -> Iterable[ConsentRow]:
        return self.words.values()

    def commit(self, page: Page) -> None:
        self.pages[page.seq] = page.journal
        self.pages = {seq: journal for seq, journal in self.pages.items() if seq >= min(page.keep_from, page.seq)}
        self.rows |= {row.id: row for row in page.log}
        self.words |= {(row.number, row.contact): row for row in page.consent}
        self.keys |= {(row.account, row.key): row for row in page.keys}
        self.last, self.commits = page.seq, self.commits + 1
        os.write(self._write, b"\0")

    def room(self) -> int:
        return 1

    def fileno(self) -> int:
        return self._read

    def finished(self) -> Finished:
        if select.select([self._read], [], [], 0)[0]:
            os.read(self._read, 4096)
        return Finished(self.last, self.commits)

    def query(self, query: Query) -> Iterable[MessageRow]:
        wanted = {name: getattr(query, name) for name in ("account", "id", "source", "destination", "status")}
        found = [
            row
            for row in sorted(self.rows.values(), reverse=True)
            if all(value is None or getattr(row, name) == value for name, value in wanted.items())
            and (query.before_id is None or row.id < query.before_id)
        ]
        return found[: query.limit]

    def key(self, account: str, key: str) -> KeyRow | None:
        return self.keys.get((account, key))

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


Opener = Callable[[], Store]


@pytest.fixture(params=["sqlite", "memory", "python"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    openers: dict[str, Opener] = {
        "sqlite": lambda: SqliteStore(str(tmp_path / "septet.db")),
        "memory": MemoryStore,
        "python": Shelf,
    }
    return openers[request.param]()


def row(number: int, **other: Any) -> MessageRow:
    fields: dict[str, Any] = {
        "id": f"{number:020}",
        "direction": "mt",
        "account": "acme",
        "source": "12345",
        "destination": "46701",
        "carrier": "north",
        "segments": 2,
        "status": "delivered",
        "error": 0,
        "created": 1000,
        "updated": 2000,
        "record": b"\x01\xff",
    }
    return MessageRow(**fields | other)


def committed(store: Store, page: Page) -> None:
    """Commits, and returns once the page is durable."""
    store.commit(page)
    deadline = time.monotonic() + 10
    while store.finished().committed < page.seq:
        assert time.monotonic() < deadline
        select.select([store.fileno()], [], [], 1)


def test_rows_come_back_as_they_were_newest_first(store: Store) -> None:
    rows = [row(1), row(2, direction="mo", status="dead", account=""), row(3, status="failed", error=88)]
    committed(store, Page(1, b"journal", log=rows))
    assert list(store.query(Query())) == rows[::-1]
    assert list(store.query(Query(status="failed"))) == [rows[2]]
    assert list(store.query(Query(id=rows[1].id))) == [rows[1]]
    assert list(store.query(Query(before_id=rows[2].id, limit=1))) == [rows[1]]
    changed = row(1, status="expired")
    committed(store, Page(2, log=[changed]))
    assert list(store.query(Query(id=changed.id))) == [changed]
    store.close()


def test_consent_and_keys_keep_the_last_word(store: Store) -> None:
    out, back = ConsentRow("12345", "46701", True, 5, "STOP"), ConsentRow("12345", "46701", False, 6, "START")
    key = KeyRow("acme", "k", b"\x00" * 32, b"[]", 7)
    committed(store, Page(1, consent=[out], keys=[key]))
    committed(store, Page(2, consent=[back]))
    assert list(store.consent()) == [back]
    assert store.key("acme", "k") == key
    assert store.key("acme", "other") is None
    assert store.room() > 0
    store.close()


def test_the_journal_is_kept_from_where_it_is_needed(tmp_path: Path) -> None:
    for store in (SqliteStore(str(tmp_path / "septet.db")), Shelf()):
        committed(store, Page(1, b"one"))
        committed(store, Page(2, b"two"))
        committed(store, Page(3, b"three", keep_from=2))
        assert list(store.replay()) == [(2, b"two"), (3, b"three")]
        store.close()


def test_a_page_is_read_back_while_it_is_kept(store: Store) -> None:
    committed(store, Page(1, b"one"))
    committed(store, Page(2, b"two", keep_from=1))
    assert (store.page(1), store.page(2), store.page(3)) == (b"one", b"two", None)
    committed(store, Page(3, b"three", keep_from=2))
    assert (store.page(1), store.page(2)) == (None, b"two")
    store.close()


TOML = """
[[account]]
id = "demo"
api_key = "k"
[[carrier]]
id = "north"
host = "127.0.0.1"
system_id = "s"
password = "p"
[[route]]
carriers = [{ id = "north" }]
"""


def engine(store: Store, folder: Path) -> Engine:
    wanted = tables(config.parse(TOML, folder))
    return Engine(wanted, store, seed=b"s" * 32, now=now(), wall_zero=wall_zero())


def durable(of: Engine) -> None:
    page = of.page()
    of.flush()
    deadline = time.monotonic() + 10
    while of.committed(now())[0] < page:
        assert time.monotonic() < deadline
        select.select([of.wake_fd()], [], [], 1)


def test_the_engine_works_over_a_store_written_in_python(tmp_path: Path) -> None:
    shelf = Shelf()
    first = engine(shelf, tmp_path)
    kept, gone = (first.post(0, [Draft("12345", "46701234567", text=text)], now())[0][0] for text in ("one", "two"))
    durable(first)
    assert first.cancel(gone, 0, now()) == "cancelled"
    first.take_key("demo", "k", b"h" * 32, b"[]", 5)
    durable(first)
    [found] = first.log().messages({"id": gone}, 1)
    assert (found["text"], found["status"]) == ("two", "cancelled")
    assert first.log().key("demo", "k") == (b"h" * 32, b"[]", 5)
    # As after a crash: another engine over what the store holds.
    second = engine(shelf, tmp_path)
    assert (second.alive(), second.message(kept)["text"]) == (1, "one")  # type: ignore[index]
    second.close()


def test_a_store_that_fails_is_told_by_its_code(tmp_path: Path) -> None:
    class Broken(Shelf):
        def replay(self) -> Iterable[tuple[int, bytes]]:
            raise OSError("the stream is gone")

    with pytest.raises(Exception, match="the stream is gone") as refused:
        engine(Broken(), tmp_path)
    assert getattr(refused.value, "code", None) == "store.io"


def test_while_space_is_short_nothing_new_is_let_in(tmp_path: Path) -> None:
    class Full(Shelf):
        low = True

        def finished(self) -> Finished:
            return super().finished()._replace(low=self.low, notes=["a note"])

    shelf = Full()
    node = engine(shelf, tmp_path)
    _page, failure, notes = node.committed(now())
    assert failure is not None
    assert "disk is full" in failure
    assert notes == ["a note"]
    draft = Draft("12345", "46701234567", text="x")
    assert node.post(0, [draft], now())[0][0] == "node_full"
    shelf.low = False
    assert node.committed(now())[1] is None
    assert len(node.post(0, [draft], now())[0]) == 3
    node.close()
