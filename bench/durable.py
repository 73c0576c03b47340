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
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from septet.config import parse
from septet.sim import carrier_processes

HERE = "127.0.0.1"
SMPP, HTTP, METRICS, CARRIER = 27750, 27751, 27752, 27760


def configuration(folder: Path, durability: str, window: int) -> str:
    """A node with one account and one carrier, nothing else on its mind."""
    engine = "memory" if durability == "memory" else "sqlite"
    return f"""
[node]
data_dir = "{folder}"
[store]
engine = "{engine}"
durability = "{"full" if engine == "memory" else durability}"
[smpp]
listen = ["{HERE}:{SMPP}"]
[http]
listen = "{HERE}:{HTTP}"
[metrics]
listen = "{HERE}:{METRICS}"
[[account]]
id = "bench"
system_id = "bench"
password = "bench"
window = {window}
deliver_window = {window}
[[carrier]]
id = "carrier"
host = "{HERE}"
port = {CARRIER}
system_id = "septet"
password = "secret"
window = {window}
[[route]]
carriers = [{{ id = "carrier" }}]
"""


@contextmanager
def node(folder: Path, text: str) -> Iterator[None]:
    """A node of this configuration, ready; ended with the block."""
    file = folder / "node.toml"
    file.write_text(text)
    with (folder / "node.log").open("w") as log:
        command = [sys.executable, "-m", "septet", "serve", "-c", str(file)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 20
            while not bound():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the node does not start: {(folder / 'node.log').read_text()}")
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def bound() -> bool:
    """Whether the node's carrier is bound."""
    try:
        return metrics().get("septet_link_up", 0.0) == 1.0
    except OSError:
        return False


def metrics() -> dict[str, float]:
    """What the node exposes, summed over labels."""
    with urllib.request.urlopen(f"http://{HERE}:{METRICS}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    totals: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
    return totals


def measure(count: int, durability: str, window: int, binds: int) -> dict[str, object]:
    """One run; everything it says is of this run."""
    with tempfile.TemporaryDirectory(prefix="septet-bench-") as name:
        folder = Path(name)
        text = configuration(folder, durability, window)
        with carrier_processes(parse(text, folder).carrier, "--keep", "0", "--window", str(window)), node(folder, text):
            command = [sys.executable, "-m", "septet", "load", "--connect", f"{HERE}:{SMPP}", "--system-id", "bench"]
            command += ["--password", "bench", "--from", "12345", "--count", str(count), "--receipts", "--json"]
            command += ["--window", str(window), "--binds", str(binds)]
            before = metrics()
            load = subprocess.run(command, capture_output=True, text=True, check=False)
            after = metrics()
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
