"""Opens binds and holds them: says when all are bound, answers enquire_link, ends with its standard input.

A program of its own, so that its descriptors and its processor time are not the node's. Of the binds, some may be peers
that nobody wishes for: `--drip` sends a submit_sm an octet at a time, `--flood` writes submit_sm as fast as its socket
takes them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from typing import cast

import uvloop

from septet import smpp

AT_ONCE = 100
DRIP_SECONDS = 0.02
FLOOD = smpp.encode_many(
    "submit_sm", [{"source_addr": "12345", "destination_addr": "46701234567", "short_message": b"x"}] * 500
)


class Held(asyncio.Protocol):
    """One bind."""

    def __init__(self, system_id: str, password: str) -> None:
        self.bind = smpp.Pdu("bind_transceiver", fields={"system_id": system_id, "password": password}).encode()
        self.framer = smpp.Framer()
        self.bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.lost = False
        self.answers = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self.bind)

    def data_received(self, data: bytes) -> None:
        for pdu in self.framer.feed(data):
            if pdu.command_id == 0x80000009 and not self.bound.done():
                self.bound.set_result(pdu.status)
            elif pdu.command_id == 0x15:
                self.transport.write(smpp.Pdu("enquire_link_resp", sequence=pdu.sequence).encode())
            else:
                self.answers += 1

    def connection_lost(self, _exc: Exception | None) -> None:
        self.lost = True
        if not self.bound.done():
            self.bound.set_exception(ConnectionError("closed before the bind was answered"))


class Drip(Held):
    """An octet at a time, for ever inside some PDU."""

    async def trouble(self) -> None:
        octets = FLOOD
        while not self.lost:
            for octet in octets:
                self.transport.write(bytes([octet]))
                await asyncio.sleep(DRIP_SECONDS)


class Flood(Held):
    """As many as the socket takes, whatever the window."""

    def __init__(self, system_id: str, password: str) -> None:
        super().__init__(system_id, password)
        self.writable = asyncio.Event()
        self.writable.set()
        self.written = 0

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    async def trouble(self) -> None:
        while not self.lost:
            await self.writable.wait()
            self.transport.write(FLOOD)
            self.written += 500
            await asyncio.sleep(0)


async def hold(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(AT_ONCE)
    kinds: list[type[Held]] = [Drip] * options.drip + [Flood] * options.flood
    kinds += [Held] * (options.binds - len(kinds))
    host, port = options.connect.rsplit(":", 1)

    async def one(number: int, kind: type[Held]) -> Held:
        account = options.accounts[number % len(options.accounts)]
        async with gate:
            _, held = await loop.create_connection(lambda: kind(account, options.password), host, int(port))
            if status := await held.bound:
                raise SystemExit(f"a bind was refused with {smpp.status_name(status)}")
        return held

    began = time.monotonic()
    binds = await asyncio.gather(*(one(number, kind) for number, kind in enumerate(kinds)))
    say(bound=len(binds), seconds=round(time.monotonic() - began, 3))
    troubles = [asyncio.create_task(held.trouble()) for held in binds if isinstance(held, Drip | Flood)]
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), lambda: ended.set() if not os.read(sys.stdin.fileno(), 4096) else None)
    await ended.wait()
    for task in troubles:
        task.cancel()
    floods = [held for held in binds if isinstance(held, Flood)]
    say(
        lost=sum(held.lost for held in binds),
        flooded=sum(held.written for held in floods),
        flood_answers=sum(held.answers for held in floods),
    )
    for held in binds:
        held.transport.abort()


def say(**what: float) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connect", required=True, help="host:port")
    parser.add_argument("--binds", type=int, default=100)
    parser.add_argument("--accounts", nargs="+", required=True, help="system ids, taken in turn")
    parser.add_argument("--password", required=True)
    parser.add_argument("--drip", type=int, default=0)
    parser.add_argument("--flood", type=int, default=0)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(hold(parser.parse_args()))


if __name__ == "__main__":
    main()
