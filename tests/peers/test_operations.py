"""What foreign ESMEs ask beyond submit_sm, in each version and over TLS; answers are as their own codecs read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Issuer
from tests.node.harness import HOST, NUMBER, Node, free_ports, wait_until
from tests.peers.dissector import complaints
from tests.peers.nodes import node_for_esmes
from tests.peers.program import PEERS, Peer, Program, bind, program
from tests.peers.relay import Relay, relay

pytestmark = pytest.mark.peer

ENROUTE, DELIVERED, DELETED = "1", "2", "4"  # message_state
RINVDSTADR, RCANCELFAIL, RREPLACEFAIL, RINVMSGID = 0x0B, 0x11, 0x13, 0x0C
IN_AN_HOUR = "000000010000000R"
IN_A_SECOND = "000000000001000R"
ABLE = [peer for peer in PEERS if peer.operations]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Issuer]:
    """The port with TLS, and who issued its certificate."""
    issuer = Issuer.make(tmp_path_factory.mktemp("certificates"))
    issuer.issue(HOST)
    return free_ports(1)[0], issuer


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, tls: tuple[int, Issuer]) -> Iterator[Node]:
    port, issuer = tls
    served = f'\n[smpp.tls]\nlisten = ["{HOST}:{port}"]\ncert = "{issuer.folder}/{HOST}.pem"\n'
    with node_for_esmes(tmp_path_factory.mktemp("node"), served) as node:
        yield node


@pytest.fixture(scope="module")
def wire(node: Node) -> Iterator[Relay]:
    with relay(node.smpp, node_is="server") as wire:
        yield wire


@pytest.fixture(scope="module", params=ABLE, ids=lambda peer: peer.name)
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    peer: Peer = request.param
    with program(peer, tmp_path_factory.mktemp("esme")) as started:
        yield started


@pytest.fixture
def esme(started: Program, wire: Relay) -> Iterator[Program]:
    """A peer that is bound."""
    assert bind(started, wire.port) == 0
    yield started
    leave(started)


def leave(esme: Program) -> None:
    since = len(esme.events)
    assert esme.ask("unbind")["status"] == "0"
    esme.wait("closed", since=since)


def number_of(esme: Program, serial: int) -> str:
    """A recipient that no other test writes to."""
    return f"4672{ABLE.index(esme.peer):02}{serial:05}"


def message(to: str, text: str, **changed: object) -> dict[str, Any]:
    fields = {"from": NUMBER, "to": to, "coding": 0, "esm_class": 0, "receipt": 1, "octets": text.encode().hex()}
    return fields | changed


def submitted(esme: Program, to: str, text: str, **changed: object) -> str:
    answer = esme.ask("submit", **message(to, text, **changed))
    assert answer["status"] == "0", answer
    return answer["id"]


def asked(esme: Program, verb: str, id: str, **more: object) -> tuple[int, str | None]:
    """The status and the message_state of the answer."""
    answer = esme.ask(verb, **{"id": id, "from": NUMBER}, **more)
    return int(answer["status"]), answer.get("state")


def texts(node: Node, to: str) -> list[str]:
    return [str(message["text"]) for message in node.received() if message["to"] == to]


def receipt(esme: Program, id: str) -> dict[str, str]:
    return esme.wait("deliver", lambda event: event.get("receipted") == id, f"the receipt of {id}")


def test_query_tells_what_became_of_a_message(esme: Program) -> None:
    waiting = submitted(esme, number_of(esme, 1), "later", schedule=IN_AN_HOUR)
    sent = submitted(esme, number_of(esme, 1), "at once")
    assert receipt(esme, sent)["state"] == DELIVERED
    assert asked(esme, "query", sent) == (0, DELIVERED)
    status, state = asked(esme, "query", waiting)
    assert (status, state) == (0, ENROUTE)
    assert asked(esme, "query", "0" * 20)[0] == RINVMSGID
    assert asked(esme, "cancel", waiting)[0] == 0


def test_a_cancelled_message_is_deleted_and_never_sent(node: Node, esme: Program) -> None:
    to = number_of(esme, 2)
    id = submitted(esme, to, "never", schedule=IN_A_SECOND)
    after = submitted(esme, to, "due with it", schedule=IN_A_SECOND)
    assert asked(esme, "cancel", id)[0] == 0
    assert asked(esme, "query", id) == (0, DELETED)
    assert asked(esme, "cancel", id)[0] == RCANCELFAIL
    receipt(esme, after)
    assert texts(node, to) == ["due with it"]


def test_a_replaced_message_arrives_with_its_new_text(node: Node, esme: Program) -> None:
    to = number_of(esme, 3)
    id = submitted(esme, to, "the old text", schedule=IN_A_SECOND)
    assert asked(esme, "replace", id, octets=b"the new text".hex())[0] == 0
    assert receipt(esme, id)["state"] == DELIVERED
    assert texts(node, to) == ["the new text"]
    assert asked(esme, "query", id) == (0, DELIVERED)
    assert asked(esme, "replace", id, octets=b"too late".hex())[0] == RREPLACEFAIL


def test_submit_multi_says_which_destinations_it_did_not_take(node: Node, esme: Program) -> None:
    taken, bad = [number_of(esme, 4), number_of(esme, 5)], "nobody"
    fields = message(",".join([taken[0], bad, taken[1]]), "to all of you")
    del fields["receipt"]
    answer = esme.ask("multi", **fields)
    assert answer["status"] == "0"
    assert answer["id"]
    assert answer["refused"] == f"{bad}:{RINVDSTADR}"
    wait_until(lambda: all(texts(node, to) == ["to all of you"] for to in taken), "both")


def test_data_sm_is_a_message(node: Node, esme: Program) -> None:
    to = number_of(esme, 6)
    answer = esme.ask("data", **message(to, "as data"))
    assert answer["status"] == "0"
    assert receipt(esme, answer["id"])["state"] == DELIVERED
    assert texts(node, to) == ["as data"]


def test_a_session_of_3_3_gets_short_ids_and_no_tlvs(started: Program, wire: Relay) -> None:
    answer = started.ask("bind", **bind_fields(wire.port), version=0x33)
    assert answer["status"] == "0"
    assert "version" not in answer
    since = len(started.events)
    id = submitted(started, number_of(started, 7), "as in 1997")
    assert re.fullmatch("[0-9a-fA-F]{8}", id)
    event = started.wait("deliver", lambda event: event["from"] == number_of(started, 7), since=since)
    assert bytes.fromhex(event["text"]).startswith(f"id:{id} ".encode())
    assert "receipted" not in event
    assert "state" not in event
    assert asked(started, "query", id) == (0, DELIVERED)
    leave(started)


@pytest.mark.parametrize("version", [0x34, 0x50])
def test_the_server_names_the_version_that_both_speak(started: Program, wire: Relay, version: int) -> None:
    answer = started.ask("bind", **bind_fields(wire.port), version=version)
    assert (answer["status"], answer["version"]) == ("0", str(version))
    id = submitted(started, number_of(started, 8), "in this version")
    assert receipt(started, id)["state"] == DELIVERED
    leave(started)


def bind_fields(port: int) -> dict[str, object]:
    return {
        "host": HOST, "port": port, "mode": "transceiver", "enquire": 0, "system_id": "demo", "password": "demo1234",
    }  # fmt: skip


@pytest.mark.parametrize("peer", [peer for peer in ABLE if peer.tls], ids=lambda peer: peer.name)
def test_tls(node: Node, tls: tuple[int, Issuer], peer: Peer, tmp_path: Path) -> None:
    port, issuer = tls
    with program(peer, tmp_path) as esme:
        assert bind(esme, port, ca=issuer.ca) == 0
        to = number_of(esme, 9)
        assert receipt(esme, submitted(esme, to, "unseen"))["state"] == DELIVERED
        assert texts(node, to) == ["unseen"]
        leave(esme)


def test_tshark_reads_all_that_we_wrote(wire: Relay) -> None:
    """After all the others here."""
    assert complaints([frame.octets for frame in wire.frames if frame.by == "node"]) == []
