"""A node in a process of its own with its simulated carrier, as several benchmarks run one."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from septet.config import parse
from septet.sim import carrier_processes

HERE = "127.0.0.1"


class Ports(NamedTuple):
    """Where a node and its carrier listen."""

    smpp: int
    http: int
    metrics: int
    carrier: int

    @classmethod
    def free(cls) -> Ports:
        """Ports that nobody listens on now."""
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in cls._fields]
            for one in sockets:
                one.bind((HERE, 0))
            return cls(*(one.getsockname()[1] for one in sockets))

    def toml(self, folder: Path, *, smpp: str = "", window: int = 1000) -> str:
        """A node that listens there, with one carrier; `smpp` are further keys of that table."""
        return f"""
[node]
data_dir = "{folder}"
[smpp]
listen = ["{HERE}:{self.smpp}"]
{smpp}
[http]
listen = "{HERE}:{self.http}"
admin_key = "admin"
[metrics]
listen = "{HERE}:{self.metrics}"
[[carrier]]
id = "carrier"
host = "{HERE}"
port = {self.carrier}
system_id = "septet"
password = "secret"
window = {window}
[[route]]
carriers = [{{ id = "carrier" }}]
"""


class Node:
    """A running node."""

    def __init__(self, process: subprocess.Popen[bytes], ports: Ports) -> None:
        self.process = process
        self.ports = ports
        self.where = f"{HERE}:{ports.smpp}"

    def metrics(self) -> dict[str, float]:
        """What it exposes, summed over labels."""
        with urllib.request.urlopen(f"http://{HERE}:{self.ports.metrics}/metrics", timeout=5) as answer:
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
def node(folder: Path, text: str, ports: Ports, *, window: int = 1000) -> Iterator[Node]:
    """A node of this configuration and its carrier, ready; ended with the block."""
    file, log = folder / "node.toml", folder / "node.log"
    file.write_text(text)
    with carrier_processes(parse(text, folder).carrier, "--keep", "0", "--window", str(window)), log.open("w") as out:
        command = [sys.executable, "-m", "septet", "serve", "-c", str(file)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
        found = Node(process, ports)
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
