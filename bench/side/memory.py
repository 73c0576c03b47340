"""What the node holds in memory: for messages in flight, and over a long time under load."""

from __future__ import annotations

from typing import Any

from bench.side.peers.septet import Node, node
from bench.side.runs import WINDOW, place, submit

MIB = 1 << 20
PAIRS = 2  # a window has at most 65,535


def _resident(found: Node) -> float:
    return found.metrics()["process_resident_memory_bytes"]


def in_flight(count: int) -> dict[str, Any]:
    """So many submits that the carrier has taken and not answered."""
    with place() as (folder, far), node(folder, far, window=count // PAIRS, links=PAIRS) as found:
        far.ask("POST", "/script", {"submit_delay": 20})
        before = _resident(found)
        more = ["--binds", str(PAIRS), "--window", str(count // PAIRS)]
        report = submit(found.smpp, "--count", str(count), *more)
        held = found.metrics()["septet_link_window_used"]
        during = _resident(found)
        return {
            "ok": report["success"],
            "in flight": round(held),
            "MiB before": round(before / MIB, 1),
            "MiB during": round(during / MIB, 1),
            "octets each": round((during - before) / max(held, 1)),
            "peak MiB": round(found.process.peak(), 1),
        }


def soak(minutes: int, rate: int) -> list[list[float]]:
    """Resident MiB after each minute at this rate, receipts on."""
    points = []
    with place() as (folder, far), node(folder, far, window=WINDOW) as found:
        for minute in range(1, minutes + 1):
            pace = ["--rate", str(rate), "--window", str(WINDOW), "--receipts", "--seed", str(minute)]
            if not submit(found.smpp, "--count", str(rate * 60), *pace)["success"]:
                raise RuntimeError(f"the load was not sound in minute {minute}")
            points.append([float(minute), round(_resident(found) / MIB, 1)])
    return points
