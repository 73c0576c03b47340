from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.ingress.http.conftest import Reply, Site
from tests.ingress.http.memory import BROKEN, FLOODED, OPTED_OUT

HELLO = {"from": "12345", "to": "46701234567", "text": "Hej"}


def test_one_message_is_accepted_and_can_be_read(site: Site) -> None:
    sent = site("POST", "/v1/messages", HELLO)
    assert (sent.status, sent.headers["content-type"]) == (202, "application/json")
    assert sent.json.keys() == {"id", "encoding", "segments"}
    read = site("GET", f"/v1/messages/{sent.json['id']}")
    assert (read.status, read.json["to"]) == (200, HELLO["to"])
    assert site("GET", f"/v1/messages/{sent.json['id'].upper()}").json == read.json


def test_every_option_reaches_the_service(site: Site) -> None:
    body = HELLO | {
        "encoding": "ucs2",
        "transliterate": True,
        "validity": 60,
        "send_at": "2030-01-01T00:00:00+01:00",
        "receipt": False,
        "priority": 3,
        "flash": True,
        "client_ref": "order 7",
        "tags": ["a", "b"],
    }
    assert site("POST", "/v1/messages", body).status == 202
    draft = site.service.drafts[-1]
    assert (draft.encoding, draft.validity, draft.priority, draft.tags) == ("ucs2", 60, 3, ("a", "b"))
    assert draft.send_at is not None
    assert draft.send_at.isoformat() == body["send_at"]
    assert (draft.transliterate, draft.receipt, draft.flash, draft.client_ref) == (True, False, True, "order 7")


def test_binary_content(site: Site) -> None:
    assert site("POST", "/v1/messages", {"from": "1", "to": "2", "data": "00ff", "udh": "050003010201"}).status == 202
    draft = site.service.drafts[-1]
    assert (draft.body, draft.header) == (b"\x00\xff", bytes.fromhex("050003010201"))


@pytest.mark.parametrize("text", ["messages", '"messages"', ""])
def test_a_text_that_looks_like_a_batch_or_is_empty_is_a_text(site: Site, text: str) -> None:
    assert site("POST", "/v1/messages", HELLO | {"text": text}).status == 202
    assert site.service.drafts[-1].text == text


def test_a_batch_is_answered_in_order_with_problems_in_place(site: Site) -> None:
    messages: list[Any] = [
        HELLO,
        HELLO | {"to": OPTED_OUT},
        HELLO | {"validity": "soon"},
        7,
        HELLO | {"text": "messages"},
    ]
    sent = site("POST", "/v1/messages", {"messages": messages})
    assert sent.status == 202
    codes = [item.get("code") for item in sent.json["messages"]]
    assert codes == [None, "recipient_opted_out", "invalid_field", "invalid_field", None]
    assert sent.json["messages"][2]["errors"][0]["path"] == "messages[2].validity"


def test_a_batch_of_which_nothing_is_accepted_is_a_problem(site: Site) -> None:
    alike = site("POST", "/v1/messages", {"messages": [HELLO | {"to": OPTED_OUT}] * 2})
    assert alike.is_problem
    assert (alike.status, alike.json["code"], len(alike.json["messages"])) == (403, "recipient_opted_out", 2)
    mixed = site("POST", "/v1/messages", {"messages": [HELLO | {"to": OPTED_OUT}, {}]})
    assert mixed.is_problem
    assert (mixed.status, mixed.json["code"]) == (422, "none_accepted")


def test_a_batch_has_1_to_1000_messages(site: Site) -> None:
    small = {"from": "1", "to": "2", "text": ""}
    assert site("POST", "/v1/messages", {"messages": [small] * 1000}).status == 202
    assert site("POST", "/v1/messages", {"messages": [small] * 1001}).json["code"] == "batch_too_large"
    assert site("POST", "/v1/messages", {"messages": [{}] * 1001}).json["code"] == "batch_too_large"
    assert site("POST", "/v1/messages", {"messages": []}).json["code"] == "invalid_field"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"to": 5}, "to"),
        ({"to": "46 70"}, "to"),
        ({"to": "4670\n"}, "to"),
        ({"to": None}, "to"),
        ({"from": "a name too long"}, "from"),
        ({"text": None}, "text"),
        ({"data": "00"}, "text"),
        ({"udh": "00"}, "udh"),
        ({"text": None, "data": "0"}, "data"),
        ({"text": None, "data": "00", "udh": "0500"}, "udh"),
        ({"validity": 0}, "validity"),
        ({"send_at": "2030-01-01T00:00:00"}, "send_at"),
        ({"priority": 4}, "priority"),
        ({"encoding": "utf-8"}, "encoding"),
        ({"tags": ["ok", 7]}, "tags[1]"),
        ({"txet": "typo"}, "txet"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(site: Site, change: dict[str, Any], path: str) -> None:
    found = site("POST", "/v1/messages", HELLO | change)
    assert found.is_problem
    assert (found.status, found.json["code"]) == (422, "invalid_field")
    assert found.json["errors"][0]["path"] == path


def test_a_missing_field_is_named(site: Site) -> None:
    assert site("POST", "/v1/messages", {"from": "1", "text": ""}).json["errors"][0]["path"] == "to"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"to": 5',
        b"\xff\xfe",
        b'{"text": "\xff"}',
        b'{"text": "\\ud800"}',
        b"[" * 50_000,
        b'{"messages":' + b"[" * 50_000,
    ],
)
def test_what_is_no_json_is_bad_json(site: Site, body: bytes) -> None:
    found = site("POST", "/v1/messages", body)
    assert found.is_problem
    assert (found.status, found.json["code"]) == (400, "bad_json")


def test_refusals_of_the_service_keep_their_status(site: Site) -> None:
    opted_out = site("POST", "/v1/messages", HELLO | {"to": OPTED_OUT})
    assert (opted_out.status, opted_out.json["code"]) == (403, "recipient_opted_out")
    flooded = site("POST", "/v1/messages", HELLO | {"to": FLOODED})
    assert (flooded.status, flooded.headers["retry-after"]) == (429, "7")
    assert flooded.is_problem


def test_a_fault_of_the_node_is_a_problem_without_its_cause(site: Site) -> None:
    found = site("POST", "/v1/messages", HELLO | {"to": BROKEN})
    assert found.is_problem
    assert (found.status, found.json["code"]) == (500, "internal_error")
    assert b"disk" not in found.body


def test_an_idempotency_key_replays_refuses_or_waits(site: Site) -> None:
    def send(text: str) -> Reply:
        return site("POST", "/v1/messages", HELLO | {"text": text}, idempotency_key="k1")

    first = send("one")
    assert send("one").json == first.json
    assert (send("two").status, send("two").json["code"]) == (422, "idempotency_mismatch")

    async def twice() -> tuple[Reply, Reply]:
        site.service.begun.clear()
        site.service.committed.clear()
        slow = asyncio.create_task(site.ask("POST", "/v1/messages", HELLO, idempotency_key="k2"))
        await site.service.begun.wait()
        second = await site.ask("POST", "/v1/messages", HELLO, idempotency_key="k2")
        site.service.committed.set()
        return await slow, second

    slow, second = site.run(asyncio.wait_for(twice(), 10))
    assert (slow.status, second.status, second.json["code"]) == (202, 409, "idempotency_in_progress")


def test_an_idempotency_key_is_bounded(site: Site) -> None:
    found = site("POST", "/v1/messages", HELLO, idempotency_key="k" * 256)
    assert (found.status, found.json["errors"][0]["path"]) == (422, "Idempotency-Key")


def test_the_answer_waits_for_the_commit(site: Site) -> None:
    async def scenario() -> tuple[bool, Reply]:
        site.service.committed.clear()
        site.service.begun.clear()
        asked = asyncio.create_task(site.ask("POST", "/v1/messages", HELLO))
        await site.service.begun.wait()
        await site.ask("GET", "/healthz")
        early = asked.done()
        site.service.committed.set()
        return early, await asked

    early, reply = site.run(scenario())
    assert (early, reply.status) == (False, 202)


def test_an_account_sees_only_its_own_messages_and_the_operator_all(site: Site) -> None:
    id = site("POST", "/v1/messages", HELLO).json["id"]
    assert site("GET", f"/v1/messages/{id}", authorization="Bearer other-key").status == 404
    assert site("DELETE", f"/v1/messages/{id}", authorization="Bearer other-key").status == 404
    assert site("GET", f"/v1/messages/{id}", authorization="Bearer demo-admin").status == 200


def test_lists_are_filtered_and_paged(site: Site) -> None:
    to = "46709999999"
    ids = [site("POST", "/v1/messages", HELLO | {"to": to}).json["id"] for _ in range(3)]
    first = site("GET", f"/v1/messages?to={to}&limit=2&status=&since=2020-01-01T00:00:00Z&direction=mt").json
    assert [each["id"] for each in first["messages"]] == ids[:0:-1]
    rest = site("GET", f"/v1/messages?to={to}&limit=2&cursor={first['cursor']}").json
    assert ([each["id"] for each in rest["messages"]], rest["cursor"]) == (ids[:1], None)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("since=yesterday", "since"),
        ("status=lost", "status"),
        ("colour=red", "colour"),
        ("to=1&to=2", "to"),
    ],
)
def test_a_wrong_filter_is_named(site: Site, query: str, path: str) -> None:
    found = site("GET", f"/v1/messages?{query}")
    assert found.is_problem
    assert (found.status, found.json["errors"][0]["path"]) == (422, path)


def test_an_offset_may_be_written_with_a_plain_plus(site: Site) -> None:
    assert site("GET", "/v1/messages?since=2020-01-01T00:00:00+01:00").status == 200


def test_cancelling(site: Site) -> None:
    id = site("POST", "/v1/messages", HELLO).json["id"]
    done = site("DELETE", f"/v1/messages/{id}")
    assert (done.status, done.json) == (200, {"id": id, "status": "cancelled"})
    again = site("DELETE", f"/v1/messages/{id}")
    assert (again.status, again.json["code"]) == (409, "too_late")
    assert site("DELETE", "/v1/messages/none").json["code"] == "not_found"


def test_carriers_are_for_the_operator(site: Site) -> None:
    assert site("GET", "/v1/carriers").json["code"] == "forbidden"
    found = site("GET", "/v1/carriers", authorization="Bearer demo-admin")
    assert (found.status, found.json["carriers"][0]["id"]) == (200, "north")


def test_the_operator_sends_for_nobody(site: Site) -> None:
    assert site("POST", "/v1/messages", HELLO, authorization="Bearer demo-admin").status == 403


def test_health_and_readiness_need_no_key(site: Site) -> None:
    assert site("GET", "/healthz", authorization="").json == {"status": "ok"}
    assert site("GET", "/readyz", authorization="").status == 200
    site.service.reasons = ["the store is being replayed"]
    found = site("GET", "/readyz", authorization="")
    site.service.reasons = []
    assert found.is_problem
    assert (found.status, found.json["reasons"]) == (503, ["the store is being replayed"])
    assert "retry-after" in found.headers


def test_dead_letters_are_listed_and_replayed_by_the_operator(site: Site) -> None:
    site("POST", "/v1/messages", {"from": "12345", "to": "46701234567", "text": "Hej"})
    site.service.stored["m0"]["status"] = "failed"
    admin = "Bearer demo-admin"
    assert site("GET", "/v1/dlq").status == 403
    assert [each["id"] for each in site("GET", "/v1/dlq?account=demo", authorization=admin).json["messages"]] == ["m0"]
    found = site("POST", "/v1/dlq/replay", {"ids": ["m0", "m0", "nobody"]}, authorization=admin)
    assert [each["status"] for each in found.json["messages"]] == ["queued", 409, 404]
    bodies: list[dict[str, Any]] = [{"ids": []}, {"ids": ["x"] * 1001}, {"id": "m0"}]
    for body in bodies:
        assert site("POST", "/v1/dlq/replay", body, authorization=admin).json["code"] == "invalid_field"
    assert site("GET", "/v1/dlq?status=delivered", authorization=admin).json["code"] == "invalid_field"
