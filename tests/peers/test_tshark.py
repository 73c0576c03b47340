"""What we write, read by tshark's SMPP dissector: it may mark nothing as malformed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from septet import smpp
from tests.node.harness import NUMBER, PASSWORD, SYSTEM_ID, Node, Simulator, wait_until
from tests.node.wire import ROK, SUBMIT_SM, bound, connected, cstr, pdu, submit
from tests.peers.dissector import complaints
from tests.peers.nodes import link, running
from tests.peers.relay import COMMANDS, Relay, relay
from tests.smpp.vectors import load, octets

pytestmark = pytest.mark.peer

VECTORS = [vector for vector in load("smpp") if "error" not in vector]
LONG = "All work and no play makes a message that needs more than one part. " * 4
UNICODE = "Привет, 世界 \N{GRINNING FACE}"

# broadcast_rep_num: tshark 4.0 wants one octet of it, and calls the two of 5.0 (4.8.4.13) malformed.
REP_NUM = 0x0604
# A value of the right form for each other TLV of 3.4 and 5.0, by the lengths of the specification.
TLVS = {
    0x0005: "01",
    0x0006: "01",
    0x0007: "01",
    0x0008: "0001",
    0x000D: "01",
    0x000E: "01",
    0x000F: "01",
    0x0010: "01",
    0x0017: "00000e10",
    0x0019: "00",
    0x001D: "66756c6c00",
    0x001E: "6964313200",
    0x0030: "81",
    0x0201: "01",
    0x0202: "804142",
    0x0203: "804142",
    0x0204: "0102",
    0x0205: "07",
    0x020A: "0050",
    0x020B: "0051",
    0x020C: "0102",
    0x020D: "01",
    0x020E: "02",
    0x020F: "01",
    0x0210: "34",
    0x0302: "01",
    0x0303: "0041",
    0x0304: "03",
    0x0381: "0101013132333435",
    0x0420: "01",
    0x0421: "01",
    0x0422: "00",
    0x0423: "030008",
    0x0424: "68656c6c6f",
    0x0425: "01",
    0x0426: "01",
    0x0427: "02",
    0x0428: "50",
    0x0501: "02",
    0x0600: "00",
    0x0601: "000001",
    0x0602: "6162",
    0x0603: "01",
    0x0605: "08000a",
    0x0606: "006162",
    0x0607: "00000000",
    0x0608: "64",
    0x0609: "3236303130323135303430353030302b00",
    0x060A: "6162",
    0x060B: "0161",
    0x060D: "303030313233",
    0x060E: "303030313233",
    0x060F: "303030313233",
    0x0610: "303030313233",
    0x0611: "01",
    0x0612: "30313233343536373839",
    0x0613: "0000002e",
    0x1201: "01",
    0x1203: "0001",
    0x1204: "01",
    0x130C: "",
    0x1380: "01",
    0x1383: "0102",
}


def test_a_malformed_pdu_is_marked() -> None:
    """The check itself: a text shorter than its sm_length, and a TLV longer than what is left."""
    whole = submit(1, "46701234567", "hello")
    cut = pdu(SUBMIT_SM, 1, whole[16:-2])
    tail = pdu(SUBMIT_SM, 1, whole[16:] + bytes.fromhex("0424001061"))
    assert complaints([whole]) == []
    assert len(complaints([cut, whole, tail])) == 2


def test_every_operation() -> None:
    frames = []
    for vector in VECTORS:
        fields = {name: octets(value) for name, value in vector["fields"].items()}
        tlvs = [(tag, bytes.fromhex(value)) for tag, value in vector["tlvs"] if tag != REP_NUM]
        made = smpp.Pdu(vector["command"], sequence=7, status=vector["status"], fields=fields, tlvs=tlvs)
        frames.append(made.encode())
    assert complaints(frames) == []


@pytest.mark.parametrize("command", ["submit_sm", "deliver_sm", "data_sm"])
def test_every_tlv(command: str) -> None:
    fields = {"source_addr": "12345", "destination_addr": "46701234567"}
    tlvs = [(tag, bytes.fromhex(value)) for tag, value in TLVS.items()]
    frames = [smpp.Pdu(command, fields=fields, tlvs=[tlv]).encode() for tlv in tlvs]
    frames.append(smpp.Pdu(command, fields=fields, tlvs=tlvs).encode())
    assert complaints(frames) == []


def test_every_status_of_a_refusal() -> None:
    statuses = [code for code in range(1, 0x500) if smpp.status_name(code) != "reserved"]
    commands = sorted(name for name in {vector["command"] for vector in VECTORS} if name.endswith("_resp"))
    frames = [smpp.Pdu(name, status=status).encode() for name in [*commands, "generic_nack"] for status in statuses]
    assert len(frames) > 1000
    assert complaints(frames) == []


@dataclass
class Between:
    """A node between an ESME and a carrier, with both wires recorded."""

    node: Node
    carrier: Simulator
    esme: Relay
    link: Relay

    def written(self) -> list[bytes]:
        return [frame.octets for wire in (self.esme, self.link) for frame in wire.frames if frame.by == "node"]


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    folder = tmp_path_factory.mktemp("between")
    carrier = Simulator.start("north", folder, "--dlr-delay", "0.05", "--dlr-fail-rate", "0.3")
    try:
        with (
            relay(carrier.port, node_is="client") as out,
            running(folder, link(out.port, "transceiver", ""), {"north": carrier}) as node,
            relay(node.smpp, node_is="server") as into,
        ):
            yield Between(node, carrier, into, out)
    finally:
        carrier.process.kill()


def bind_as(mode: str, password: str = PASSWORD) -> bytes:
    return pdu(COMMANDS[f"bind_{mode}"], 1, cstr(SYSTEM_ID) + cstr(password) + cstr("") + b"\x34\0\0" + cstr(""))


@pytest.mark.parametrize("mode", ["transmitter", "receiver", "transceiver"])
def test_binds_refused_and_taken(between: Between, mode: str) -> None:
    with connected(between.esme.port) as wire:
        assert wire.ask(submit(9, "46700000001", "not bound")).status != ROK
        assert wire.ask(bind_as(mode, "wrong")).status != ROK
    with connected(between.esme.port) as wire:
        assert wire.ask(bind_as(mode)).status == ROK
        assert wire.ask(bind_as(mode)).status != ROK
        assert wire.ask(pdu(COMMANDS["unbind"], 2)).status == ROK


def test_requests_refused(between: Between) -> None:
    to = "46700000002"
    with bound(between.esme.port) as wire:
        body = submit(2, to, "hello")[16:]
        for sequence, (command, octets) in enumerate(
            [
                (0x1234, b"whatever"),
                (SUBMIT_SM, b""),
                (SUBMIT_SM, body[:-2]),
                (SUBMIT_SM, submit(2, "", "to nobody")[16:]),
                (SUBMIT_SM, submit(2, "4670000000200000000000", "to a number too long")[16:]),
                *(
                    (COMMANDS[name], body)
                    for name in ("query_sm", "cancel_sm", "replace_sm", "submit_multi", "data_sm")
                ),
            ],
            start=10,
        ):
            wire.ask(pdu(command, sequence, octets))
        wire.send((15).to_bytes(4) + pdu(SUBMIT_SM, 99)[4:])
        while wire.read() is not None:
            pass


def test_messages_and_receipts(between: Between) -> None:
    """Every shape of text that the API takes, to the carrier; receipts of every sort and MOs back to the ESME."""
    to = "46700000003"
    for message in (
        {"text": "Hello [€]"},
        {"text": LONG},
        {"text": UNICODE},
        {"text": UNICODE * 10},
        {"text": "Åse", "encoding": "latin1"},
        {"text": "now", "flash": True},
        {"data": "00ff00ff", "udh": "0605040b8423f0"},
        {"text": "soon", "validity": 3600, "priority": 3},
        {"text": "unasked", "receipt": False},
        {"text": "by name", "from": "Septet"},
    ):
        answer = between.node.post("/v1/messages", {"from": NUMBER, "to": to, **message})
        assert answer.status == 202, answer
    with bound(between.esme.port) as wire:
        texts = ["short", "x" * 100, "[]" * 60]
        for sequence, text in enumerate(texts * 10, start=2):
            assert wire.ask(submit(sequence, to, text)).status == ROK
        for text in ("an MO", LONG, UNICODE):
            between.carrier.mo(to, NUMBER, text)
        wait_until(lambda: len(between.esme.sent("node", "deliver_sm")) >= 30, "receipts and MOs")
        assert wire.is_alive()


def odd_submit(chance: random.Random, sequence: int) -> bytes:
    """A submit_sm with odd values in it, whose frame is sound."""
    octets = chance.randbytes(chance.randrange(100))
    tags = [*TLVS, 0x1400, 0x1501, 0xFFFE]
    fields: dict[str, Any] = {
        "service_type": chance.choice(["", "CMT", "WAPxx"]),
        "source_addr": chance.choice([NUMBER, "Septet", "+4670", ""]),
        "destination_addr": chance.choice(["46700000005", "+46700000005", "0046700000005"]),
        "esm_class": chance.choice([0, 0x40, 0xC0, chance.randrange(256)]),
        "schedule_delivery_time": chance.choice(["", "", "garbage", "000000000001000R"]),
        "validity_period": chance.choice(["", "", "xx", "000001000000000R"]),
        "data_coding": chance.choice([0, 3, 8, chance.randrange(256)]),
        "short_message": chance.choice([b"", b"hello", b"\x05\0\x03\x01\x01\x01hello", octets]),
    }
    for name in ("source_addr_ton", "source_addr_npi", "dest_addr_ton", "dest_addr_npi", "protocol_id"):
        fields[name] = chance.choice([0, 1, chance.randrange(256)])
    for name in ("priority_flag", "registered_delivery", "replace_if_present_flag", "sm_default_msg_id"):
        fields[name] = chance.choice([0, 1, chance.randrange(256)])
    tlvs = [(chance.choice(tags), chance.randbytes(chance.randrange(6))) for _ in range(chance.randrange(3))]
    return smpp.Pdu("submit_sm", sequence=sequence, fields=fields, tlvs=tlvs).encode()


def test_what_an_esme_gets_wrong_is_not_passed_on(between: Between) -> None:
    """The frames are looked at by the last test."""
    chance = random.Random(5)
    with bound(between.esme.port) as wire:
        statuses = [wire.ask(odd_submit(chance, sequence)).status for sequence in range(2, 400)]
    assert statuses.count(ROK) > 50
    assert len(set(statuses)) > 3


def test_an_opted_out_recipient(between: Between) -> None:
    between.carrier.mo("46700000004", NUMBER, "STOP")
    with bound(between.esme.port) as wire:
        numbers = iter(range(2, 10_000))
        wait_until(lambda: wire.ask(submit(next(numbers), "46700000004", "x")).status == 0x400, "the opt-out")


def test_everything_that_was_written_is_well_formed(between: Between) -> None:
    """The last one here: it stops the node, which unbinds on both sides."""
    with bound(between.esme.port):
        wait_until(lambda: all(w.sent("node", "enquire_link") for w in (between.esme, between.link)), "enquire_link")
        between.node.stop()
    written = between.written()
    names = {smpp.decode(frame).command for frame in written}
    assert names >= {
        *(f"bind_{mode}_resp" for mode in ("transmitter", "receiver", "transceiver")),
        *("bind_transceiver", "submit_sm", "submit_sm_resp", "deliver_sm", "deliver_sm_resp"),
        *("enquire_link", "enquire_link_resp", "unbind", "unbind_resp", "generic_nack"),
    }
    assert complaints(written) == []
