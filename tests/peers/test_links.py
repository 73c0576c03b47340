"""Foreign carriers at links of other kinds than the session script's: over TLS, in 3.3, 3.4 and 5.0, by outbind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.certificates import Issuer
from tests.node.harness import HOST, NUMBER, wait_until
from tests.peers.dissector import complaints
from tests.peers.nodes import Network, node_with_link
from tests.peers.program import PEERS, Peer, Program, bind, octets_of, peers, program
from tests.peers.relay import relay
from tests.support import free_ports

pytestmark = pytest.mark.peer

TO = "46700000001"
AREA = "Lund"
# A TLV of the carrier's own, that goes with each message to whoever knows TLVs.
BILLING = '[carrier.quirks]\ntlvs = [{ name = "billing", tag = 0x1401, type = "int8", value = "7" }]\n'
BILLED = bytes.fromhex("1401000107")


def carriers(*wanted: str) -> list[Peer]:
    """Those that can do this; who lacks least comes first, so that pytest starts each only once."""
    return sorted((peer for peer in peers("carrier") if peer.able(*wanted)), key=lambda peer: len(peer.lacks))


def asks(*wanted: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("both", carriers(*wanted), indirect=True, ids=lambda peer: peer.name)


@contextmanager
def linked(
    peer: Peer, folder: Path, more: str = "", *, mode: str = "transceiver", **served: object
) -> Iterator[Network]:
    """A foreign carrier, and a node whose one link binds to it; `more` are keys of the carrier's table."""
    [port] = free_ports(1)
    with program(peer, folder) as carrier, relay(port, node_is="client") as wire:
        assert carrier.ask("serve", port=port, password="secret", enquire=700, **served)["status"] == "0"
        with node_with_link(folder, wire.port, mode, more) as node:
            if "outbind" not in more:
                carrier.wait("bind")
            yield Network(node, carrier, wire)


def delivers(network: Network) -> None:
    """A message and its receipt, and an MO."""
    id = network.send(TO, "There and back")
    [submitted] = network.taken(TO)
    assert octets_of(submitted, "text") == b"There and back"
    network.receipt(submitted)
    wait_until(lambda: network.status(id) == "delivered", "delivered")
    network.mo("46730000001", "And from there")
    wait_until(lambda: network.inbox("46730000001") == ["And from there"], "the MO")


@pytest.mark.parametrize("peer", carriers("cert"), ids=lambda peer: peer.name)
def test_tls(peer: Peer, tmp_path: Path, issuer: Issuer) -> None:
    trusted = f'tls = {{ ca = "{issuer.ca}" }}\n'
    with linked(peer, tmp_path, trusted, cert=issuer.folder / f"{HOST}.pem") as network:
        delivers(network)
        assert re.search(r'"tls": "TLSv1\.[23]".*"link.bound"', network.node.process.tail())


def test_a_carrier_whom_nobody_vouches_for_gets_no_password(tmp_path: Path, issuer: Issuer) -> None:
    """Verification is on by default; the node says why it does not bind."""
    stranger = Issuer.make(tmp_path, "stranger")
    trusted = f'tls = {{ ca = "{stranger.ca}" }}\n'
    [port] = free_ports(1)
    [peer] = [peer for peer in PEERS if peer.name == "node_smpp"]
    with program(peer, tmp_path) as carrier:
        cert = issuer.folder / f"{HOST}.pem"
        assert carrier.ask("serve", port=port, password="secret", enquire=700, cert=cert)["status"] == "0"
        with node_with_link(tmp_path, port, "transceiver", trusted) as node:
            wait_until(lambda: "link.tls_failed" in node.process.tail(), "the node to refuse the certificate")
            assert carrier.seen("bind") == []


@pytest.mark.parametrize("version", [0x33, 0x34, 0x50], ids=["3.3", "3.4", "5.0"])
@pytest.mark.parametrize("peer", carriers(), ids=lambda peer: peer.name)
def test_a_carrier_gets_what_its_version_knows(peer: Peer, tmp_path: Path, version: int) -> None:
    with linked(peer, tmp_path, f'interface_version = "5.0"\n{BILLING}', version=version) as network:
        delivers(network)
        [sent] = network.wire.sent("node", "submit_sm")
        assert (BILLED in sent.octets) == (version > 0x33)
        assert complaints([frame.octets for frame in network.wire.frames if frame.by == "node"]) == []


@pytest.mark.parametrize("peer", carriers(), ids=lambda peer: peer.name)
def test_what_a_carrier_is_asked_about_counts_like_a_receipt(peer: Peer, tmp_path: Path) -> None:
    with linked(peer, tmp_path, "query_after = 0.2\n") as network:
        id = network.send(TO, "No receipt comes")
        [submitted] = network.taken(TO)
        wait_until(lambda: network.status(id) == "delivered", "the answer")
        assert network.carrier.wait("query") == {"event": "query", "id": submitted["id"], "from": NUMBER}


@pytest.mark.parametrize("peer", carriers("multi"), ids=lambda peer: peer.name)
def test_a_batch_goes_as_one_submit_multi(peer: Peer, tmp_path: Path) -> None:
    """One id for all, a status for each that is not reached, and a receipt for each that is."""
    dests = ["46700000001", "46700000009", "46700000003"]
    with linked(peer, tmp_path, "[carrier.quirks]\nsubmit_multi = 10\n") as network:
        batch = [{"from": NUMBER, "to": to, "text": "One for all"} for to in dests]
        ids = [one["id"] for one in network.node.post("/v1/messages", {"messages": batch}).json()["messages"]]
        got = network.carrier.wait("multi")
        assert (got["from"], got["to"].split(","), octets_of(got, "text")) == (NUMBER, dests, b"One for all")
        ends = ["delivered", "rejected", "undeliverable"]
        network.receipt({**got, "to": dests[0]})
        network.receipt({**got, "to": dests[2]}, "UNDELIV", 5)
        wait_until(lambda: [network.status(id) for id in ids] == ends, "the end of each")
        assert network.wire.sent("node", "submit_sm") == []
        assert complaints([frame.octets for frame in network.wire.frames if frame.by == "node"]) == []


@pytest.mark.parametrize("peer", carriers("cancel", "replace"), ids=lambda peer: peer.name)
def test_what_a_carrier_has_taken_is_replaced_and_withdrawn(peer: Peer, tmp_path: Path) -> None:
    [esme] = [peer for peer in peers("esme") if peer.name == "node_smpp"]
    with (
        linked(peer, tmp_path, 'operations = ["cancel", "replace"]\n') as network,
        program(esme, tmp_path) as started,
    ):
        assert bind(started, network.node.smpp) == 0
        fields = {"from": NUMBER, "to": TO, "coding": 0, "esm_class": 0, "receipt": 1, "octets": b"old".hex()}
        id = started.ask("submit", **fields)["id"]
        [submitted] = network.taken(TO)
        wait_until(lambda: network.status(id) == "submitted", "its submit_sm_resp")
        about = {"id": id, "from": NUMBER}
        assert started.ask("replace", **about, octets=b"new".hex())["status"] == "0"
        replaced = network.carrier.wait("replace")
        assert (replaced["id"], replaced["from"], octets_of(replaced, "text")) == (submitted["id"], NUMBER, b"new")
        assert started.ask("cancel", **about)["status"] == "0"
        withdrawn = {"event": "cancel", "id": submitted["id"], "from": NUMBER, "to": TO}
        assert network.carrier.wait("cancel") == withdrawn
        wait_until(lambda: network.status(id) == "cancelled", "withdrawn")
        assert complaints([frame.octets for frame in network.wire.frames if frame.by == "node"]) == []


@pytest.mark.parametrize("peer", carriers("outbind"), ids=lambda peer: peer.name)
def test_outbind(peer: Peer, tmp_path: Path) -> None:
    """The carrier connects to the node, and the node binds to it on that connection."""
    named = 'outbind = { system_id = "mc", password = "word" }\n'
    with linked(peer, tmp_path, named) as network:
        fields = {"host": HOST, "port": network.node.smpp, "system_id": "mc"}
        network.carrier.ask("outbind", **fields, password="wrong")
        network.carrier.wait("closed")
        assert network.carrier.seen("bind") == []
        network.carrier.ask("outbind", **fields, password="word")
        assert network.carrier.wait("bind")["system_id"] == "septet"
        delivers(network)


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, Program]]:
    """A carrier and an ESME, both foreign and both of 5.0, with the node between them."""
    [esme] = [peer for peer in peers("esme") if peer.able("broadcast")]
    folder = tmp_path_factory.mktemp("broadcast")
    with (
        linked(request.param, folder, 'interface_version = "5.0"\n', version=0x50) as network,
        program(esme, tmp_path_factory.mktemp("esme")) as started,
    ):
        assert bind(started, network.node.smpp, version=0x50) == 0
        yield network, started


@asks("query_broadcast")
def test_a_broadcast_and_what_is_asked_about_it(both: tuple[Network, Program]) -> None:
    network, esme = both
    answer = esme.ask("broadcast", **{"from": NUMBER}, coding=0, octets=b"Stay indoors".hex(), area=AREA)
    assert answer["status"] == "0"
    got = network.carrier.wait("broadcast")
    assert (got["id"], got["from"], got["area"]) == (answer["id"], NUMBER, AREA)
    assert octets_of(got, "text") == b"Stay indoors"
    about = {"id": answer["id"], "from": NUMBER}
    told = esme.ask("query_broadcast", **about)
    assert (told["status"], told["id"], told["state"], told["reached"]) == ("0", answer["id"], "1", "97")
    assert esme.ask("cancel_broadcast", **about)["status"] == "0"
    for asked in ("query_broadcast", "cancel_broadcast"):
        event = network.carrier.wait(asked)
        assert (event["id"], event["from"]) == (answer["id"], NUMBER)


@asks("alert")
def test_an_alert_reaches_whose_number_it_names(both: tuple[Network, Program]) -> None:
    network, esme = both
    fields = {"mode": "transceiver", "from": "46730000009"}
    network.carrier.ask("alert", **fields, to="99999")  # nobody's
    network.carrier.ask("alert", **fields, to=NUMBER)
    assert esme.wait("alert") == {"event": "alert", "from": "46730000009", "to": NUMBER}
    wait_until(lambda: network.node.metric("septet_alerts_total") == 2, "both to be counted")
    assert len(esme.seen("alert")) == 1


@asks("alert")
def test_tshark_reads_what_was_passed_on(both: tuple[Network, Program]) -> None:
    """After all the others here. A broadcast_sm it cannot read: `test_tshark.py` says why."""
    network, _esme = both
    broadcasts = network.wire.sent("node", "broadcast_sm")
    frames = [frame for frame in network.wire.frames if frame.by == "node" and frame not in broadcasts]
    assert complaints([frame.octets for frame in frames]) == []
