"""The relays that the benchmarks measure against: what they pass on is what came, under other numbers or the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.side.floors.byte_proxy import Half
from bench.side.floors.header_proxy import Numbering
from bench.side.machine import LOAD_CORES, free_ports, listening, python, started, until
from septet import smpp
from septet.load import Load, run
from tests.load.centre import PASSWORD, Centre, serving


def pdus(octets: bytes) -> list[smpp.Pdu]:
    found = smpp.Framer().feed(octets)
    assert all(isinstance(pdu, smpp.Pdu) for pdu in found)
    return [pdu for pdu in found if isinstance(pdu, smpp.Pdu)]


@pytest.mark.parametrize("floor", ["byte_proxy", "header_proxy"])
def test_a_load_through_it_loses_nothing(floor: str, tmp_path: Path) -> None:
    [port] = free_ports(1)
    with serving(Centre()) as centre:
        command = python("-m", f"bench.side.floors.{floor}", str(port), str(centre.port))
        with started(floor, command, tmp_path, cores=LOAD_CORES) as process:
            until(lambda: listening(port), "the relay", process)
            load = Load(
                host="127.0.0.1",
                port=port,
                system_id="demo",
                password=PASSWORD,
                source="12345",
                count=500,
                window=50,
                binds=2,
                receipts=True,
                timeout=30,
            )
            report = run(load)
            if sys.platform == "linux":
                assert process.cpu() > 0 and process.peak() > 1
    assert report["success"], report
    assert (report["acked"], report["receipts"], len(centre.submits)) == (500, 500, 500)


def test_requests_go_on_under_its_own_numbers_and_answers_under_theirs() -> None:
    esme = Numbering()
    carrier = Numbering(esme)
    esme.other = carrier
    fields = {"source_addr": "1", "destination_addr": "2", "short_message": b"hello"}
    asked = [smpp.Pdu("submit_sm", sequence=number, fields=fields) for number in (900, 17, 5)]
    sent = pdus(bytes(esme.forwarded(b"".join(pdu.encode() for pdu in asked))))
    assert [pdu.sequence for pdu in sent] == [1, 2, 3]
    assert all(pdu.fields["short_message"] == b"hello" for pdu in sent)
    answers = [smpp.Pdu("submit_sm_resp", sequence=n, fields={"message_id": f"m{n}"}).encode() for n in (3, 1, 2)]
    # The answers arrive an octet at a time, with a request of the carrier's own between them.
    receipt = smpp.Pdu("deliver_sm", sequence=1, fields=fields).encode()
    octets = answers[0] + receipt + answers[1] + answers[2]
    back = pdus(b"".join(bytes(carrier.forwarded(octets[at : at + 1])) for at in range(len(octets))))
    answered = [(pdu.command, pdu.sequence) for pdu in back]
    expected = [("submit_sm_resp", 5), ("deliver_sm", 1), ("submit_sm_resp", 900), ("submit_sm_resp", 17)]
    assert answered == expected
    [taken] = pdus(bytes(esme.forwarded(smpp.Pdu("deliver_sm_resp", sequence=1, fields={"message_id": ""}).encode())))
    assert (taken.command, taken.sequence) == ("deliver_sm_resp", 1)


def test_the_byte_proxy_does_not_look() -> None:
    assert Half().forwarded(b"\x00anything") == b"\x00anything"
