"""One run of each kind of work, and the contests: who does which work, and how much of it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bench.side import contenders
from bench.side.carrier import Carrier, carrier
from bench.side.contenders import Contender
from bench.side.machine import HERE, LOAD_CORES, Process, free_ports, output, python
from bench.side.peers.kannel import kannel
from bench.side.peers.septet import node

Run: TypeAlias = dict[str, Any]
WORDS = [f"WORD{number:04}" for number in range(1000)]
WINDOW, BINDS = 1000, 2


@dataclass(frozen=True)
class Entry:
    """Who, how many messages in a run, and the run itself; in how many rounds at most, where it is slow to start."""

    name: str
    count: int
    run: Callable[[int], Run]
    rounds: int = 100


@dataclass(frozen=True)
class Contest:
    """The same work for all of them."""

    title: str
    entries: tuple[Entry, ...]


@contextmanager
def place() -> Iterator[tuple[Path, Carrier]]:
    """An empty folder on the disk that counts, and a carrier."""
    with tempfile.TemporaryDirectory(prefix="septet-side-") as name, carrier(Path(name), WINDOW) as found:
        yield Path(name), found


class Costs:
    """Processor time and peak memory of processes, from now."""

    def __init__(self, processes: dict[str, Process]) -> None:
        self._processes = processes
        self._before = {name: process.cpu() for name, process in processes.items()}

    def of(self, count: int) -> Run:
        """For each process, seconds of processor time a million messages, and MiB."""
        spent = {name: process.cpu() - self._before[name] for name, process in self._processes.items()}
        return {
            "cpu_per_million": {name: round(seconds / count * 1e6, 2) for name, seconds in spent.items()},
            "peak_mib": {name: round(process.peak(), 1) for name, process in self._processes.items()},
        }


def submit(port: int, *more: str) -> Run:
    """A run of `septet load`."""
    command = python("-m", "septet", "load", "--connect", f"{HERE}:{port}", "--system-id", "bench")
    found: Run = json.loads(output([*command, "--password", "bench", "--json", *more], cores=LOAD_CORES))
    return found


def over_smpp(
    contender: Contender, *, receipts: bool, window: int = WINDOW, binds: int = BINDS
) -> Callable[[int], Run]:
    """Submits from the generator through a contender to the carrier; with receipts, all the way back."""

    def run(count: int) -> Run:
        with place() as (folder, far), contender(folder, far) as (port, processes):
            costs = Costs(processes | {"carrier": far.process})
            more = ["--receipts"] if receipts else []
            found = submit(port, "--count", str(count), "--window", str(window), "--binds", str(binds), *more)
            return _result(count, found, costs, "complete_per_second" if receipts else "acked_per_second")

    return run


def _result(count: int, found: Run, costs: Costs, rate: str) -> Run:
    charged = costs.of(count)
    charged["cpu_per_million"]["generator"] = round(found["cpu_seconds"] / count * 1e6, 2)
    return {
        "ok": found.get("success", found.get("ok")),
        "rate": round(found[rate], 1),
        "acked_per_second": round(found["acked_per_second"], 1),
        "count": count,
        "ack_latency": found["ack_latency"],
        **charged,
    }


def _http(count: int, port: int, far: Carrier, processes: dict[str, Process], *more: str) -> Run:
    costs = Costs(processes | {"carrier": far.process})
    command = python("-m", "bench.side.http_load", "--port", str(port), "--count", str(count))
    found = json.loads(output([*command, "--control", str(far.control), *more], cores=LOAD_CORES))
    return _result(count, found, costs, "complete_per_second")


def kannel_mt(store: str, *, receipts: bool) -> Callable[[int], Run]:
    """sendsms to the carrier; with receipts, until the last report is at the sender's HTTP server."""

    def run(count: int) -> Run:
        with place() as (folder, far), kannel(folder, far, store, window=WINDOW) as found:
            more = ["--callbacks", str(free_ports(1)[0])] if receipts else []
            return _http(count, found.sendsms, far, found.processes, "--kind", "kannel", *more)

    return run


def septet_http(batch: int) -> Callable[[int], Run]:
    """POST /v1/messages to the carrier, every state durable."""

    def run(count: int) -> Run:
        with place() as (folder, far), node(folder, far, window=WINDOW) as found:
            return _http(count, found.http, far, {"node": found.process}, "--batch", str(batch))

    return run


def _flood(count: int, far: Carrier, processes: dict[str, Process]) -> Run:
    """MOs as fast as they are taken, until the last reply is at the carrier."""
    costs = Costs(processes | {"carrier": far.process})
    since = time.monotonic()
    far.ask("POST", "/flood", {"to": "12345", "words": WORDS, "count": count})
    taken = far.seconds_until("mos_acked", count, since)
    replied = far.seconds_until("accepted", count, since)
    return {
        "ok": far.stats()["accepted"] == count,
        "rate": round(count / replied, 1),
        "acked_per_second": round(count / taken, 1),
        "count": count,
        **costs.of(count),
    }


def septet_mo(durability: str) -> Callable[[int], Run]:
    """A thousand keywords, a reply to each MO."""

    def run(count: int) -> Run:
        with place() as (folder, far), node(folder, far, durability, window=WINDOW, words=WORDS) as found:
            return _flood(count, far, {"node": found.process})

    return run


def kannel_mo(store: str) -> Callable[[int], Run]:
    """The same, by as many sms-services."""

    def run(count: int) -> Run:
        with place() as (folder, far), kannel(folder, far, store, window=WINDOW, words=WORDS) as found:
            return _flood(count, far, found.processes)

    return run


def _smpp(*, receipts: bool) -> tuple[Entry, ...]:
    floors = {
        "direct": (400_000, contenders.direct),
        "byte proxy": (400_000, contenders.byte_proxy),
        "header proxy": (200_000, contenders.header_proxy),
        "septet full": (100_000, contenders.septet("full")),
        "septet os": (100_000, contenders.septet("os")),
        "septet memory": (100_000, contenders.septet("memory")),
    }
    return tuple(Entry(name, count, over_smpp(who, receipts=receipts)) for name, (count, who) in floors.items())


CONTESTS = {
    "receipts": Contest(
        "SMPP to SMPP with receipts; Kannel from HTTP, for it has no SMPP server",
        (
            *_smpp(receipts=True),
            Entry("kannel, no store", 8_000, kannel_mt("none", receipts=True)),
            Entry("kannel, file store", 8_000, kannel_mt("file", receipts=True)),
            Entry("kannel, spool", 2_500, kannel_mt("spool", receipts=True)),
            Entry("jasmin", 1_000, over_smpp(contenders.jasmin_bound, receipts=True, window=100), rounds=1),
        ),
    ),
    "submits": Contest(
        "SMPP to SMPP without receipts; smpp34 answers alone and sends nothing on",
        (*_smpp(receipts=False), Entry("smpp34", 20_000, over_smpp(contenders.smpp34, receipts=False))),
    ),
    "http": Contest(
        "HTTP to SMPP without receipts",
        (
            Entry("septet full, single", 20_000, septet_http(1)),
            Entry("septet full, batches of 100", 100_000, septet_http(100)),
            Entry("kannel, no store", 20_000, kannel_mt("none", receipts=False)),
            Entry("kannel, file store", 20_000, kannel_mt("file", receipts=False)),
            Entry("kannel, spool", 4_000, kannel_mt("spool", receipts=False)),
        ),
    ),
    "mo": Contest(
        "MO with 1,000 keywords, a reply to each",
        (
            Entry("septet full", 40_000, septet_mo("full")),
            Entry("kannel, no store", 10_000, kannel_mo("none")),
            Entry("kannel, file store", 10_000, kannel_mo("file")),
        ),
    ),
}
