"""A flipped bit in every kind of page, or a missing end: found at the start or when read, reported, set aside."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from septet._septet import SqliteStore
from septet.errors import SeptetError
from septet.store.interface import Query
from tests.faults.town import cycles, seed, town
from tests.support import eventually, on_loop


def pages(file: Path) -> dict[str, int]:
    """A page of each table and index of a database, by name; read in a process of its own."""
    program = (
        "import sqlite3, sys\n"
        "for name, page in sqlite3.connect(f'file:{sys.argv[1]}?mode=ro&immutable=1', uri=True).execute("
        "'SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0'): print(name, page)"
    )
    out = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True).stdout
    found = {name: int(page) for name, page in map(str.split, out.splitlines())}
    return {"header": 1, **found}


async def filled(folder: Path, chance: random.Random) -> tuple[Path, list[str]]:
    """A data folder with something in every table and a day, closed in good order: no side file."""
    async with town(folder, chance) as place:
        place.launch()
        await place.ready()
        place.load(on=True)
        await place.until(1500)
        place.north.stop_word("46190000009")
        await place.settle()

        def folded() -> bool:
            return any(place.data.glob("log-*.db"))

        await eventually(folded, "a day of the log")
        place.child.terminate()  # type: ignore[union-attr]
        place.child.wait()  # type: ignore[union-attr]
        place.child = None
        return place.data, [token for token in place.record.named if place.record.acknowledged[token]]


def read_all(data: Path, keys: list[str]) -> list[object]:
    """Opens the store and reads everything; raises if damage is found."""
    store = SqliteStore(str(data / "septet.db"), fold_pause=3600.0)
    try:
        answers = [store.key("app", key) for key in keys]
        return [store.replay(), sorted(store.consent()), store.query(Query(limit=1_000_000)), answers]
    finally:
        store.close()


def judge(error: SeptetError, file: Path, keys: list[str]) -> None:
    """The error names the file; a damaged live file is kept as it was found, and what can be read of it is whole."""
    assert file.name in str(error)
    if file.name == "septet.db" and error.code == "store.corrupt":
        harmed = file.read_bytes()
        aside, *_ = SqliteStore.salvage(str(file))
        assert Path(aside).read_bytes() == harmed
        read_all(file.parent, keys)


def damage(file: Path, page: int, chance: random.Random) -> None:
    """Flips a bit of this page: of its header or of a cell, where it matters."""
    octets = bytearray(file.read_bytes())
    start = (page - 1) * 4096
    used = [at for at in range(start, start + 4096) if octets[at]]
    octets[chance.choice(used)] ^= 1 << chance.randrange(8)
    file.write_bytes(octets)


@on_loop
async def test_a_flipped_bit_is_found_reported_and_set_aside(tmp_path: Path) -> None:
    """Either all is read as it was written, or the damage is an error that names its file."""
    chance = random.Random(seed())
    whole, keys = await filled(tmp_path, chance)
    expected = read_all(whole, keys)
    assert all(expected)
    found: list[str] = []
    for _ in range(min(10, cycles(2))):
        for file in sorted(whole.glob("*.db")):
            for name, page in pages(file).items():
                copy = tmp_path / "copy"
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(whole, copy)
                damage(copy / file.name, page, chance)
                try:
                    assert read_all(copy, keys) == expected, f"{file.name}, {name}: read wrong without a word"
                except SeptetError as error:
                    found.append(f"{file.name} {name}")
                    judge(error, copy / file.name, keys)
    print(f"{len(found)} flips found: {Counter(found)}")
    assert found


@on_loop
async def test_a_file_that_lost_its_end_is_found(tmp_path: Path) -> None:
    chance = random.Random(seed())
    whole, keys = await filled(tmp_path, chance)
    for file in sorted(whole.glob("*.db")):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole, copy)
        octets = file.read_bytes()
        (copy / file.name).write_bytes(octets[: chance.randrange(4096, len(octets) - 4096)])
        with pytest.raises(SeptetError, match=file.name):
            read_all(copy, keys)
