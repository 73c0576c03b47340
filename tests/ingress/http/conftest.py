from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import msgspec
import pytest
import uvloop

from septet.ingress.http import HttpServer
from septet.ingress.http.listener import Limits
from tests.ingress.http.memory import MemoryService


class Reply(msgspec.Struct):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def is_problem(self) -> bool:
        """Whether it is a whole RFC 9457 document that agrees with the status line."""
        return (
            self.headers["content-type"] == "application/problem+json"
            and {"type", "title", "status", "detail", "code"} <= self.json.keys()
            and self.json["status"] == self.status
        )


class Site:
    """A served node in memory, and a client that keeps its connection."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.service = MemoryService()
        self.server = HttpServer(
            self.service,
            "127.0.0.1:0",
            max_body=64 * 1024,
            limits=Limits(head=8 * 1024, request_seconds=1),
        )

    async def open(self) -> None:
        await self.server.start()
        self.client = aiohttp.ClientSession(f"http://127.0.0.1:{self.server.port}")

    async def close(self) -> None:
        await self.client.close()
        await self.server.stop()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self.run(self.ask(method, path, body, **headers))

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        sent = {"authorization": "Bearer demo-key"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("content-type", "application/json")
        data = msgspec.json.encode(body) if isinstance(body, dict | list) else body
        async with self.client.request(
            method, path, data=data, headers={name: value for name, value in sent.items() if value}
        ) as answer:
            return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, await answer.read())

    def raw(self, *chunks: bytes) -> bytes:
        """Sends octets as they are, and gives everything until the server closes."""
        return self.run(self.exchange(*chunks))

    async def exchange(self, *chunks: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        async def make() -> Site:
            made = Site(runner)
            await made.open()
            return made

        made = runner.run(make())
        yield made
        runner.run(made.close())
