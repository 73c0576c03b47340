"""Foreign carriers at the far end of our links: one script for all of them, with a link in each mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.node.harness import NUMBER, wait_until
from tests.peers.dissector import complaints
from tests.peers.nodes import Network, node_of_carrier
from tests.peers.program import Peer, octets_of, peers, program
from tests.peers.relay import relay
from tests.support import free_ports

pytestmark = pytest.mark.peer

MODES = ["receiver", "transceiver", "transmitter"]
LONG = "All work and no play makes a message that needs more than one part. " * 4
UNICODE = "Привет, 世界 \N{GRINNING FACE}"


@pytest.fixture(scope="module", params=peers("carrier"), ids=lambda peer: peer.name)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    peer: Peer = request.param
    folder: Path = tmp_path_factory.mktemp("carrier")
    [port] = free_ports(1)
    with program(peer, folder) as carrier, relay(port, node_is="client") as wire:
        assert carrier.ask("serve", port=port, password="secret", enquire=700)["status"] == "0"
        with node_of_carrier(folder, wire.port) as node:
            wait_until(lambda: len(carrier.seen("bind")) >= len(MODES), "a link in each mode")
            yield Network(node, carrier, wire)


def test_links_bind_in_each_mode(network: Network) -> None:
    binds = network.carrier.seen("bind")[: len(MODES)]
    assert sorted(event["mode"] for event in binds) == MODES
    assert {event["system_id"] for event in binds} == {"septet"}


@pytest.mark.parametrize(
    ("to", "text", "options", "coding", "parts"),
    [
        ("46700000001", "Hello from the node", {}, 0, 1),
        ("46700000002", LONG, {}, 0, 2),
        ("46700000003", UNICODE, {}, 8, 1),
        ("46700000004", "Look at once", {"flash": True}, 0x10, 1),
        ("46710000005", "By the transmitter", {}, 0, 1),
    ],
    ids=["short", "long", "unicode", "flash", "transmitter"],
)
def test_text_arrives(network: Network, to: str, text: str, options: dict[str, Any], coding: int, parts: int) -> None:
    network.send(to, text, **options)
    got = network.taken(to, parts)
    assert "".join(octets_of(event, "text").decode() for event in got) == text
    assert [event["from"] for event in got] == [NUMBER] * parts
    assert [int(event.get("coding", coding)) for event in got] == [coding] * parts
    assert [int(event["esm_class"]) & 0x40 for event in got] == [0x40 if parts > 1 else 0] * parts
    assert [octets_of(event, "udh")[-2:] for event in got] == [
        bytes([parts, n + 1]) if parts > 1 else b"" for n in range(parts)
    ]


def test_message_is_delivered_when_all_its_parts_are(network: Network) -> None:
    id = network.send("46700000006", LONG)
    first, second = network.taken("46700000006", 2)
    network.receipt(first)
    assert network.status(id) == "submitted"
    network.receipt(second)
    wait_until(lambda: network.status(id) == "delivered", "delivered")


def test_receipt_of_a_transmitter_comes_over_the_receiver(network: Network) -> None:
    id = network.send("46710000010", "Out here, back there")
    network.receipt(network.taken("46710000010")[0], mode="receiver")
    wait_until(lambda: network.status(id) == "delivered", "delivered")


def test_failure_is_told(network: Network) -> None:
    id = network.send("46700000007", "To nowhere")
    network.receipt(network.taken("46700000007")[0], "UNDELIV", 5)
    wait_until(lambda: network.status(id) == "undeliverable", "undeliverable")


@pytest.mark.parametrize(
    ("person", "text", "coding", "mode"),
    [
        ("46730000001", "Is my parcel on its way?", 0, "transceiver"),
        ("46730000002", UNICODE, 8, "transceiver"),
        ("46730000003", "To the receiver", 0, "receiver"),
    ],
    ids=["short", "unicode", "receiver"],
)
def test_mo_arrives(network: Network, person: str, text: str, coding: int, mode: str) -> None:
    network.mo(person, text, coding=coding, mode=mode)
    wait_until(lambda: network.inbox(person) == [text], "the MO")


def test_long_mo_arrives_whole(network: Network) -> None:
    person, parts = "46730000004", ["The second half comes ", "before the first"]
    for place in (2, 1):
        network.mo(person, parts[place - 1], header=bytes([5, 0, 3, 7, 2, place]))
    wait_until(lambda: network.inbox(person) == ["".join(parts)], "the MO")


def test_each_side_asks_whether_the_other_is_alive(network: Network) -> None:
    """The node does so over two of its links, and never over the transmitter."""
    since = len(network.wire.frames)
    network.wire.wait_for("node", "enquire_link", since=since)
    network.wire.wait_for("peer", "enquire_link", since=since)


def test_links_come_back_after_a_cut(network: Network) -> None:
    since = len(network.carrier.events)
    network.wire.cut()
    id = network.send("46700000008", "Sent while nobody is there")
    wait_until(lambda: len(network.carrier.seen("bind", since=since)) >= len(MODES), "the links to bind again")
    network.receipt(network.taken("46700000008")[0])
    wait_until(lambda: network.status(id) == "delivered", "delivered")


def test_links_come_back_after_the_carrier_unbinds(network: Network) -> None:
    since, frames = len(network.carrier.events), len(network.wire.frames)
    assert network.carrier.ask("unbind", mode="transceiver")["status"] == "0"
    network.wire.wait_for("peer", "unbind", since=frames)
    network.carrier.wait("bind", since=since)
    network.send("46700000009", "After the unbind")
    network.taken("46700000009")


def test_node_unbinds_when_it_stops(network: Network) -> None:
    """The last one here: it restarts the node."""
    frames = len(network.wire.frames)
    since = len(network.carrier.events)
    network.node.restart()
    answered = network.wire.sent("node", "unbind", since=frames)
    assert len(answered) == len(MODES)
    assert network.wire.answered("node", "unbind", since=frames)
    wait_until(lambda: len(network.carrier.seen("bind", since=since)) >= len(MODES), "the links to bind again")


def test_tshark_reads_all_that_we_wrote(network: Network) -> None:
    """After all the others here."""
    assert complaints([frame.octets for frame in network.wire.frames if frame.by == "node"]) == []
