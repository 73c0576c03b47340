"""From submit_sm to its response, every state durable, in multiples of the median commit of the same seconds."""

from __future__ import annotations

from typing import Any

from bench.side.peers.septet import Node, median, node
from bench.side.runs import BINDS, WINDOW, place, submit

OPEN_RATE = 20_000


def _measured(found: Node, *more: str) -> dict[str, Any]:
    before = found.metrics()
    report = submit(found.smpp, *more)
    after = found.metrics()
    commits = after["septet_store_commit_seconds_count"] - before.get("septet_store_commit_seconds_count", 0.0)
    return {
        "ok": report["success"],
        "rate": round(report["acked_per_second"], 1),
        "commit_us": round(median(before, after, "septet_store_commit_seconds") * 1e6, 1),
        "commits": commits,
        "ack_latency": report["ack_latency"],
    }


def open_loop(seconds: int, rate: int = OPEN_RATE) -> dict[str, Any]:
    """Submits at a rate, counted from when each was due; after a second for the node to warm up."""
    with place() as (folder, far), node(folder, far, window=WINDOW) as found:
        pace = ["--rate", str(rate), "--window", str(WINDOW), "--binds", str(BINDS)]
        submit(found.smpp, "--count", str(rate), *pace)
        return _measured(found, "--count", str(rate * seconds), *pace)


def one_in_flight(count: int) -> dict[str, Any]:
    """One submit at a time; `loopback_us` is the same without a node between."""
    alone = ["--window", "1", "--binds", "1"]
    with place() as (folder, far), node(folder, far, window=WINDOW) as found:
        submit(found.smpp, "--count", str(count // 4), *alone)
        direct = submit(far.port, "--count", str(count), *alone)
        measured = _measured(found, "--count", str(count), *alone)
        return {**measured, "loopback_us": direct["ack_latency"]["p50"]}
