"""The store alone: the rate with every durability in one run, and how the figures grow with the log.

    .venv/bin/python bench/store.py [--messages N] [--step N] [--folder DIR]

A message is three journal records and a row of the log, as in the node. Columns: messages committed a second; the same
until the last is folded into its day; commit latency at the median and the 99th hundredth [ms]; octets that reached the
disk for each message, journal, log and fold together; processor time for each, all threads [us]; messages that waited
for the fold when the last was committed, and how long a look-up by number took just then [ms]; look-ups once all are
folded [ms].
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (
    "log",
    "messages_per_second",
    "folded_per_second",
    "commit_ms_p50",
    "commit_ms_p99",
    "written_per_message",
    "cpu_us_per_message",
    "waiting",
    "waiting_lookup_ms",
)


def measure(folder: str, store: str, messages: int, step: int) -> list[dict[str, object]]:
    """One line for each power of ten that the log reaches."""
    command = [
        "cargo",
        "run",
        "--release",
        "--locked",
        "--quiet",
        "-p",
        "septet-store",
        "--example",
        "throughput",
        "--",
    ]
    command += [folder, store, str(messages), str(step)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> int:
    """Prints a table for each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000, help="the largest log, a power of ten")
    parser.add_argument("--step", type=int, default=500, help="messages in a page")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the store is made; the disk that counts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    machine = {
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "step": options.step,
    }
    print(json.dumps(machine))
    for store in ("full", "os", "memory"):
        for line in measure(options.folder, store, options.messages, options.step):
            if options.json:
                print(json.dumps(line), flush=True)
                continue
            figures = "  ".join(f"{name} {line[name]:,}" for name in COLUMNS)
            print(f"{store:6}  {figures}  {line['lookup_ms']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
