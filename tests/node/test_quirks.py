"""Quirks from the file to the wire and back: a carrier that differs, and what the API and the webhook tell of it."""

from __future__ import annotations

from pathlib import Path

from septet.smpp import Pdu
from tests.support import ACCOUNT, PERSON, bound, carrier, eventually, on_loop, route, running, smsc

QUIRKS = """
[carrier.quirks]
message_id = "hex_to_decimal"
dest_format = "plus"
country_code = "46"
send_tlvs = "always"
permanent_statuses = [0x58]
error_codes = [
    { code = "27", name = "absent_subscriber", text = "The phone is off." },
    { code = "0x58", in = "command_status", name = "no_credit" },
]
tlvs = [{ name = "billing", tag = 0x1401, type = "int16", value = "1" }]
"""
NUMBER = '\n[[number]]\naddress = "12345"\naccount = "demo"\ncarrier = "north"\n'


@on_loop
async def test_a_carrier_that_differs(tmp_path: Path) -> None:
    async with smsc() as north:
        north.answer = lambda _pdu: None
        seen: list[Pdu] = []
        received = north._received  # noqa: SLF001  # the carrier here answers each request by hand

        def on(peer: object, pdu: Pdu) -> None:
            seen.append(pdu)
            received(peer, pdu)  # type: ignore[arg-type]

        north._received = on  # type: ignore[method-assign]  # noqa: SLF001
        toml = ACCOUNT + carrier("north", north.port) + QUIRKS + NUMBER + route("north")
        async with running(toml, tmp_path) as (node, api):
            await bound(node)
            id = await api.post("Hej", params={"billing": "258"})
            await eventually(lambda: north.submits, "the submit_sm")
            assert north.submits[0].dest == f"+{PERSON}"
            submit = next(pdu for pdu in seen if pdu.command == "submit_sm")
            assert submit.tlvs == [(0x1401, b"\x01\x02")]
            north.bound[0].send("submit_sm_resp", submit.sequence, message_id="00001B4")
            text = b"id:0000000436 sub:001 dlvrd:000 stat:UNDELIV err:027 text:Hej"
            north.bound[0].send(
                "deliver_sm", source_addr=PERSON, destination_addr="12345", esm_class=4, short_message=text
            )
            found = await api.until(id, "undeliverable")
            assert found["cause"] == {"err": "027", "name": "absent_subscriber", "text": "The phone is off."}
            assert (found["error"], found["params"]) == ("27", {"billing": "258"})
            assert found["events"][-1]["detail"] == "segment 1, receipt UNDELIV, error 27"

            north.answer = lambda _pdu: 0x58
            refused = await api.until(await api.post("Hej"), "rejected")
            assert refused["cause"] == {"name": "no_credit"}

            status, answer = await api(
                "POST", "/v1/messages", {"from": "12345", "to": PERSON, "text": "x", "params": {"nobody": "1"}}
            )
            assert (status, answer["errors"][0]["path"]) == (422, "params")

            north.bound[0].send(
                "deliver_sm", source_addr="0701234567", source_addr_ton=2, destination_addr="12345", short_message=b"Hi"
            )
            await eventually(lambda: len(north.acknowledged) > 1, "the answer to the MO")
            _, listed = await api("GET", "/v1/messages?direction=mo")
            assert [message["from"] for message in listed["messages"]] == [PERSON]
