"""The control port, over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import Any

import pytest

from septet.sim import Simulator
from septet.sim.control import Control, delay
from tests.sim.support import Client


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_everything_that_it_offers() -> None:
    async def run() -> None:
        sim = Simulator("127.0.0.1", 0)
        await sim.start()
        control = Control(sim, "127.0.0.1:0")
        await control.listener.start()
        port = control.listener.port

        async def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
            return await asyncio.to_thread(ask, port, method, path, body)

        try:
            client = await Client.connect(sim.port)
            await client.bind()
            assert (await call("GET", "/stats"))[1]["bound"] == 1
            assert await call("POST", "/mo", {"from": "46701", "to": "12345", "text": "YES"}) == (202, {"parts": 1})
            assert (await client.until("deliver_sm"))[0].fields["short_message"] == b"YES"
            flood = {"to": "12345", "words": ["INFO", "HELP"], "count": 3}
            assert await call("POST", "/flood", flood) == (202, {})
            texts = [pdu.fields["short_message"] for pdu in await client.until("deliver_sm", 4)]
            assert sorted(texts[1:]) == [b"HELP", b"INFO", b"INFO"]
            assert (await call("POST", "/flood", flood | {"words": []}))[0] == 422
            assert (await call("POST", "/script", {"error_rate": 1.0, "submit_delay": "0:0.01"}))[0] == 200
            client.submit(b"refused")
            assert (await client.until("submit_sm_resp"))[0].status == 8
            await call("POST", "/script", {"error_rate": 0.0})
            client.submit(b"taken")
            await client.until("submit_sm_resp", 2)
            assert [m["text"] for m in (await call("GET", "/messages?limit=5"))[1]] == ["taken"]
            assert (await call("DELETE", "/messages"))[0] == 200
            assert (await call("GET", "/messages"))[1] == []
            assert await call("POST", "/drop") == (200, {"dropped": 1})
            assert await client.gone()
            client.close()
            for method, path, body, status in [
                ("GET", "/nothing", None, 404),
                ("POST", "/mo", {"from": "46701"}, 422),
                ("POST", "/script", {"no_such_option": 1}, 422),
                ("POST", "/script", {"submit_delay": "2:1"}, 422),
                ("GET", "/messages?limit=many", None, 422),
            ]:
                answer = await call(method, path, body)
                assert answer[0] == status, path
                assert answer[1]["error"]
        finally:
            await control.listener.stop(1.0)
            await sim.stop()

    asyncio.run(run())


@pytest.mark.parametrize("text", ["", "x", "-1", "2:1"])
def test_what_is_no_delay_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        delay(text)
