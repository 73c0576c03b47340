"""Ten thousand binds on one node, and peers among them that nobody wishes for.

    .venv/bin/python bench/binds.py [--binds N] [--rate N] [--seconds N]

Measures, in one run: memory for each bind and the time to bind them all; the processor time that they cost while they
say nothing; and how long a submit of others waits for its answer (every state on disk), first alone, then among the
silent binds, then with dripping and flooding peers as well. Prints JSON; exits 1 if a bind was lost or a message was
not accepted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, cast

from prometheus_client.parser import text_string_to_metric_families

from septet.config import parse
from septet.sim import carrier_processes

HERE = "127.0.0.1"
PASSWORD = "bench"  # noqa: S105  # of a node that lives for a minute, on loopback
ACCOUNTS = 10
DRIPS, FLOODS = 20, 2


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HERE, 0))
        return [one.getsockname()[1] for one in sockets]


def configuration(folder: Path, ports: list[int], binds: int) -> str:
    """Accounts for the silent binds, one for the load, one for those that drip and flood; one carrier."""
    smpp, http, metrics, carrier = ports
    accounts = [(f"idle{number}", "") for number in range(ACCOUNTS)]
    # What a flood may cost the others is what its account's contract allows it.
    accounts += [("load", ""), ("trouble", "window = 10\nthroughput = 100\n")]
    common = f'password = "{PASSWORD}"\nmax_binds = {max(binds, 100)}\n'
    shown = "".join(f'[[account]]\nid = "{name}"\nsystem_id = "{name}"\n{common}{more}' for name, more in accounts)
    return f"""
[node]
data_dir = "{folder}"
[smpp]
listen = ["{HERE}:{smpp}"]
max_sessions = {binds + 1000}
[http]
listen = "{HERE}:{http}"
[metrics]
listen = "{HERE}:{metrics}"
{shown}
[[carrier]]
id = "carrier"
host = "{HERE}"
port = {carrier}
system_id = "septet"
password = "secret"
window = 1000
[[route]]
carriers = [{{ id = "carrier" }}]
"""


class Node:
    """A node in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], smpp: int, metrics: int) -> None:
        self.process = process
        self.where = f"{HERE}:{smpp}"
        self._metrics = metrics

    def metrics(self) -> dict[str, float]:
        """What it exposes, summed over labels."""
        with urllib.request.urlopen(f"http://{HERE}:{self._metrics}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        totals: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
        return totals

    def is_ready(self) -> bool:
        """Whether its carrier is bound."""
        try:
            return self.metrics().get("septet_link_up") == 1.0
        except OSError:
            return False

    def resident(self) -> float:
        """Octets of memory."""
        return self.metrics()["process_resident_memory_bytes"]

    def cpu(self) -> float:
        """Seconds of processor time."""
        return self.metrics()["process_cpu_seconds_total"]


@contextmanager
def node(folder: Path, binds: int) -> Iterator[Node]:
    """A node, ready; ended with the block."""
    ports = free_ports(4)
    text = configuration(folder, ports, binds)
    file, log = folder / "node.toml", folder / "node.log"
    file.write_text(text)
    with carrier_processes(parse(text, folder).carrier, "--keep", "0", "--window", "1000"), log.open("w") as out:
        command = [sys.executable, "-m", "septet", "serve", "-c", str(file)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
        found = Node(process, ports[0], ports[2])
        try:
            deadline = time.monotonic() + 20
            while not found.is_ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the node does not start: {log.read_text()}")
                time.sleep(0.05)
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


class Holder:
    """A process that holds binds."""

    def __init__(self, where: str, accounts: list[str], binds: int, *more: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name("hold.py")), "--connect", where, "--password", PASSWORD]
        command += ["--binds", str(binds), *more, "--accounts", *accounts]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bound = self._said()

    def _said(self) -> dict[str, Any]:
        line = cast("IO[bytes]", self._process.stdout).readline()
        if not line:
            raise SystemExit("the binds could not be made")
        return dict(json.loads(line))

    def end(self) -> dict[str, Any]:
        """Lets go of them; how they fared."""
        cast("IO[bytes]", self._process.stdin).close()
        said = self._said()
        self._process.wait()
        return said


def load(where: str, rate: int, seconds: int) -> dict[str, Any]:
    """What others see: submits at a steady rate over a few binds."""
    command = [
        sys.executable,
        "-m",
        "septet",
        "load",
        "--connect",
        where,
        "--system-id",
        "load",
        "--password",
        PASSWORD,
    ]
    command += ["--from", "12345", "--count", str(rate * seconds), "--rate", str(rate), "--window", "100"]
    done = subprocess.run([*command, "--binds", "10", "--json"], capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"the generator failed: {done.stderr}")
    found = json.loads(done.stdout)
    return {
        "ok": found["success"],
        "acked": found["acked"],
        "acked_per_second": round(found["acked_per_second"]),
        "submit_to_resp_ms": {name: value / 1000 for name, value in found["ack_latency"].items()},
    }


def measure(binds: int, rate: int, seconds: int) -> dict[str, Any]:
    """One run."""
    with tempfile.TemporaryDirectory(prefix="septet-binds-") as name, node(Path(name), binds) as one:
        alone = load(one.where, rate, seconds)
        before = one.resident()
        idle = Holder(one.where, [f"idle{number}" for number in range(ACCOUNTS)], binds)
        after, cpu = one.resident(), one.cpu()
        time.sleep(5)
        cpu = one.cpu() - cpu
        among = load(one.where, rate, seconds)
        trouble = Holder(one.where, ["trouble"], DRIPS + FLOODS, "--drip", str(DRIPS), "--flood", str(FLOODS))
        troubled = load(one.where, rate, seconds)
        fared, held = trouble.end(), idle.end()
        return {
            "binds": idle.bound["bound"],
            "seconds_to_bind_all": idle.bound["seconds"],
            "kib_per_bind": round((after - before) / binds / 1024, 2),
            "node_cpu_percent_while_silent": round(cpu / 5 * 100, 2),
            "lost": held["lost"] + fared["lost"],
            "flood": {"written": fared["flooded"], "answered": fared["flood_answers"]},
            "load_alone": alone,
            "load_among_binds": among,
            "load_among_binds_drips_and_floods": troubled,
        }


def main() -> int:
    """Prints the run as JSON; exit code 1 if a bind was lost or a message was not accepted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binds", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=500, help="submits a second of the others")
    parser.add_argument("--seconds", type=int, default=10, help="of each of the three loads")
    options = parser.parse_args()
    print(json.dumps({"machine": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}))
    result = measure(options.binds, options.rate, options.seconds)
    print(json.dumps(result, indent=2))
    loads = [value["ok"] for name, value in result.items() if name.startswith("load")]
    return 0 if all(loads) and not result["lost"] and result["binds"] == options.binds else 1


if __name__ == "__main__":
    sys.exit(main())
