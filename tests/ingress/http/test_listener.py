from __future__ import annotations

import asyncio
import re
import signal

import pytest

from septet.ingress.http import HttpServer
from septet.ingress.http.listener import parse_listen
from tests.ingress.http.conftest import Site
from tests.ingress.http.memory import MemoryService

BODY = b'{"from":"12345","to":"46701234567","text":"Hej"}'
HEAD = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer demo-key\r\nconnection: close\r\n"
SIZED = HEAD + b"content-length: %d\r\n\r\n" % len(BODY)


def test_a_chunked_body(site: Site) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:10], BODY[10:]))
    answer = site.raw(HEAD + b"transfer-encoding: chunked\r\n\r\n", chunks + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 202 ")


def test_a_chunked_body_past_the_limit(site: Site) -> None:
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    answer = site.raw(HEAD + b"transfer-encoding: chunked\r\n\r\n", *[chunk] * 5)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_octet_by_octet(site: Site) -> None:
    whole = SIZED + BODY
    assert site.raw(*[whole[i : i + 1] for i in range(len(whole))]).startswith(b"HTTP/1.1 202 ")


def test_expect_100_continue(site: Site) -> None:
    head = SIZED[:-2] + b"expect: 100-continue\r\n\r\n"
    assert site.raw(head, BODY).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")


def test_pipelined_requests_are_answered_in_order(site: Site) -> None:
    ask = b"GET /%s HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    answer = site.raw(ask % b"healthz" + ask % b"readyz" + last)
    statuses = re.findall(rb"HTTP/1.1 (\d+)", answer)
    assert statuses == [b"200", b"200", b"404"]
    assert answer.index(b'"ok"') < answer.index(b'"ready"')


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"GET /\xff HTTP/1.1\r\n\r\n", b"400"),
        (HEAD + b"content-length: -1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 9_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 3_000, b"431"),
    ],
)
def test_hostile_octets_get_a_problem_and_are_cut(site: Site, octets: bytes, status: bytes) -> None:
    answer = site.raw(octets)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in answer


def test_a_header_field_without_end_is_cut(site: Site) -> None:
    chunks = [b"a" * 1_000] * 20
    assert site.raw(b"GET / HTTP/1.1\r\nx: ", *chunks).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("begun", [b"GET / HT", SIZED + BODY[:5]])
def test_a_request_that_does_not_arrive_is_timed_out(site: Site, begun: bytes) -> None:
    assert site.raw(begun).startswith(b"HTTP/1.1 408 ")


def test_silence_is_cut_without_an_answer(site: Site) -> None:
    assert site.raw() == b""


def test_a_client_that_leaves_early_harms_nothing(site: Site) -> None:
    async def leave() -> None:
        stored = len(site.service.stored)
        site.service.committed.clear()
        for sent in (SIZED, SIZED + BODY[:7], SIZED + BODY):
            _, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
            writer.write(sent)
            await writer.drain()
            writer.transport.abort()
        await site.ask("GET", "/healthz")
        site.service.committed.set()
        await site.ask("GET", "/healthz")
        assert len(site.service.stored) <= stored + 1

    site.run(leave())
    assert site("GET", "/readyz").status == 200


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


@pytest.mark.parametrize("listen", ["", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", ":-1"])
def test_what_is_no_listen_address(listen: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        parse_listen(listen)
