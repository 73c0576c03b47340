"""A node whose carriers are down: what a queued message costs, and how soon a start with all of them is ready.

    .venv/bin/python bench/backlog.py [--messages N] [--in-memory N]

Prints octets of memory for each queued message, how many of them memory has only a stub of, octets of journal for each,
how long the next start takes to replay them, and the most memory that either held at any time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from septet import config
from septet._septet import Engine
from septet.message import Draft
from septet.store import now, open_engine

TOML = """
[node]
max_messages = 100_000_000
queue_in_memory = {in_memory}
[store]
reserve = 0
[[account]]
id = "bench"
api_key = "k"
[[carrier]]
id = "carrier"
host = "127.0.0.1"
system_id = "s"
password = "p"
[[route]]
carriers = [{{ id = "carrier" }}]
"""


def resident() -> int:
    """Octets of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def most() -> int:
    """The most it ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def opened(folder: Path, in_memory: int) -> Engine:
    return open_engine(config.parse(TOML.format(in_memory=in_memory), folder))


def fill(folder: Path, messages: int, in_memory: int) -> dict[str, object]:
    """Queues so many messages for a carrier that is down."""
    engine = opened(folder, in_memory)
    before = resident()
    for first in range(0, messages, 1000):
        drafts = [
            Draft("12345", f"4670{number:07}", text=f"Your code is {number:06}")
            for number in range(first, first + 1000)
        ]
        engine.post(0, drafts, now())
        while engine.flush():
            engine.committed(now())
            time.sleep(0.001)
        engine.committed(now())
    held, cold = resident() - before, engine.cold()
    engine.close()
    journal = sum(file.stat().st_size for file in (folder / "data").iterdir())
    return {
        "memory_per_message": round(held / messages),
        "cold": cold,
        "journal_per_message": round(journal / messages),
        "peak_per_message": round((most() - before) / messages),
    }


def start(folder: Path, in_memory: int) -> dict[str, object]:
    """Replays them."""
    before, begun = resident(), time.monotonic()
    engine = opened(folder, in_memory)
    took = time.monotonic() - begun
    alive = engine.alive()
    held = resident() - before
    return {
        "alive": alive,
        "cold": engine.cold(),
        "start_seconds": round(took, 2),
        "memory_per_message_after": round(held / max(1, alive)),
        "peak_per_message": round((most() - before) / max(1, alive)),
    }


def main() -> int:
    """Each half in a process of its own, so that neither sees the other's memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--in-memory", type=int, default=50_000)
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill or options.start:
        if options.fill:
            outcome = fill(options.fill, options.messages, options.in_memory)
        else:
            outcome = start(options.start, options.in_memory)
        print(json.dumps(outcome))
        return 0
    with tempfile.TemporaryDirectory(prefix="septet-backlog-") as folder:
        for part in ("--fill", "--start"):
            options_given = ["--messages", str(options.messages), "--in-memory", str(options.in_memory)]
            subprocess.run([sys.executable, __file__, *options_given, part, folder], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
