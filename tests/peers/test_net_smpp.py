"""Perl's Net::SMPP, an ESME that nobody here wrote: bind, messages of every length, receipts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.node.harness import HOST, NUMBER, PASSWORD, SYSTEM_ID, Node

pytestmark = pytest.mark.peer

SCRIPT = Path(__file__).with_name("net_smpp.pl")
UNICODE = "Привет, 世界"


@pytest.fixture(autouse=True, scope="module")
def _net_smpp() -> None:
    if shutil.which("perl") is None:
        pytest.skip("perl is not installed")
    if subprocess.run(["perl", "-MNet::SMPP", "-MJSON::PP", "-e", "1"], capture_output=True, check=False).returncode:
        pytest.skip("Perl's Net::SMPP is not installed (Debian: libnet-smpp-perl)")


def net_smpp(node: Node, submits: list[dict[str, Any]], *, password: str = PASSWORD) -> Any:
    """What the Perl program saw."""
    command = ["perl", str(SCRIPT), HOST, str(node.smpp), SYSTEM_ID, password, "60"]
    done = subprocess.run(command, input=json.dumps(submits).encode(), capture_output=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def submit(to: str, **fields: Any) -> dict[str, Any]:
    return {"source_addr": NUMBER, "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": to, **fields}


def test_messages_get_an_id_each_and_a_receipt_with_that_id(node: Node) -> None:
    long = "y" * 250
    seen = net_smpp(
        node,
        [
            submit("46704440001", short_message=b"Hello from Perl".hex()),
            submit("46704440002", short_message="", message_payload=long.encode().hex()),
            submit("46704440003", short_message=UNICODE.encode("utf-16-be").hex(), data_coding=8),
        ],
    )
    assert seen.get("timed_out") is None, seen
    assert (seen["bind_status"], seen["unbind_status"]) == (0, 0)
    assert [seen["responses"][index]["status"] for index in "012"] == [0, 0, 0]
    ids = [seen["responses"][index]["message_id"] for index in "012"]
    assert len(set(ids)) == 3

    receipts = {receipt["receipted_message_id"]: receipt for receipt in seen["receipts"]}
    for id in ids:
        assert receipts[id]["esm_class"] & 0x3C == 0x04
        assert receipts[id]["text"].startswith(f"id:{id} ")
        assert "stat:DELIVRD" in receipts[id]["text"]

    texts = {m["to"]: m["text"] for m in node.received() if m["to"].startswith("4670444")}
    assert texts == {"46704440001": "Hello from Perl", "46704440002": long, "46704440003": UNICODE}


def test_wrong_password_refuses_the_bind(node: Node) -> None:
    assert net_smpp(node, [], password="wrong")["bind_status"] == 0x0E
