"""Events from the engine to an account's own server, over HTTP, checked with a library that nobody here wrote."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from septet.node import Node
from tests.support import ACCOUNT, PERSON, Api, Catcher, Smsc, bound, carrier, eventually, on_loop, route, running, smsc

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@asynccontextmanager
async def hooked(folder: Path, **options: Any) -> AsyncIterator[tuple[Node, Api, Smsc, Catcher]]:
    catcher = await Catcher().start()
    try:
        async with smsc(**options) as north, running(_toml(north, catcher), folder) as (node, api):
            await bound(node)
            yield node, api, north, catcher
    finally:
        await catcher.stop()


def _toml(north: Smsc, catcher: Catcher) -> str:
    webhook = f'webhook = {{ url = "http://127.0.0.1:{catcher.port}/hook", secret = "{SECRET}" }}\n'
    number = '\n[[number]]\naddress = "12345"\naccount = "demo"\ncarrier = "north"\n'
    return ACCOUNT + webhook + carrier("north", north.port) + number + route("north")


def verified(catcher: Catcher) -> dict[str, Any]:
    """The data of each event by its type; every signature holds."""
    events = {}
    for headers, body in catcher.got:
        Webhook(SECRET).verify(body, headers)
        event = json.loads(body)
        events[event["type"]] = event["data"]
    return events


@on_loop
async def test_a_message_is_told_to_its_end(tmp_path: Path) -> None:
    async with hooked(tmp_path, receipts=True) as (_node, api, _north, catcher):
        id = await api.post("Hej", client_ref="r1")
        await eventually(lambda: "message.delivered" in catcher.types, "the event")
        told = verified(catcher)["message.delivered"]
        assert (told["id"], told["status"], told["client_ref"]) == (id, "delivered", "r1")
        assert told == (await api("GET", f"/v1/messages/{id}"))[1]


@on_loop
async def test_a_failure_is_told(tmp_path: Path) -> None:
    async with hooked(tmp_path) as (_node, api, north, catcher):
        north.answer = lambda _pdu: 0x0B
        id = await api.post()
        await eventually(lambda: catcher.types, "the event")
        told = verified(catcher)["message.failed"]
        assert (told["id"], told["status"], told["error"]) == (id, "rejected", "11")


@on_loop
async def test_what_a_person_writes_is_told_once(tmp_path: Path) -> None:
    async with hooked(tmp_path) as (node, _api, north, catcher):
        north.mo(PERSON, "12345", "Is anybody there?")
        await eventually(lambda: catcher.got, "the event")
        told = verified(catcher)["message.received"]
        assert (told["from"], told["to"], told["text"]) == (PERSON, "12345", "Is anybody there?")
        assert north.acknowledged == [0]
        await eventually(lambda: node.engine.alive() == 0, "the message to be settled")
        assert catcher.types == ["message.received"]


@on_loop
async def test_an_opt_out_is_told_and_kept(tmp_path: Path) -> None:
    async with hooked(tmp_path) as (_node, api, north, catcher):
        north.mo(PERSON, "12345", "STOP")
        await eventually(lambda: set(catcher.types) == {"message.received", "optout.created"}, "both events")
        assert verified(catcher)["optout.created"]["from"] == PERSON
        ids = [headers["webhook-id"] for headers, _body in catcher.got]
        assert len(set(ids)) == 2, "two events of one message are two events"
        body = {"from": "12345", "to": PERSON, "text": "An offer"}
        status, answer = await api("POST", "/v1/messages", body)
        assert (status, answer["code"]) == (403, "recipient_opted_out")
        await eventually(lambda: len(north.submits) == 1, "the one confirmation")


@on_loop
async def test_what_was_not_taken_is_told_by_the_next_node_under_the_same_id(tmp_path: Path) -> None:
    catcher = await Catcher().start()
    catcher.status = 503
    async with smsc() as north:
        async with running(_toml(north, catcher), tmp_path) as (node, _api):
            await bound(node)
            north.mo(PERSON, "12345", "Still here?")
            await eventually(lambda: catcher.got, "the first attempt")
        refused = catcher.got[0][0]["webhook-id"]
        catcher.got.clear()
        catcher.status = 204
        async with running(_toml(north, catcher), tmp_path) as (node, _api):
            await eventually(lambda: catcher.got, "the attempt of the next node")
            assert catcher.got[0][0]["webhook-id"] == refused
            await eventually(lambda: node.engine.alive() == 0, "the message to be settled")
    await catcher.stop()
