"""Nodes for peers: one that a foreign ESME binds to, one whose links bind to a foreign carrier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.node.harness import HOST, NUMBER, Node, Process, Simulator, free_ports

ENQUIRE = 0.5  # seconds of silence after which the node asks whether its peer is alive

_HEAD = """\
[node]
data_dir = "data"
shutdown_grace = 1.0

[smpp]
listen = ["{host}:{smpp}"]
enquire_link = {enquire}

[http]
listen = "{host}:{http}"

[metrics]
listen = "{host}:{metrics}"

[[account]]
id = "demo"
system_id = "demo"
password = "demo1234"
api_key = "demo-key"
max_binds = 16

[[number]]
address = "{number}"
kind = "short_code"
country = "SE"
account = "demo"
carrier = "transceiver"
"""

_CARRIER = """
[[carrier]]
id = "{id}"
host = "{host}"
port = {port}
system_id = "septet"
password = "secret"
bind = "{bind}"
enquire_link = {enquire}
reconnect_min = 0.05
reconnect_max = 0.2
"""

_ROUTE = """
[[route]]
to = ["{to}"]
carriers = [{{ id = "{id}" }}]
"""


@contextmanager
def running(folder: Path, toml: str, carriers: dict[str, Simulator]) -> Iterator[Node]:
    smpp, http, metrics = free_ports(3)
    node = Node(
        folder, smpp, http, metrics, carriers, Process(["serve", "-c", str(folder / "node.toml")], folder / "node.log")
    )
    head = _HEAD.format(host=HOST, smpp=smpp, http=http, metrics=metrics, number=NUMBER, enquire=ENQUIRE)
    node.config.write_text(head + toml)
    try:
        node.start()
        yield node
        node.stop()
    finally:
        node.kill()


def link(port: int, mode: str, to: str | None) -> str:
    """A carrier named after its mode, and the route to it."""
    carrier = _CARRIER.format(id=mode, host=HOST, port=port, bind=mode, enquire=0 if mode == "transmitter" else ENQUIRE)
    return carrier if to is None else carrier + _ROUTE.format(to=to, id=mode)


@contextmanager
def node_for_esmes(folder: Path, more: str = "") -> Iterator[Node]:
    """A node with a simulated carrier that sends receipts at once; `more` is added to its configuration."""
    simulator = Simulator.start("north", folder, "--dlr-delay", "0.05")
    try:
        with running(folder, link(simulator.port, "transceiver", "") + more, {"north": simulator}) as node:
            yield node
    finally:
        simulator.process.kill()


@contextmanager
def node_of_carrier(folder: Path, port: int) -> Iterator[Node]:
    """A node that binds to one carrier in each mode.

    Recipients that begin with 4670 go to the transceiver, 4671 to the transmitter. The latter never asks whether the
    carrier is alive, so that the carrier gets to ask.
    """
    links = [("transceiver", "4670"), ("transmitter", "4671"), ("receiver", None)]
    with running(folder, "".join(link(port, mode, to) for mode, to in links), {}) as node:
        yield node
