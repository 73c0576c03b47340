"""A disk that the test holds the cable of: `preload.c` built, given to a node, and its unsynced writes taken back."""

from __future__ import annotations

import mmap
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

SECTOR = 512

Loss = Literal["all", "suffix", "subset"]


@cache
def library() -> Path:
    """The shared library, built once a run."""
    made = Path(os.environ.get("TMPDIR", "/tmp")) / f"septet-preload-{os.getpid()}.so"  # noqa: S108 - a name of our own
    source = Path(__file__).with_suffix(".c")
    subprocess.run(
        ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl", "-lpthread"], check=True
    )
    return made


@dataclass
class Op:
    """One record of the journal."""

    kind: str
    inode: int = 0
    at: int = 0
    size: int = 0
    old: bytes = b""
    new: bytes = b""
    names: tuple[str, ...] = ()
    thread: int = 0
    number: int = 0


class Disk:
    """The disk under one data folder."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.data = data
        data.mkdir(exist_ok=True)
        self.stash = folder / "stash"
        self.journals = folder / "journals"
        control = folder / "control"
        control.write_bytes(bytes(64))
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), 64)
        self.env = {
            "LD_PRELOAD": str(library()),
            "SEPTET_DISK_FOLDER": str(data.resolve()),
            "SEPTET_DISK_JOURNAL": str(self.journals),
            "SEPTET_DISK_CONTROL": str(control),
            "SEPTET_DISK_STASH": str(self.stash),
        }
        self.renew()

    def _word(self, index: int) -> int:
        return int(struct.unpack_from("q", self._control, 8 * index)[0])

    def _set(self, index: int, value: int) -> None:
        struct.pack_into("q", self._control, 8 * index, value)

    def limit(self, octets: int) -> None:
        """How large all files may be together; 0: no limit."""
        self._set(0, octets)

    def fail_syncs(self, count: int) -> None:
        """The next so many syncs fail with EIO."""
        self._set(1, count)

    def ignore_syncs(self) -> None:
        """Every sync is said to have succeeded, and none does anything."""
        self._set(2, 1)

    @property
    def refused(self) -> int:
        """Writes that found no space."""
        return self._word(3)

    @property
    def failed(self) -> int:
        """Syncs that failed."""
        return self._word(4)

    def used(self) -> int:
        return sum(file.stat().st_size for file in self.data.iterdir() if not file.name.endswith("-shm"))

    def renew(self) -> None:
        """Before a start of the node: what lies on the disk now is there to stay."""
        for folder in (self.stash, self.journals):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()

    def cut_power(self, chance: random.Random, loss: Loss) -> int:
        """After the process was killed: takes back what no sync has followed; gives how many writes that was."""
        ops = [op for op in self._unsynced() if op.kind in "WT"]
        names = self._unsynced_names()
        places = {file.stat().st_ino: file for folder in (self.data, self.stash) for file in folder.iterdir()}
        ops = [op for op in ops if op.inode in places]
        for op in reversed(ops):
            _undo(places[op.inode], op)
        first = 0 if loss == "all" else chance.randint(0, len(ops))
        for index, op in enumerate(ops):
            if loss == "subset":
                _redo(places[op.inode], op, lambda: chance.random() < 0.5)
            elif index < first:
                _redo(places[op.inode], op, lambda: True)
        kept = 0 if loss == "all" else chance.randint(0, len(names))
        for op in reversed(names[kept:]):
            self._take_back(op)
        for file in self.data.glob("*-shm"):
            file.unlink()
        return len(ops) + len(names)

    def _take_back(self, op: Op) -> None:
        if op.kind == "C" and Path(op.names[0]).exists():
            Path(op.names[0]).rename(self.stash / f"made-{len(list(self.stash.iterdir()))}")
        elif (op.kind == "R" and Path(op.names[1]).exists()) or (op.kind == "U" and not Path(op.names[0]).exists()):
            Path(op.names[1]).rename(op.names[0])

    def _unsynced(self) -> list[Op]:
        left: list[Op] = []
        begun: dict[tuple[int, int], int] = {}
        for op in self._ops():
            if op.kind == "B":
                begun[op.inode, op.thread] = op.number
            elif op.kind == "S":
                first = begun[op.inode, op.thread]
                left = [other for other in left if other.inode != op.inode or other.number > first]
            else:
                left.append(op)
        return left

    def _unsynced_names(self) -> list[Op]:
        left: list[Op] = []
        for op in self._ops():
            if op.kind == "D":
                left.clear()
            elif op.kind in "CRU":
                left.append(op)
        return left

    def _ops(self) -> Iterator[Op]:
        for number, op in enumerate(op for file in sorted(self.journals.iterdir()) for op in _read(file)):
            op.number = number
            yield op


def _read(journal: Path) -> Iterator[Op]:
    octets = journal.read_bytes()
    at = 0
    while (end := octets.find(b"\n", at)) >= 0:
        kind, _, rest = octets[at:end].decode().partition(" ")
        at = end + 1
        if kind in "WT":
            inode, *numbers = map(int, rest.split(" "))
            if kind == "W":
                offset, size, had, length = numbers
            else:
                (size, offset, had), length = numbers, 0
            old, new = octets[at : at + had], octets[at + had : at + had + length]
            at += had + length
            if len(old) + len(new) == had + length:  # the last one may be cut, and then it never came to be
                yield Op(kind, inode, offset, size, old, new)
        elif kind in "BS":
            inode, thread = map(int, rest.split(" "))
            yield Op(kind, inode, thread=thread)
        else:
            yield Op(kind, names=tuple(rest.split("\t")))


def _undo(file: Path, op: Op) -> None:
    with file.open("r+b") as disk:
        disk.seek(op.at)
        disk.write(op.old)
        disk.truncate(op.size)


def _redo(file: Path, op: Op, keep: Callable[[], bool]) -> None:
    with file.open("r+b") as disk:
        if op.kind == "T":
            if keep():
                disk.truncate(op.at)
            return
        for start in range(0, len(op.new), SECTOR):
            if keep():
                disk.seek(op.at + start)
                disk.write(op.new[start : start + SECTOR])
