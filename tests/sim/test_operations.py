"""A node between an ESME and a simulator that withdraws, replaces and loses receipts, over real sockets."""

from __future__ import annotations

from pathlib import Path

from tests.sim.support import Client
from tests.sim.test_server import simulator
from tests.support import ACCOUNT, bound, carrier, eventually, on_loop, route, running

HOUR = (3_600_000_000, 3_600_000_000)


@on_loop
async def test_a_node_asks_for_the_receipt_that_was_lost(tmp_path: Path) -> None:
    async with (
        simulator(lost_dlr_rate=1.0) as sim,
        running(ACCOUNT + carrier("north", sim.port, query_after=0.2) + route("north"), tmp_path) as (node, api),
    ):
        await bound(node)
        found = await api.until(await api.post("silent"), "delivered")
        assert found["segments"] == 1
        stats = sim.carrier.stats()
        assert (stats["lost"], stats["receipts"]) == (1, 0)
        assert stats["queries"] >= 1


MULTI = "[carrier.quirks]\nsubmit_multi = 100\n"


@on_loop
async def test_a_batch_takes_one_place_of_the_window_and_each_has_its_receipt(tmp_path: Path) -> None:
    people = ["46701000001", "46701000002", "46701000003"]
    async with (
        simulator(no_reply_rate=1.0) as sim,
        running(ACCOUNT + carrier("north", sim.port, window=1) + MULTI + route("north"), tmp_path) as (node, api),
    ):
        await bound(node)
        batch = [{"from": "12345", "to": to, "text": "One for all"} for to in people]
        _, answer = await api("POST", "/v1/messages", {"messages": batch})
        await eventually(lambda: sim.carrier.stats()["submits"] == len(people), "all of them in the one PDU")
        sim.carrier.configure({"no_reply_rate": 0.0})
        sim.drop()
        for message in answer["messages"]:
            await api.until(message["id"], "delivered")


@on_loop
async def test_an_esme_is_told_ids_in_digits_from_the_response_to_the_receipt(tmp_path: Path) -> None:
    told = '[account.quirks]\nmessage_id = "hex_to_decimal"\n'
    async with (
        simulator() as sim,
        running(ACCOUNT + told + carrier("north", sim.port) + route("north"), tmp_path) as (node, _api),
    ):
        await bound(node)
        esme = await Client.connect(node.smpp.listening[0].port)
        assert await esme.bind("demo1234", "demo") == 0
        esme.submit(b"hello")
        id = (await esme.until("submit_sm_resp"))[0].fields["message_id"]
        receipt = (await esme.until("deliver_sm"))[0]
        assert receipt.fields["short_message"].startswith(b"id:%d " % int(id, 16))
        # It has ended: the answer comes from the log.
        esme.send("query_sm", message_id=str(int(id, 16)), source_addr="12345")
        answer = (await esme.until("query_sm_resp"))[0]
        assert (answer.status, answer.fields["message_state"]) == (0, 2)
        esme.close()


@on_loop
async def test_an_esme_replaces_and_withdraws_what_the_carrier_has_taken(tmp_path: Path) -> None:
    north = {"operations": ["cancel", "replace"]}
    async with (
        simulator(dlr_delay=HOUR) as sim,
        running(ACCOUNT + carrier("north", sim.port, **north) + route("north"), tmp_path) as (node, api),
    ):
        await bound(node)
        esme = await Client.connect(node.smpp.listening[0].port)
        assert await esme.bind("demo1234", "demo") == 0
        esme.submit(b"old")
        id = (await esme.until("submit_sm_resp"))[0].fields["message_id"]
        await api.until(id, "submitted")
        named = {"message_id": id, "source_addr": "12345"}
        esme.send("replace_sm", **named, short_message=b"new", registered_delivery=1)
        assert (await esme.until("replace_sm_resp"))[0].status == 0
        assert [message["text"] for message in sim.carrier.messages(1)] == ["new"]
        esme.send("cancel_sm", **named)
        assert (await esme.until("cancel_sm_resp"))[0].status == 0
        await api.until(id, "cancelled")
        scraped = await api.scrape()
        for name, count in [("replaces", 1.0), ("replaces_failed", 0.0), ("cancels", 1.0), ("cancels_failed", 0.0)]:
            assert f'septet_{name}_total{{carrier="north"}} {count}' in scraped
        await eventually(lambda: sim.carrier.stats()["owing"] == 0, "its receipt to be called back")
        esme.close()
