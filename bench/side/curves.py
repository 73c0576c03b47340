"""How the rate, or the latency, depends on one thing: the window, the offered load, the connections, the log."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.side import contenders
from bench.side.machine import HERE, PEER_CORES, ROOT, output, python
from bench.side.peers.septet import node
from bench.side.runs import BINDS, WINDOW, place, submit

Lines = dict[str, list[list[float]]]
STEP = 250_000


def windows(points: list[int], most: int) -> Lines:
    """Submits acknowledged a second against the window of one bind."""
    lines: Lines = {}
    taking_part = {
        "septet full": contenders.septet("full"),
        "septet memory": contenders.septet("memory"),
        "header proxy": contenders.header_proxy,
        "direct": contenders.direct,
    }
    for name, contender in taking_part.items():
        with place() as (folder, far), contender(folder, far) as (port, _processes):
            for window in points:
                count = min(most, 300 * window + 300)
                found = submit(port, "--count", str(count), "--window", str(window))
                lines.setdefault(name, []).append([window, round(found["acked_per_second"], 1)])
    return lines


def offered(rates: list[int], seconds: float) -> Lines:
    """Latency [ms], and the rate acknowledged, against the rate offered."""
    lines: Lines = {}
    with place() as (folder, far), node(folder, far, window=WINDOW) as found:
        for rate in rates:
            count = str(max(1000, int(rate * seconds)))
            pace = ["--rate", str(rate), "--window", str(WINDOW), "--binds", str(BINDS)]
            report = submit(found.smpp, "--count", count, *pace)
            for name in ("p50", "p99", "p99.9"):
                lines.setdefault(name, []).append([rate, report["ack_latency"][name] / 1000])
            lines.setdefault("acknowledged", []).append([rate, round(report["acked_per_second"], 1)])
    return lines


@contextmanager
def _idle(port: int, binds: int) -> Iterator[None]:
    """Binds that say nothing, held by a process of their own."""
    if not binds:
        yield
        return
    command = python(str(ROOT / "bench" / "hold.py"), "--connect", f"{HERE}:{port}", "--binds", str(binds))
    command += ["--accounts", "idle", "--password", "bench"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        if not holder.stdout.readline():
            raise RuntimeError("the idle binds were not taken")
        try:
            yield
        finally:
            holder.stdin.close()
            holder.wait(60)


def connections(points: list[int], count: int) -> Lines:
    """Complete messages a second: with this many binds, two of which submit; and with all of them submitting."""
    lines: Lines = {"two of them submit": [], "all of them submit": []}
    for binds in points:
        for name in lines:
            active = min(binds, BINDS) if name.startswith("two") else binds
            with (
                place() as (folder, far),
                node(folder, far, window=WINDOW, sessions=binds + 100) as found,
                _idle(found.smpp, binds - active),
            ):
                window = max(1, BINDS * WINDOW // active)
                more = ["--window", str(window), "--binds", str(active), "--receipts"]
                report = submit(found.smpp, "--count", str(count), *more)
                lines[name].append([binds, round(report["complete_per_second"], 1)])
    return lines


def node_log(goals: list[int], count: int) -> Lines:
    """Complete messages a second by a node that has had so many before, which its log keeps."""
    line: list[list[float]] = []
    had = 0
    with place() as (folder, far), node(folder, far, window=WINDOW) as found:
        pace = ["--window", str(WINDOW), "--binds", str(BINDS), "--receipts"]
        for goal in goals:
            while had < goal:
                step = min(STEP, goal - had)
                submit(found.smpp, "--count", str(step), *pace, "--seed", str(had))
                had += step
            report = submit(found.smpp, "--count", str(count), *pace, "--seed", str(had))
            line.append([max(had, 1), round(report["complete_per_second"], 1)])
            had += count
    return {"node, full": line}


def log(messages: int, folder: Path) -> tuple[Lines, list[dict[str, Any]]]:
    """Messages committed a second against those in the log, by the store alone; and all that its bench says."""
    command = python(str(ROOT / "bench" / "store.py"), "--json", "--messages", str(messages), "--folder", str(folder))
    lines: Lines = {}
    rows = []
    for text in output(command, cores=PEER_CORES, timeout=3600).splitlines()[1:]:
        row = json.loads(text)
        rows.append(row)
        lines.setdefault(f"store, {row['store']}", []).append([row["log"], row["messages_per_second"]])
    return lines, rows
