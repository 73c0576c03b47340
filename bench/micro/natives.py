"""Codecs that are no Python: built here when the benchmark runs, each a program that prints what it measured.

Kannel's comes from Debian's registry: the packages are fetched and unpacked below `target`, never installed. Where
there is none (no apt-get, no network, another architecture), its rows say so.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "target" / "bench"
# The codec's archive and headers, and the headers that those include.
PACKAGES = ("kannel-dev", "libxml2-dev", "libssl-dev")


class MissingError(Exception):
    """Why a codec could not be built."""


@dataclass(frozen=True)
class Measured:
    """A line of a program."""

    operation: str
    rate: float
    check: int


def _run(*command: str, cwd: Path = ROOT) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True, timeout=300)
    except FileNotFoundError:
        raise MissingError(f"there is no {command[0]} here") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["it failed"])[-1]
        raise MissingError(f"{command[0]}: {last}") from None
    return done.stdout


@cache
def kannel() -> Path:
    """Kannel's codec with the driver of this repository."""
    folder = OUT / "kannel"
    root = folder / "root"
    if not root.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _run("apt-get", "-o", "APT::Sandbox::User=root", "download", *PACKAGES, cwd=folder)
        unpacked = folder / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        for package in sorted(folder.glob("*.deb")):
            _run("dpkg-deb", "-x", str(package), str(unpacked))
        unpacked.rename(root)
    archives = sorted(root.glob("usr/lib/*/kannel/lib*.a"))
    include = root / "usr" / "include"
    machine = next(include.glob("*-linux-*"), include)
    program = folder / "codec"
    _run(
        "cc",
        "-O2",
        "-w",
        *(f"-I{path}" for path in (include / "kannel", include / "libxml2", include, machine)),
        str(ROOT / "bench" / "codec" / "kannel.c"),
        "-o",
        str(program),
        "-no-pie",
        "-Wl,--start-group",
        *map(str, archives),
        "-Wl,--end-group",
        "-Wl,--unresolved-symbols=ignore-all",
        "-lpthread",
        "-lm",
    )
    return program


@cache
def rust() -> Path:
    """The core's codec without Python."""
    _run("cargo", "build", "--quiet", "--release", "--locked", "-p", "septet-core", "--example", "codec")
    return ROOT / "target" / "release" / "examples" / "codec"


def measure(program: Path, pdus: list[bytes]) -> Iterator[Measured]:
    """What a program says of these PDUs."""
    data = OUT / "pdus.bin"
    OUT.mkdir(parents=True, exist_ok=True)
    data.write_bytes(b"".join(pdus))
    for line in _run(str(program), str(data)).splitlines():
        operation, rate, check = line.split("\t")
        yield Measured(operation, float(rate), int(check))
