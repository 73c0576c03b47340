"""What an ESME asks about messages that have ended, which only the log knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from septet.smpp import Pdu
from tests.support import ACCOUNT, Esme, bound, carrier, eventually, on_loop, route, running, smsc

OTHER = ACCOUNT.replace('"demo"', '"other"').replace("demo-key", "other-key")
RCANCELFAIL, RREPLACEFAIL, RINVMSGID = 0x11, 0x13, 0x0C
DELIVERED = 2


async def asked(esme: Esme, command: str, id: str, **fields: Any) -> Pdu:
    return await esme.response(esme.peer.send(command, message_id=id, source_addr="12345", **fields))


@on_loop
async def test_what_has_ended_is_answered_from_the_log(tmp_path: Path) -> None:
    text = ACCOUNT + OTHER
    async with (
        smsc(receipts=True) as north,
        running(text + carrier("north", north.port) + route("north"), tmp_path) as (node, _api),
    ):
        await bound(node)
        port = node.smpp.listening[0].port
        esme, other = await Esme.connect(port), await Esme.connect(port)
        assert [await esme.bind(), await other.bind("other")] == [0, 0]
        ids = [(await esme.response(esme.submit(text=f"m{n}"))).fields["message_id"] for n in range(20)]
        await eventually(lambda: len(esme.delivered) == 20 and not node.engine.alive(), "all to end")
        # Many at once, each answered with its own.
        sequences = [esme.peer.send("query_sm", message_id=id, source_addr="12345") for id in ids for _ in range(20)]
        answers = [await esme.response(sequence) for sequence in sequences]
        assert [answer.fields["message_id"] for answer in answers] == [id for id in ids for _ in range(20)]
        assert {answer.fields["message_state"] for answer in answers} == {DELIVERED}
        assert all(answer.fields["final_date"].endswith("00+") for answer in answers)
        assert (await asked(esme, "cancel_sm", ids[0])).status == RCANCELFAIL
        assert (await asked(esme, "replace_sm", ids[0], short_message=b"x")).status == RREPLACEFAIL
        assert (await asked(other, "query_sm", ids[0])).status == RINVMSGID
        assert (await asked(esme, "query_sm", "0" * 20)).status == RINVMSGID
        for client in (esme, other):
            client.close()


@on_loop
async def test_a_question_right_after_the_end_finds_it(tmp_path: Path) -> None:
    async with running(ACCOUNT + carrier("north", 1) + route("north"), tmp_path) as (node, _api):
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        for number in range(20):
            id = (await esme.response(esme.submit(text=f"m{number}"))).fields["message_id"]
            cancel = esme.peer.send("cancel_sm", message_id=id, source_addr="12345")
            query = esme.peer.send("query_sm", message_id=id, source_addr="12345")
            assert (await esme.response(cancel)).status == 0
            assert (await esme.response(query)).fields["message_state"] == 4
        esme.close()


@on_loop
async def test_a_session_of_3_3_asks_by_its_alias(tmp_path: Path) -> None:
    async with (
        smsc(receipts=True) as north,
        running(ACCOUNT + carrier("north", north.port) + route("north"), tmp_path) as (node, _api),
    ):
        await bound(node)
        esme = await Esme.connect(node.smpp.listening[0].port)
        fields: dict[str, Any] = {"system_id": "demo", "password": "demo1234", "interface_version": 0x33}
        assert (await esme.response(esme.peer.send("bind_transceiver", **fields))).status == 0
        alias = (await esme.response(esme.submit())).fields["message_id"]
        assert len(alias) == 8
        await eventually(lambda: esme.delivered and not node.engine.alive(), "it to end")
        assert esme.delivered[0].fields["short_message"].startswith(b"id:" + alias.encode())
        assert (await asked(esme, "query_sm", alias)).fields["message_state"] == DELIVERED
        esme.close()
