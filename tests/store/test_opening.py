from __future__ import annotations

import select
import sqlite3
import time
from pathlib import Path

import pytest

from septet import config
from septet._septet import Engine
from septet.errors import SeptetError
from septet.message import Draft
from septet.store import now, open_engine, wall_zero

TOML = """
[store]
engine = "{engine}"
[[account]]
id = "demo"
api_key = "k"
[[carrier]]
id = "north"
host = "127.0.0.1"
system_id = "s"
password = "p"
[[route]]
carriers = [{{ id = "north" }}]
"""


def opened(folder: Path, engine: str = "sqlite") -> Engine:
    return open_engine(config.parse(TOML.format(engine=engine), folder))


def posted(engine: Engine, text: str) -> str:
    """Posts a message and returns its id once it is durable."""
    [result] = engine.post(0, [Draft("12345", "46701234567", text=text)], now())
    page = engine.page()
    engine.flush()
    deadline = time.monotonic() + 10
    while True:
        durable, failure, _notes = engine.committed(now())
        assert failure is None
        if durable >= page:
            return str(result[0])
        assert time.monotonic() < deadline, "waited in vain for the commit"
        select.select([engine.wake_fd()], [], [], 1)


@pytest.mark.parametrize("engine", ["sqlite", "memory"])
def test_a_message_is_found_once_committed(tmp_path: Path, engine: str) -> None:
    store = opened(tmp_path, engine)
    id = posted(store, "Hej")
    found = store.message(id)
    assert found is not None
    assert (found["text"], found["to"], found["carrier"]) == ("Hej", "46701234567", "north")
    assert store.message(id.lower()) is not None
    store.close()


def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    first = opened(tmp_path)
    ids = [posted(first, text) for text in ("one", "två", "三")]
    before = [first.message(id) for id in ids]
    first.close()
    second = opened(tmp_path)
    assert second.alive() == 3
    assert [second.message(id) for id in ids] == before
    second.close()


def test_memory_keeps_nothing_and_makes_no_file(tmp_path: Path) -> None:
    store = opened(tmp_path, "memory")
    posted(store, "gone")
    store.close()
    assert opened(tmp_path, "memory").alive() == 0
    assert list(tmp_path.iterdir()) == []


def test_one_store_serves_one_node(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(SeptetError, match="data_dir") as refused:
        opened(tmp_path)
    assert refused.value.code == "store.locked"
    first.close()
    opened(tmp_path).close()


def test_what_is_no_store_is_kept_under_another_name(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    octets = b"this is no database at all " * 400
    (folder / "septet.db").write_bytes(octets)
    store = opened(tmp_path)
    assert store.alive() == 0
    store.close()
    [aside] = [it for it in folder.iterdir() if ".corrupt-" in it.name]
    assert aside.read_bytes() == octets


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with sqlite3.connect(folder / "septet.db") as other:
        other.execute("CREATE TABLE mine(a)")
    octets = (folder / "septet.db").read_bytes()
    with pytest.raises(SeptetError) as refused:
        opened(tmp_path)
    assert refused.value.code == "store.schema"
    assert (folder / "septet.db").read_bytes() == octets


def test_the_folder_is_made_or_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(SeptetError, match=r"node\.data_dir") as refused:
        opened(tmp_path)
    assert refused.value.code == "store.open"


def test_the_wall_clock_starts_where_now_is_zero() -> None:
    shown = wall_zero() + now() // 1000
    assert abs(shown - time.time() * 1000) < 1000


def test_a_damaged_store_is_set_aside_and_saved_from(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = opened(tmp_path)
    ids = [posted(first, "Hej") for _ in range(20)]
    first.close()
    path = tmp_path / "data" / "septet.db"
    octets = bytearray(path.read_bytes())
    place = octets.rindex(b"46701234567")
    octets[place] ^= 1
    path.write_bytes(octets)
    second = opened(tmp_path)
    # A page of the journal is lost, whatever was in it; the others are there.
    assert 0 < second.alive() < len(ids)
    second.close()
    [aside] = [it for it in path.parent.iterdir() if ".corrupt-" in it.name]
    assert aside.read_bytes() == octets
    said = capfd.readouterr().out
    assert "store.set_aside" in said
    assert aside.name in said
