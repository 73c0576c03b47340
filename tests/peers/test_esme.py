"""Foreign ESMEs at our server: one session script for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.node.harness import NUMBER, Node, wait_until
from tests.peers.dissector import complaints
from tests.peers.nodes import node_for_esmes
from tests.peers.program import Event, Peer, Program, bind, octets_of, peers, program
from tests.peers.relay import Relay, Side, relay

pytestmark = pytest.mark.peer

DELIVERED = "2"  # message_state
LONG = "All work and no play makes a message that needs more than one part. " * 4
UNICODE = "Привет, 世界 \N{GRINNING FACE}"
RINVPASWD = 0x0E
RINVBNDSTS = 0x04


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node_for_esmes(tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest.fixture(scope="module")
def wire(node: Node) -> Iterator[Relay]:
    with relay(node.smpp, node_is="server") as wire:
        yield wire


@pytest.fixture(scope="module", params=peers("esme"), ids=lambda peer: peer.name)
def esme(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    peer: Peer = request.param
    with program(peer, tmp_path_factory.mktemp("esme")) as esme:
        yield esme


@contextmanager
def bound(esme: Program, wire: Relay, mode: str = "transceiver", *, enquire: int = 0) -> Iterator[None]:
    """A session that ends with unbind."""
    assert bind(esme, wire.port, mode, enquire=enquire) == 0
    since, frames = len(esme.events), len(wire.frames)
    yield
    assert esme.ask("unbind")["status"] == "0"
    wire.wait_for("peer", "unbind", since=frames)
    esme.wait("closed", since=since)


def number_of(esme: Program, serial: int) -> str:
    """A recipient that no other test writes to."""
    place = [peer.name for peer in peers("esme")].index(esme.peer.name)
    return f"4670{place:02}{serial:05}"


def submit(esme: Program, to: str, text: str, *, coding: int = 0, parts: int = 1, payload: bool = False) -> list[str]:
    """Sends a text in so many parts of its own making; the ids that the node gave them."""
    octets = text.encode("utf-16-be" if coding == 8 else "ascii")
    size = -(-len(octets) // parts)
    ids = []
    for place in range(parts):
        piece = octets[place * size : (place + 1) * size]
        header = bytes([5, 0, 3, 0x5A, parts, place + 1]) if parts > 1 else b""
        fields: dict[str, Any] = {"from": NUMBER, "to": to, "coding": coding, "receipt": 1}
        fields |= {"esm_class": 0x40 if header else 0, "octets": (header + piece).hex()}
        answer = esme.ask("submit", **fields, **({"payload": 1} if payload else {}))
        assert answer["status"] == "0", answer
        ids.append(answer["id"])
    assert len(set(ids)) == parts
    assert all(re.fullmatch(r"[0-9A-Za-z]{1,20}", id) for id in ids)
    return ids


def wait_for_receipts(esme: Program, ids: list[str]) -> None:
    """Each message gets one receipt that says delivered, in its text and in its TLVs."""
    for id in ids:
        receipt = esme.wait("deliver", lambda event, id=id: event.get("receipted") == id, f"the receipt of {id}")  # type: ignore[misc]
        assert int(receipt["esm_class"]) & 0x3C == 0x04
        assert receipt["to"] == NUMBER
        assert receipt["state"] == DELIVERED
        text = octets_of(receipt, "text").decode()
        assert text.startswith(f"id:{id} ")
        assert " stat:DELIVRD " in text
        # Where the library has a parser of its own for receipts, it reads the same.
        assert receipt.get("parsed", f"{id}:DELIVRD") == f"{id}:DELIVRD"


def arrived(node: Node, to: str) -> list[dict[str, Any]]:
    return [message for message in node.received() if message["to"] == to]


@pytest.mark.parametrize(
    ("serial", "text", "coding", "parts"),
    [
        (1, "Hello from far away", 0, 1),
        (2, LONG, 0, 2),
        (3, UNICODE, 8, 1),
        (4, "Look at once", 0x10, 1),
    ],
    ids=["short", "long", "unicode", "flash"],
)
def test_text_arrives_and_each_part_gets_its_receipt(
    node: Node, wire: Relay, esme: Program, serial: int, text: str, coding: int, parts: int
) -> None:
    to = number_of(esme, serial)
    with bound(esme, wire):
        wait_for_receipts(esme, submit(esme, to, text, coding=coding, parts=parts))
    [message] = arrived(node, to)
    assert (message["text"], message["data_coding"], message["parts"]) == (text, coding, parts)


def test_message_payload_is_split_by_the_node_and_gets_one_receipt(node: Node, wire: Relay, esme: Program) -> None:
    to = number_of(esme, 5)
    with bound(esme, wire):
        ids = submit(esme, to, LONG, payload=True)
        wait_for_receipts(esme, ids)
    [message] = arrived(node, to)
    assert (message["text"], message["parts"]) == (LONG, 2)
    assert len(esme.seen("deliver", lambda event: event.get("receipted") == ids[0])) == 1


def test_receipts_of_a_transmitter_wait_for_a_receiver(node: Node, wire: Relay, esme: Program) -> None:
    with bound(esme, wire, "transmitter"):
        [id] = submit(esme, number_of(esme, 6), "Sent by one bind, told to the next")
    wait_until(lambda: node.get(f"/v1/messages/{id}").json()["status"] == "delivered", "the carrier's receipt")
    with bound(esme, wire, "receiver"):
        wait_for_receipts(esme, [id])


@pytest.mark.parametrize(
    ("serial", "text"),
    [(7, "Is my parcel on its way?"), (8, UNICODE), (9, "A long answer. " * 20)],
    ids=["short", "unicode", "long"],
)
@pytest.mark.parametrize("mode", ["transceiver", "receiver"])
def test_mo_arrives(node: Node, wire: Relay, esme: Program, mode: str, serial: int, text: str) -> None:
    person = number_of(esme, serial + (10 if mode == "receiver" else 0))
    with bound(esme, wire, mode):
        node.carriers["north"].mo(person, NUMBER, text)
        wait_until(
            lambda: whole(esme.seen("deliver", lambda event: event["from"] == person)) == text, "the MO", seconds=20
        )


def whole(parts: list[Event]) -> str:
    """The text of one person's MO: its parts in the order that their headers name."""
    placed = {(octets_of(part, "udh") or b"\1")[-1]: octets_of(part, "text").decode() for part in parts}
    return "".join(placed[place] for place in sorted(placed))


def test_wrong_password_refuses_the_bind(wire: Relay, esme: Program) -> None:
    since = len(wire.frames)
    assert bind(esme, wire.port, password="wrong") == RINVPASWD
    wait_until(lambda: [f.status for f in wire.frames[since:] if f.by == "node"], "the refusal")


def test_each_side_asks_whether_the_other_is_alive(wire: Relay, esme: Program) -> None:
    """Whoever meets the shorter silence first is the one who asks."""
    askers: list[tuple[Side, int]] = [("node", 0), ("peer", 200)]
    for asker, milliseconds in askers:
        since = len(wire.frames)
        with bound(esme, wire, enquire=milliseconds):
            wire.wait_for(asker, "enquire_link", since=since)


def test_it_binds_again_after_a_cut_and_gets_what_it_missed(node: Node, wire: Relay, esme: Program) -> None:
    person = number_of(esme, 30)
    assert bind(esme, wire.port) == 0
    since = len(esme.events)
    wire.cut()
    esme.wait("closed", since=since)
    node.carriers["north"].mo(person, NUMBER, "Are you there?")
    with bound(esme, wire):
        event = esme.wait("deliver", lambda event: event["from"] == person)
        assert octets_of(event, "text") == b"Are you there?"
        wait_for_receipts(esme, submit(esme, person, "I am"))


def test_tshark_reads_all_that_we_wrote(wire: Relay) -> None:
    """After all the others here."""
    assert complaints([frame.octets for frame in wire.frames if frame.by == "node"]) == []
