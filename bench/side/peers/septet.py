"""Septet: a node with one account, one carrier, and a thousand keywords for those who ask for them."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bench.side.carrier import PASSWORD, SYSTEM_ID, Carrier
from bench.side.machine import HERE, PEER_CORES, Process, free_ports, python, started, until

KEYWORD = """
[[keyword]]
number = "12345"
words = ["{word}"]
account = "bench"
reply = "The answer to {word}."
"""


def configuration(
    ports: tuple[int, int, int], carrier: int, durability: str, window: int, links: int, sessions: int
) -> str:
    """The file, without keywords."""
    smpp, http, metrics = ports
    memory = durability == "memory"
    return f"""
[node]
data_dir = "data"
[store]
engine = "{"memory" if memory else "sqlite"}"
durability = "{"full" if memory else durability}"
[smpp]
listen = ["{HERE}:{smpp}"]
max_sessions = {sessions}
[http]
listen = "{HERE}:{http}"
[metrics]
listen = "{HERE}:{metrics}"
[[account]]
id = "bench"
system_id = "bench"
password = "bench"
api_key = "bench-key"
max_binds = 10000
window = {window}
deliver_window = {window}
[[account]]
id = "idle"
system_id = "idle"
password = "bench"
max_binds = 10000
[[account]]
id = "web"
api_key = "web-key"
[[carrier]]
id = "carrier"
host = "{HERE}"
port = {carrier}
system_id = "{SYSTEM_ID}"
password = "{PASSWORD}"
window = {window}
binds = {links}
[[number]]
address = "12345"
kind = "short_code"
country = "SE"
account = "bench"
carrier = "carrier"
[[number]]
address = "54321"
kind = "short_code"
country = "SE"
account = "web"
carrier = "carrier"
[[route]]
carriers = [{{ id = "carrier" }}]
"""


@dataclass
class Node:
    """Where it listens."""

    smpp: int
    http: int
    metrics_port: int
    process: Process
    links: int

    def metrics(self) -> dict[str, float]:
        """What it exposes, summed over labels; a bucket under its name and bound."""
        with urllib.request.urlopen(f"http://{HERE}:{self.metrics_port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        totals: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = sample.name + (f" {sample.labels['le']}" if "le" in sample.labels else "")
                totals[name] = totals.get(name, 0.0) + sample.value
        return totals

    def bound(self) -> bool:
        """Whether its links to the carrier are."""
        try:
            return self.metrics().get("septet_link_up") == self.links
        except OSError:
            return False


@contextmanager
def node(
    folder: Path,
    carrier: Carrier,
    durability: str = "full",
    *,
    window: int = 1000,
    links: int = 1,
    words: list[str] | None = None,
    sessions: int = 1000,
) -> Iterator[Node]:
    """A node, bound to the carrier."""
    smpp, http, metrics = free_ports(3)
    text = configuration((smpp, http, metrics), carrier.port, durability, window, links, sessions)
    file = folder / "node.toml"
    file.write_text(text + "".join(KEYWORD.format(word=word) for word in words or []))
    command = python("-m", "septet", "serve", "-c", str(file))
    with started("node", command, folder, cores=PEER_CORES) as process:
        found = Node(smpp, http, metrics, process, links)
        until(found.bound, "the node to be bound", process)
        yield found


def median(before: dict[str, float], after: dict[str, float], name: str) -> float:
    """The median of a histogram between two looks, in seconds, interpolated within its bucket; 0 if it was not used."""
    start = f"{name}_bucket "
    bounds = [float(key.removeprefix(start)) for key in after if key.startswith(start)]
    below = {float(k.removeprefix(start)): n - before.get(k, 0.0) for k, n in after.items() if k.startswith(start)}
    total = below.get(float("inf"), 0.0)
    last_bound, last = 0.0, 0.0
    for bound in sorted(bounds):
        if total and below[bound] >= total / 2:
            width = 0.0 if bound == float("inf") else bound - last_bound
            return last_bound + width * (total / 2 - last) / max(below[bound] - last, 1.0)
        last_bound, last = bound, below[bound]
    return 0.0
