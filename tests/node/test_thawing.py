"""A queue that is longer than memory keeps of it: over a real store, and over one that fails."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from septet import config
from septet._septet import Engine
from septet.errors import SeptetError
from septet.message import Draft
from septet.node import thawing
from septet.node.thawing import Thawing
from septet.store import now, wall_zero
from septet.store.tables import tables
from tests.store.test_interface import TOML, Shelf, durable
from tests.support import ACCOUNT, PERSON, carrier, eventually, on_loop, route, running, smsc

SHORT = "[node]\nqueue_in_memory = 3\nshutdown_grace = 0.2\n"


def world(port: int) -> str:
    return SHORT + ACCOUNT + carrier("north", port) + route("north")


def nobody() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@on_loop
async def test_a_long_queue_lies_in_the_store_is_seen_there_and_leaves_in_order(tmp_path: Path) -> None:
    async with running(world(nobody()), tmp_path) as (node, api):
        ids = [await api.post(f"m{n:02}") for n in range(20)]
        assert node.engine.cold() == 17
        assert node.engine.load_of(0)[0] == 20
        for id in (ids[0], ids[19]):
            status, found = await api("GET", f"/v1/messages/{id}")
            assert (status, found["status"], found["carrier"], found["to"]) == (200, "queued", "north", PERSON)
        pages = [await api("GET", f"/v1/messages?limit=100&{query}") for query in ("", f"to={PERSON}", "to=46799")]
        shown = [{each["id"] for each in found["messages"]} for _status, found in pages]
        assert shown == [set(ids), set(ids), set()]
        assert (await api("GET", "/v1/messages?limit=5"))[1]["messages"][0]["id"] == max(ids)
        assert node.engine.cold() == 17, "looking changes nothing"
        assert (await api("DELETE", f"/v1/messages/{ids[18]}"))[0] in (200, 202, 204)
        assert (await api("GET", f"/v1/messages/{ids[18]}"))[1]["status"] == "cancelled"
        assert node.engine.cold() == 16
    async with smsc() as north, running(world(north.port), tmp_path) as (node, api):
        await eventually(lambda: len(north.submits) >= 19, "every message")
        left = [f"m{n:02}".encode() for n in range(20) if n != 18]
        assert [submit.octets for submit in north.submits] == left
        await api.until(ids[19], "submitted")
        assert (node.engine.cold(), node.engine.load_of(0)[0]) == (0, 0)


class Flaky(Shelf):
    """A store that cannot read a page now and then."""

    fails = 0

    def page(self, seq: int) -> bytes | None:
        if self.fails:
            self.fails -= 1
            raise OSError("the stream is gone")
        return super().page(seq)


def backlog(shelf: Shelf, folder: Path) -> tuple[Engine, list[str]]:
    wanted = tables(config.parse("[node]\nqueue_in_memory = 2\n" + TOML, folder))
    engine = Engine(wanted, shelf, seed=b"s" * 32, now=now(), wall_zero=wall_zero())
    posted = engine.post(0, [Draft("12345", "46701234567", text=f"m{n}") for n in range(6)], now())
    durable(engine)
    assert engine.cold() == 4
    return engine, [str(id) for id, _encoding, _segments in posted]


@on_loop
async def test_a_page_that_cannot_be_read_is_said_and_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thawing, "_PAUSE", 0.0)
    shelf = Flaky()
    engine, ids = backlog(shelf, tmp_path)
    hub: Any = SimpleNamespace(engine=engine, now=now, turn_soon=lambda: None)
    thaw = Thawing(hub)
    assert engine.cancel(ids[5], None, now()) == "cold"
    shelf.fails = 1
    with pytest.raises(SeptetError, match="the stream is gone"):
        await thaw.thawed()
    assert engine.cold() == 4
    assert engine.cancel(ids[5], None, now()) == "cold"
    await thaw.thawed()
    assert engine.cold() == 3
    assert engine.cancel(ids[5], None, now()) == "cancelled"
    await thaw.stop()
    engine.close()


def test_a_page_without_what_must_be_there_is_an_error(tmp_path: Path) -> None:
    engine, ids = backlog(Shelf(), tmp_path)
    assert engine.cancel(ids[4], None, now()) == "cold"
    [page] = engine.take_pages()
    with pytest.raises(SeptetError) as missing:
        engine.thaw(page, None, now())
    assert missing.value.code == "engine.page_missing"
    assert engine.take_pages() == [page], "it is wanted still"
    engine.thaw(page, cast(bytes, engine.log().page(page)), now())
    assert engine.cancel(ids[4], None, now()) == "cancelled"
    engine.close()
