"""The API as its users meet it, over HTTP, with a real engine and a real carrier behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.support import ACCOUNT, ADMIN_KEY, Api, bound, carrier, eventually, on_loop, route, running, smsc

MESSAGE = {"from": "12345", "to": "46701234567", "text": "Hej"}


# For carriers that leave something unanswered.
IMPATIENT = "[node]\nshutdown_grace = 0.2\n"


def world(port: int, **options: object) -> str:
    return ACCOUNT + carrier("north", port, **options) + route("north")


@on_loop
async def test_one_message_to_its_end(tmp_path: Path) -> None:
    async with smsc(receipts=True) as north, running(world(north.port), tmp_path) as (node, api):
        await bound(node)
        status, answer = await api("POST", "/v1/messages", MESSAGE | {"client_ref": "r1", "tags": ["a", "b"]})
        assert (status, answer["encoding"], answer["segments"]) == (202, "gsm7", 1)
        assert len(answer["id"]) <= 20
        found = await api.until(answer["id"], "delivered")
        assert [event["event"] for event in found["events"]] == ["accepted", "submitted", "delivered"]
        assert (found["carrier"], found["client_ref"], found["tags"]) == ("north", "r1", ["a", "b"])
        assert (await api("GET", f"/v1/messages/{answer['id'].lower()}"))[0] == 200
        assert [submit.octets for submit in north.submits] == [b"Hej"]


@on_loop
async def test_a_message_is_never_lost_from_sight_while_it_ends(tmp_path: Path) -> None:
    async with smsc(receipts=True) as north, running(world(north.port), tmp_path) as (node, api):
        await bound(node)
        for n in range(30):
            id = await api.post(f"m{n}")
            while True:
                status, found = await api("GET", f"/v1/messages/{id}")
                assert status == 200
                assert id in {each["id"] for each in (await api("GET", "/v1/messages?limit=5"))[1]["messages"]}
                if found["status"] == "delivered":
                    break


@on_loop
async def test_a_batch_is_answered_in_order(tmp_path: Path) -> None:
    async with smsc(receipts=True) as north, running(world(north.port), tmp_path) as (node, api):
        await bound(node)
        batch = [MESSAGE, MESSAGE | {"to": "not a number"}, MESSAGE | {"text": "\u0416" * 100}]
        status, answer = await api("POST", "/v1/messages", {"messages": batch})
        assert status == 202
        first, second, third = answer["messages"]
        assert (second["code"], second["status"]) == ("invalid_field", 422)
        assert (first["segments"], third["segments"], third["encoding"]) == (1, 2, "ucs2")
        for one in (first, third):
            await api.until(one["id"], "delivered")
        assert len(north.submits) == 3


@on_loop
async def test_what_cannot_be_sent_says_why(tmp_path: Path) -> None:
    text = ACCOUNT + '\n[[account]]\nid = "other"\napi_key = "o"\n' + carrier("north", 2775)
    text += '\n[[number]]\naddress = "999"\naccount = "other"\ncarrier = "north"\n'
    text += '\n[[route]]\nto = ["46"]\ncarriers = [{ id = "north" }]\n'
    async with running(text, tmp_path) as (_node, api):
        refusals = [
            (MESSAGE | {"to": "4712345678"}, "no_route", None),
            (MESSAGE | {"from": "999"}, "invalid_field", "from"),
            (MESSAGE | {"text": "\u0416", "encoding": "gsm7"}, "invalid_field", "text"),
            (MESSAGE | {"text": "x" * 50_000}, "invalid_field", "text"),
        ]
        for body, code, field in refusals:
            status, answer = await api("POST", "/v1/messages", body)
            assert (status, answer["code"]) == (422, code), answer
            assert field is None or answer["errors"][0]["path"] == field
        assert (await api("GET", "/v1/messages"))[1]["messages"] == []


@on_loop
async def test_a_node_that_is_not_open_says_so(tmp_path: Path) -> None:
    async with running(world(2775), tmp_path) as (node, api):
        node.service.open = False
        status, answer = await api("POST", "/v1/messages", MESSAGE)
        assert (status, answer["code"]) == (503, "not_ready")
        assert (await api("GET", "/v1/messages"))[1]["messages"] == []


@on_loop
async def test_a_key_is_needed_and_the_operator_sends_nothing(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (_node, api):
        assert (await api("POST", "/v1/messages", MESSAGE, key="wrong"))[0] == 401
        assert (await api("POST", "/v1/messages", MESSAGE, key=ADMIN_KEY))[0] == 403
        assert (await api("GET", "/v1/carriers"))[0] == 403


@on_loop
async def test_one_key_one_message_also_after_a_restart(tmp_path: Path) -> None:
    async with smsc() as north:
        async with running(world(north.port), tmp_path) as (node, api):
            await bound(node)
            status, first = await api("POST", "/v1/messages", MESSAGE, idempotency_key="k1")
            assert status == 202
            assert await api("POST", "/v1/messages", MESSAGE, idempotency_key="k1") == (202, first)
            status, answer = await api("POST", "/v1/messages", MESSAGE | {"text": "x"}, idempotency_key="k1")
            assert (status, answer["code"]) == (422, "idempotency_mismatch")
            batch = {"messages": [MESSAGE, MESSAGE | {"to": "1" * 21}]}
            second = await api("POST", "/v1/messages", batch, idempotency_key="k2")
            await api.until(first["id"], "submitted")
        async with running(world(north.port), tmp_path) as (node, api):
            await bound(node)
            assert await api("POST", "/v1/messages", MESSAGE, idempotency_key="k1") == (202, first)
            assert await api("POST", "/v1/messages", batch, idempotency_key="k2") == second
            status, answer = await api("POST", "/v1/messages", MESSAGE | {"text": "x"}, idempotency_key="k1")
            assert (status, answer["code"]) == (422, "idempotency_mismatch")
            assert (await api("POST", "/v1/messages", MESSAGE, idempotency_key="k3"))[1]["id"] != first["id"]
            await eventually(lambda: len(north.submits) == 3, "one submit_sm for each key")


@on_loop
async def test_the_same_key_at_once_is_accepted_once(tmp_path: Path) -> None:
    async with running(world(2775), tmp_path) as (node, api):
        asked = [api("POST", "/v1/messages", MESSAGE, idempotency_key="k") for _ in range(8)]
        answers = await asyncio.gather(*asked)
        assert {status for status, _ in answers} <= {202, 409}
        ids = {answer["id"] for status, answer in answers if status == 202}
        assert len(ids) == 1
        assert {answer["code"] for status, answer in answers if status == 409} <= {"idempotency_in_progress"}
        assert node.engine.alive() == 1


@on_loop
async def test_a_refused_request_keeps_no_key(tmp_path: Path) -> None:
    async with running(world(2775), tmp_path) as (_node, api):
        bad = MESSAGE | {"text": "\u0416", "encoding": "gsm7"}
        assert (await api("POST", "/v1/messages", bad, idempotency_key="k"))[0] == 422
        assert (await api("POST", "/v1/messages", MESSAGE, idempotency_key="k"))[0] == 202


@on_loop
async def test_what_has_not_left_can_be_cancelled(tmp_path: Path) -> None:
    async with smsc() as north, running(world(north.port), tmp_path) as (node, api):
        await bound(node)
        id = await api.post("later", send_at="2036-01-01T00:00:00Z")
        assert (await api("GET", f"/v1/messages/{id}"))[1]["status"] == "scheduled"
        assert (await api("DELETE", f"/v1/messages/{id}"))[0] == 200
        await api.until(id, "cancelled")
        status, answer = await api("DELETE", f"/v1/messages/{id}")
        assert (status, answer["code"]) == (409, "too_late")
        gone = await api.post("now")
        await api.until(gone, "submitted")
        assert (await api("DELETE", f"/v1/messages/{gone}"))[0] == 409
        assert (await api("DELETE", "/v1/messages/0000"))[0] == 404
        assert [submit.octets for submit in north.submits] == [b"now"]


@on_loop
async def test_nobody_sees_what_is_anothers(tmp_path: Path) -> None:
    text = world(2775) + '\n[[account]]\nid = "other"\napi_key = "o"\n'
    async with running(text, tmp_path) as (_node, api):
        id = await api.post()
        assert (await api("GET", f"/v1/messages/{id}", key="o"))[0] == 404
        assert (await api("DELETE", f"/v1/messages/{id}", key="o"))[0] == 404
        assert (await api("GET", "/v1/messages", key="o"))[1]["messages"] == []
        assert (await api("GET", f"/v1/messages/{id}", key=ADMIN_KEY))[1]["account"] == "demo"


async def texts(api: Api, query: str) -> list[str]:
    status, answer = await api("GET", f"/v1/messages?{query}")
    assert status == 200, answer
    return [message["text"] for message in answer["messages"]]


@on_loop
async def test_lists_are_filtered_and_paged(tmp_path: Path) -> None:
    async with smsc(receipts=True) as north, running(IMPATIENT + world(north.port), tmp_path) as (node, api):
        await bound(node)
        # Some have ended and lie in the log, some live: a list shows no seam.
        ended = {await api.post(f"ended {n}", to=f"4670{n:07}"): f"ended {n}" for n in range(4)}
        for id in ended:
            await api.until(id, "delivered")
        north.answer = lambda _pdu: None
        alive = {await api.post(f"alive {n}", to=f"4671{n:07}"): f"alive {n}" for n in range(3)}
        # An id grows with time; of one millisecond none is the older.
        everything = [(ended | alive)[id] for id in sorted(ended | alive, reverse=True)]
        assert set(everything[:3]) == set(alive.values())
        assert await texts(api, "") == everything
        assert await texts(api, "status=delivered") == everything[3:]
        assert await texts(api, "to=%2B46710000001") == ["alive 1"]
        assert await texts(api, "from=12345&to=46700000002") == ["ended 2"]
        assert await texts(api, "from=54321") == []
        assert await texts(api, "direction=mo") == []
        assert await texts(api, "until=2020-01-01T00:00:00Z") == []
        assert await texts(api, "since=2020-01-01T00:00:00Z") == everything
        seen: list[str] = []
        cursor: Any = ""
        while cursor is not None:
            page = (await api("GET", f"/v1/messages?limit=2{cursor and '&cursor='}{cursor}"))[1]
            seen += [message["text"] for message in page["messages"]]
            cursor = page["cursor"]
        assert seen == everything


@on_loop
async def test_over_the_rate(tmp_path: Path) -> None:
    rate = 'throughput = 5\nburst = 1\nover_rate = "{}"\n'
    async with running(world(2775).replace(ACCOUNT, ACCOUNT + rate.format("reject")), tmp_path) as (_node, api):
        # Whoever has anything left may go into debt, so the second may be in time as well.
        answers = [await api("POST", "/v1/messages", MESSAGE) for _ in range(4)]
        refused = [answer for status, answer in answers if status == 429]
        assert answers[0][0] == 202 and refused
        assert {(answer["code"], answer["retry_after"]) for answer in refused} == {("over_rate", 1)}
    async with running(world(2775).replace(ACCOUNT, ACCOUNT + rate.format("pace")), tmp_path) as (_node, api):
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(*(api.post() for _ in range(5)))
        assert 0.55 <= asyncio.get_running_loop().time() - begun < 5, "one at once, the others 200 ms apart"


@on_loop
async def test_a_full_node_says_so(tmp_path: Path) -> None:
    async with running("[node]\nmax_messages = 2\n" + world(2775), tmp_path) as (_node, api):
        for _ in range(2):
            await api.post()
        status, answer = await api("POST", "/v1/messages", MESSAGE)
        assert (status, answer["code"]) == (429, "queue_full")


@on_loop
async def test_carriers_are_shown_as_described(tmp_path: Path) -> None:
    async with smsc() as north, running(IMPATIENT + world(north.port, binds=2, window=7), tmp_path) as (node, api):
        await bound(node)
        north.answer = lambda _pdu: None
        await api.post()
        await eventually(lambda: north.submits, "the submit_sm")
        [shown] = (await api("GET", "/v1/carriers", key=ADMIN_KEY))[1]["carriers"]
        assert (shown["id"], shown["up"], shown["window"], shown["window_used"]) == ("north", True, 14, 1)
        address = f"127.0.0.1:{north.port}"
        assert shown["links"] == [
            {"id": number, "state": "bound", "address": address, "tls": None} for number in ("0", "1")
        ]
        document = (await api("GET", "/openapi.json"))[1]["components"]["schemas"]
        assert shown.keys() == document["CarrierView"]["properties"].keys()
        assert shown["links"][0].keys() == document["LinkView"]["properties"].keys()


@on_loop
async def test_readiness_ends_with_the_node(tmp_path: Path) -> None:
    async with running(world(2775), tmp_path) as (node, api):
        assert (await api("GET", "/readyz"))[0] == 200
        node.service.store_failure = "no space left"
        status, answer = await api("GET", "/readyz")
        assert status == 503 and "no space left" in answer["detail"]
        node.service.open = False
        assert len((await api("GET", "/readyz"))[1]["reasons"]) == 2


@on_loop
async def test_while_the_store_cannot_commit_nothing_more_is_taken(tmp_path: Path) -> None:
    async with running(ACCOUNT, tmp_path) as (node, api):
        node.service.store_failure = "disk full"
        assert (await api("GET", "/readyz"))[0] == 503
        status, answer = await api("POST", "/v1/messages", MESSAGE)
        assert (status, answer["code"]) == (503, "not_ready")
        node.service.store_failure = None
        assert (await api("GET", "/readyz"))[0] == 200
