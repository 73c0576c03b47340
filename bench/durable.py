"""20,000 submit_sm with receipts through a node, every state durable: generator, node and carrier on this machine.

    .venv/bin/python bench/durable.py [--count N] [--durability full|os|memory]

Prints what was measured and on what, and exits 1 if anything was lost, doubled or unmatched. The generator's rate
is messages acknowledged a second; *complete* counts those whose receipt is back at the sender.
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

from nodes import Ports, node


def configuration(folder: Path, ports: Ports, durability: str, window: int) -> str:
    """A node with one account and one carrier, nothing else on its mind."""
    engine = "memory" if durability == "memory" else "sqlite"
    return f"""{ports.toml(folder, window=window)}
[store]
engine = "{engine}"
durability = "{"full" if engine == "memory" else durability}"
[[account]]
id = "bench"
system_id = "bench"
password = "bench"
window = {window}
deliver_window = {window}
"""


def measure(count: int, durability: str, window: int, binds: int) -> dict[str, object]:
    """One run; everything it says is of this run."""
    with tempfile.TemporaryDirectory(prefix="septet-bench-") as name:
        folder = Path(name)
        ports = Ports.free()
        text = configuration(folder, ports, durability, window)
        with node(folder, text, ports, window=window) as one:
            command = [sys.executable, "-m", "septet", "load", "--connect", one.where, "--system-id", "bench"]
            command += ["--password", "bench", "--from", "12345", "--count", str(count), "--receipts", "--json"]
            command += ["--window", str(window), "--binds", str(binds)]
            before = one.metrics()
            load = subprocess.run(command, capture_output=True, text=True, check=False)
            after = one.metrics()
        if not load.stdout:
            raise SystemExit(f"the generator failed: {load.stderr}")
        cpu = after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
        return {
            "ok": load.returncode == 0,
            "durability": durability,
            "node_cpu_us_per_message": round(cpu / count * 1e6, 1),
            "unmatched": after.get("septet_receipts_unmatched_total", 0.0),
            "queued": after["septet_queue_depth"] + after["septet_link_window_used"],
            "commits": after.get("septet_store_commit_seconds_count", 0.0),
            "load": json.loads(load.stdout),
        }


def main() -> int:
    """Prints the run as JSON; exit code 1 if anything is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--durability", choices=["full", "os", "memory"], default="full")
    parser.add_argument("--window", type=int, default=1000)
    parser.add_argument("--binds", type=int, default=2)
    options = parser.parse_args()
    print(json.dumps({"machine": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}))
    result = measure(options.count, options.durability, options.window, options.binds)
    print(json.dumps(result, indent=2))
    return 0 if result["ok"] and not result["unmatched"] and not result["queued"] else 1


if __name__ == "__main__":
    sys.exit(main())
