from __future__ import annotations

import asyncio
import signal

import pytest

from septet.ingress.http import HttpServer
from tests.ingress.http.memory import MemoryService

BODY = b'{"from":"12345","to":"46701234567","text":"Hej"}'
HEAD = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer demo-key\r\nconnection: close\r\n"
SIZED = HEAD + b"content-length: %d\r\n\r\n" % len(BODY)


def test_stop_lets_a_request_finish_and_frees_the_port() -> None:
    async def scenario() -> None:
        service = MemoryService()
        server = HttpServer(service, "127.0.0.1:0")
        await server.start()
        handlers = signal.getsignal(signal.SIGTERM)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        service.committed.clear()
        writer.write(SIZED + BODY)
        await service.begun.wait()
        stopping = asyncio.create_task(server.stop())
        service.committed.set()
        assert (await reader.read()).startswith(b"HTTP/1.1 202 ")
        await stopping
        writer.close()
        again = HttpServer(service, f"127.0.0.1:{server.port}")
        await again.start()
        await again.stop()
        assert signal.getsignal(signal.SIGTERM) == handlers

    asyncio.run(scenario())


def test_stop_cuts_what_does_not_end() -> None:
    async def scenario() -> bytes:
        service = MemoryService()
        server = HttpServer(service, "127.0.0.1:0")
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        service.committed.clear()
        writer.write(SIZED + BODY)
        await service.begun.wait()
        await server.stop(0.1)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    assert b" 202 " not in asyncio.run(asyncio.wait_for(scenario(), 10))


def test_an_address_in_use_is_an_error_of_its_own() -> None:
    async def scenario() -> None:
        first = HttpServer(MemoryService(), "127.0.0.1:0")
        await first.start()
        try:
            with pytest.raises(OSError, match="in use"):
                await HttpServer(MemoryService(), f"127.0.0.1:{first.port}").start()
        finally:
            await first.stop()

    asyncio.run(scenario())
