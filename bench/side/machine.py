"""Processes on cores of their own, and what they cost: processor time and peak memory, from /proc.

Without Linux they run on any core, and what they cost is told as 0.
"""

from __future__ import annotations

import os
import platform
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

HERE = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


def _cores() -> tuple[set[int], set[int]]:
    """The generator and the carrier share the first core; whoever is measured has the second to itself."""
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return ({ours[0]}, {ours[1]}) if len(ours) > 1 else ({ours[0]}, {ours[0]})


LOAD_CORES, PEER_CORES = _cores()


class Missing(Exception):  # noqa: N818 - no error: a peer that this machine cannot have is named and left out
    """Why a peer is left out."""


@dataclass
class Process:
    """A process that was started here, for its costs."""

    name: str
    popen: subprocess.Popen[str]
    log: Path

    def _members(self) -> Iterator[Path]:
        """It and its children: each started process leads a session."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[3]) == self.popen.pid:
                    yield stat.parent

    def cpu(self) -> float:
        """Seconds of processor time until now, all threads, its children too."""
        ticks = 0
        for member in self._members():
            with suppress(OSError):
                fields = (member / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS

    def peak(self) -> float:
        """The most memory that it ever held, and each of its children [MiB]."""
        found = 0.0
        for member in self._members():
            with suppress(OSError):
                status = (member / "status").read_text()
                found += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
        return found

    def tail(self) -> str:
        """The end of what it said."""
        return self.log.read_text(errors="replace")[-2000:]


def _prepare(cores: set[int]) -> Callable[[], None]:
    def prepare() -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)
        # Ten thousand connections are more than a shell's usual soft limit of files.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return prepare


@contextmanager
def started(
    name: str, command: Sequence[str], folder: Path, *, cores: set[int], stop_seconds: float = 20.0
) -> Iterator[Process]:
    """A process on these cores, ended with the block: asked first, then killed."""
    log = folder / f"{name}.log"
    out: IO[str]
    with log.open("w") as out:
        popen = subprocess.Popen(
            command,
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=_prepare(cores),  # noqa: PLW1509 - no thread of ours runs here
            env=environment(),
        )
        try:
            yield Process(name, popen, log)
        finally:
            popen.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                popen.wait(stop_seconds)
            with suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()


def output(command: Sequence[str], *, cores: set[int], timeout: float = 300.0) -> str:
    """Runs a command on these cores to its end; gives what it printed, whatever its exit code."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        preexec_fn=_prepare(cores),
        cwd=ROOT,
        env=environment(),
    )
    if not done.stdout:
        raise RuntimeError(f"{command[:6]}: exit {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def environment() -> dict[str, str]:
    """Ours, so that programs of this folder are found as modules."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def program(name: str, debian: str) -> str:
    """The path of a program; where it is not installed, and root has apt-get, its package is."""
    where = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
    if found := shutil.which(name, path=where):
        return found
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise Missing(f"{name} is not installed (Debian: {debian}), and this is no root with apt-get")
    for verb in (["update"], ["install", "-y", debian]):
        command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *verb]
        subprocess.run(command, capture_output=True, check=False)
    if found := shutil.which(name, path=where):
        return found
    raise Missing(f"{name} is not installed, and apt-get could not install {debian}")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, below those that the system gives to outgoing connections."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            with suppress(OSError):
                port = random.SystemRandom().randrange(15_000, 32_000)
                stack.enter_context(socket.create_server((HERE, port)))
                found.append(port)
    return found


def listening(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((HERE, port), timeout=1).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], bool], what: str, process: Process | None = None, seconds: float = 60.0) -> None:
    """Waits; says what was awaited in vain, and what the process said."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline or (process is not None and process.popen.poll() is not None):
            raise RuntimeError(f"waited in vain for {what}\n{process.tail() if process else ''}")
        time.sleep(0.02)


def described() -> dict[str, object]:
    """What was measured on."""
    file = Path("/proc/cpuinfo")
    models = [line for line in file.read_text().splitlines() if line.startswith("model name")] if file.exists() else []
    return {
        "system": platform.platform(),
        "processor": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "generator_and_carrier_on": sorted(LOAD_CORES),
        "measured_on": sorted(PEER_CORES),
    }
