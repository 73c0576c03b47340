"""A flipped bit or a missing end in every kind of page of every file: found at the start or when read, reported, set aside."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from septet._septet import SqliteStore
from septet.errors import SeptetError
from septet.store.interface import Query
from tests.faults.town import cycles, seed, town
from tests.support import on_loop


def pages(file: Path) -> dict[str, int]:
    """A page of each table and index of a database, by name; read in a process of its own, as a store may be open here."""
    program = (
        "import sqlite3, sys\n"
        "for name, page in sqlite3.connect(f'file:{sys.argv[1]}?mode=ro&immutable=1', uri=True).execute("
        "'SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0'): print(name, page)"
    )
    out = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True).stdout
    found = {name: int(page) for name, page in map(str.split, out.splitlines())}
    return {"header": 1, **found}


async def filled(folder: Path, chance: random.Random) -> Path:
    """A data folder with something in every table and a day, closed in good order: no side file."""
    async with town(folder, chance) as place:
        place.launch()
        await place.ready()
        place.load(on=True)
        await place.until(1500)
        await place.settle()

        def folded() -> bool:
            return any(place.data.glob("log-*.db"))

        from tests.support import eventually

        await eventually(folded, "a day of the log")
        place.child.terminate()  # type: ignore[union-attr]
        place.child.wait()  # type: ignore[union-attr]
        place.child = None
        return place.data


def read_all(data: Path) -> None:
    """Opens the store and reads everything; raises if damage is found."""
    store = SqliteStore(str(data / "septet.db"), fold_pause=3600.0)
    try:
        list(store.replay())
        list(store.consent())
        list(store.query(Query(limit=1_000_000)))
    finally:
        store.close()


def damage(file: Path, page: int, chance: random.Random) -> None:
    """Flips a bit of this page: of its header or of a cell, where it matters."""
    octets = bytearray(file.read_bytes())
    start = (page - 1) * 4096
    used = [at for at in range(start, start + 4096) if octets[at]]
    octets[chance.choice(used)] ^= 1 << chance.randrange(8)
    file.write_bytes(octets)


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 31), reason="the schema names every page")
@on_loop
async def test_damage_is_found_reported_and_set_aside(tmp_path: Path) -> None:
    chance = random.Random(seed())
    whole = await filled(tmp_path, chance)
    unnoticed: list[str] = []
    found = 0
    for number in range(cycles(2)):
        if number >= 10:
            break
        for file in sorted(whole.glob("*.db")):
            for name, page in pages(file).items():
                copy = tmp_path / "copy"
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(whole, copy)
                before = (copy / file.name).read_bytes()
                damage(copy / file.name, page, chance)
                harmed = (copy / file.name).read_bytes()
                try:
                    read_all(copy)
                except SeptetError as error:
                    found += 1
                    assert str(error).startswith(str(copy)), error
                    if file.name == "septet.db":
                        aside = Path(SqliteStore.salvage(str(copy / "septet.db"))[0]) if error.code == "store.corrupt" else copy / file.name
                        assert aside.read_bytes() == harmed, "it is kept as it was found"
                        if error.code == "store.corrupt":
                            read_all(copy)
                else:
                    # What was read is what was there, or it was noticed: never less, without a word.
                    if file.name != "septet.db" or harmed == before:
                        continue
                    unnoticed.append(f"{file.name} {name}")
    print(f"{found} flips found; not noticed: {unnoticed}")
    assert found > 0
