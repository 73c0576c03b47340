"""Nodes for peers: one that a foreign ESME binds to, and those whose links bind to a foreign carrier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.node.harness import HOST, NUMBER, Node, Process, Simulator, wait_until
from tests.peers.program import Event, Program
from tests.peers.relay import Relay
from tests.support import free_ports

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


@contextmanager
def node_with_link(folder: Path, port: int, mode: str, more: str = "") -> Iterator[Node]:
    """A node that binds to one carrier in one mode, for all recipients; `more` are keys of the carrier's table."""
    carrier = link(port, mode, None) + more
    with running(folder, carrier + _ROUTE.format(to="", id=mode), {}) as node:
        yield node


@dataclass
class Network:
    """A node, its foreign carrier, and what goes over the wire between them."""

    node: Node
    carrier: Program
    wire: Relay

    def send(self, to: str, text: str, **options: object) -> str:
        """A message by the API; gives its id."""
        answer = self.node.post("/v1/messages", {"from": NUMBER, "to": to, "text": text, **options})
        assert answer.status == 202, answer
        return str(answer.json()["id"])

    def taken(self, to: str, parts: int = 1) -> list[Event]:
        """What the carrier got for this recipient, in the order of the headers."""
        wait_until(lambda: len(self.carrier.seen("submit", lambda event: event["to"] == to)) >= parts, f"{parts} parts")
        got = self.carrier.seen("submit", lambda event: event["to"] == to)
        assert len(got) == parts
        return sorted(got, key=lambda event: event["udh"])

    def receipt(self, submitted: Event, stat: str = "DELIVRD", state: int = 2, mode: str = "transceiver") -> None:
        """The carrier says what became of a part, and the node takes it."""
        dates = "submit date:2601010000 done date:2601010001"
        text = f"id:{submitted['id']} sub:001 dlvrd:001 {dates} stat:{stat} err:000 text:"
        fields: dict[str, Any] = {
            "from": submitted["to"],
            "to": submitted["from"],
            "receipted": submitted["id"],
            "state": state,
        }
        answer = self.carrier.ask("deliver", mode=mode, **fields, coding=0, esm_class=4, octets=text.encode().hex())
        assert answer["status"] == "0"

    def mo(self, person: str, text: str, *, mode: str = "transceiver", coding: int = 0, header: bytes = b"") -> None:
        """The carrier hands over one part of what a person wrote, and the node takes it."""
        octets = header + text.encode("utf-16-be" if coding == 8 else "ascii")
        fields: dict[str, Any] = {"from": person, "to": NUMBER, "coding": coding, "esm_class": 0x40 if header else 0}
        assert self.carrier.ask("deliver", mode=mode, **fields, octets=octets.hex())["status"] == "0"

    def status(self, id: str) -> str:
        return str(self.node.get(f"/v1/messages/{id}").json()["status"])

    def inbox(self, person: str) -> list[str]:
        found = self.node.get(f"/v1/messages?direction=mo&from={person}").json()["messages"]
        return [message["text"] for message in found]
