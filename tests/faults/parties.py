"""The node's neighbours in a fault test: carriers, an ESME, an application with its webhook. They survive the node."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import socket
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from septet.smpp import Pdu
from tests.faults.record import Record, token_of
from tests.support import HOST, Peer

ESME_NUMBER = "12345"
APP_NUMBER = "54321"
APP_KEY = "app-key"
_ANSWERS = {"submit_sm_resp", "submit_multi_resp", "data_sm_resp"}
_MESSAGE_PAYLOAD = 0x0424
_ESME_RSYSERR = 0x08
_STAT = re.compile(r"stat:([A-Z]+)")


@dataclass(slots=True, eq=False)
class Delivery:
    """A deliver_sm that a carrier gives until it is acknowledged."""

    kind: str
    token: str
    fields: dict[str, Any]
    whole: list[Delivery] | None = None
    """All parts of the MO that it belongs to."""
    taken: bool = False


class Centre:
    """A carrier that keeps what it has to give until the node has acknowledged it, as a real one does."""

    WINDOW = 20

    def __init__(self, name: str, number: str, record: Record, chance: random.Random) -> None:
        self.name = name
        self.number = number
        self.record = record
        self.chance = chance
        self.host = HOST
        self.port = 0
        self.socket: socket.socket | None = None
        self.delay: Callable[[], float] = lambda: 0.0
        self.answers = 1
        self.receipt_first = False
        self.receipts = True
        self.silent = False
        self.refuses = False
        self.connections: list[float] = []
        self.waiting: deque[Delivery] = deque()
        self.under_way: dict[int, Delivery] = {}
        self.peer: Peer | None = None
        self._ids = itertools.count(1)
        self._references = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._peers: set[Peer] = set()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        if self.socket is not None:
            self._server = await loop.create_server(self._accept, sock=self.socket)
        else:
            self._server = await loop.create_server(self._accept, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self) -> Peer:
        return Peer(self._on, self._gone, self._made)

    def _made(self, peer: Peer) -> None:
        self._peers.add(peer)
        self.connections.append(asyncio.get_running_loop().time())

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        for peer in list(self._peers):
            peer.cut()

    def _gone(self, peer: Peer) -> None:
        self._peers.discard(peer)
        if peer is self.peer:
            self.peer = None
            # What has no answer is given again, in its order.
            self.waiting.extendleft(reversed(self.under_way.values()))
            self.under_way.clear()

    def _on(self, peer: Peer, pdu: Pdu) -> None:
        if self.silent:
            return
        if pdu.command == "submit_sm":
            self._submitted(peer, pdu)
        elif pdu.command == "deliver_sm_resp":
            self._answered(peer, pdu)
        elif pdu.command.startswith("bind_"):
            peer.send(pdu.command + "_resp", pdu.sequence, system_id=self.name)
            self.peer = peer
            self.give()
        elif pdu.command in {"enquire_link", "unbind"}:
            peer.send(pdu.command + "_resp", pdu.sequence)

    def _submitted(self, peer: Peer, pdu: Pdu) -> None:
        fields = pdu.fields
        if self.refuses:
            peer.send("submit_sm_resp", pdu.sequence, status=_ESME_RSYSERR)
            return
        text, concat = _body(fields)
        source, dest = fields["source_addr"], fields["destination_addr"]
        self.record.arrived(self.name, (source, dest), text, concat)
        id = f"{self.name}{next(self._ids)}"
        if self.receipt_first and self.receipts:
            self.receipt(id, source, dest, text)
            self.give()
        delay = self.delay()
        if delay:
            asyncio.get_running_loop().call_later(delay, self._respond, peer, pdu.sequence, id, source, dest, text)
        else:
            self._respond(peer, pdu.sequence, id, source, dest, text)

    def _respond(self, peer: Peer, sequence: int, id: str, source: str, dest: str, text: str) -> None:
        if peer.transport is None:
            return
        for _ in range(self.answers):
            peer.send("submit_sm_resp", sequence, message_id=id)
        if self.receipts and not self.receipt_first:
            self.receipt(id, source, dest, text)
            self.give()

    def receipt(self, id: str, source: str, dest: str, text: str) -> None:
        body = f"id:{id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:"
        fields = {"source_addr": dest, "destination_addr": source, "short_message": body.encode(), "esm_class": 4}
        self.waiting.append(Delivery("receipt", token_of(text) or "", fields))

    def mo(self, token: str, person: str, parts: int = 1) -> None:
        """A person writes a text of so many parts."""
        self._queue_mo(token, person, parts)
        self.give()

    def hold_last(self, token: str, person: str, parts: int) -> list[Delivery]:
        """The same, but its last part does not leave yet: the caller gives it later."""
        whole = self._queue_mo(token, person, parts)
        self.waiting.remove(whole[-1])
        self.give()
        return whole

    def _queue_mo(self, token: str, person: str, parts: int) -> list[Delivery]:
        if parts == 1:
            return self._say("mo", token, person, [f"{token} hello".encode()], {})
        reference = next(self._references) % 256
        bodies = [bytes([5, 0, 3, reference, parts, n + 1]) + f"{token} part {n} ".encode() for n in range(parts)]
        return self._say("mo", token, person, bodies, {"esm_class": 0x40})

    def stop_word(self, person: str) -> None:
        """A person opts out of the number that this carrier serves."""
        self._say("stop", person, person, [b"STOP"], {})
        self.give()

    def _say(self, kind: str, token: str, person: str, bodies: list[bytes], more: dict[str, Any]) -> list[Delivery]:
        whole: list[Delivery] = []
        for body in bodies:
            fields = {"source_addr": person, "destination_addr": self.number, "short_message": body, **more}
            whole.append(Delivery(kind, token, {"source_addr_ton": 1, "source_addr_npi": 1, **fields}, whole))
        self.waiting.extend(whole)
        return whole

    def give(self) -> None:
        """Writes what waits, as far as the window goes."""
        while self.peer is not None and self.waiting and len(self.under_way) < self.WINDOW:
            delivery = self.waiting.popleft()
            self.under_way[self.peer.send("deliver_sm", **delivery.fields)] = delivery

    def _answered(self, peer: Peer, pdu: Pdu) -> None:
        if peer is not self.peer:
            return
        delivery = self.under_way.pop(pdu.sequence)
        self.record.events += 1
        if pdu.status != 0:
            self.waiting.append(delivery)
            asyncio.get_running_loop().call_later(0.05, self.give)
            return
        delivery.taken = True
        if delivery.kind == "receipt":
            if delivery.token:
                self.record.receipted.add(delivery.token)
        elif delivery.kind == "stop":
            self.record.stopped.add((self.number, delivery.token))
        elif all(part.taken for part in delivery.whole or ()):
            self.record.given.add(delivery.token)
        self.give()

    @property
    def idle(self) -> bool:
        return not self.waiting and not self.under_way


def _body(fields: Any) -> tuple[str, tuple[int, int, int]]:
    """Text and concatenation of a short_message whose alphabet has ASCII in its places."""
    octets = bytes(fields["short_message"])
    if fields["esm_class"] & 0x40:
        header = octets[: octets[0] + 1]
        return octets[len(header) :].decode("latin-1"), (header[3], header[4], header[5])
    return octets.decode("latin-1"), (0, 1, 1)


class Esme:
    """A pipelined ESME: keeps `window` submit_sm unanswered while it is `wanted`, and binds again whenever it can."""

    def __init__(self, record: Record, chance: random.Random, port: int, window: int = 60) -> None:
        self.record = record
        self.chance = chance
        self.port = port
        self.window = window
        self.pause = 0.0
        self.wanted = False
        self.numbers = itertools.count(1)
        self.people = [f"4610{n:03d}" for n in range(20)]
        self.refused: dict[int, int] = defaultdict(int)
        self._unanswered: dict[int, str] = {}
        self._parts: dict[tuple[str, int], set[int]] = defaultdict(set)
        self._peer: Peer | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._peer is not None:
            self._peer.cut()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            gone = asyncio.Event()
            peer = Peer(self._on, lambda _peer, gone=gone: gone.set())  # type: ignore[misc]
            try:
                await loop.create_connection(lambda peer=peer: peer, HOST, self.port)  # type: ignore[misc]
            except OSError:
                await asyncio.sleep(0.02)  # the node is down: between two looks
                continue
            peer.send("bind_transceiver", system_id="esme", password="secret", interface_version=0x34)
            await gone.wait()
            self._peer = None
            self._unanswered.clear()

    def _on(self, peer: Peer, pdu: Pdu) -> None:
        if pdu.command in _ANSWERS:
            self.record.events += 1
            token = self._unanswered.pop(pdu.sequence)
            if pdu.status == 0:
                self.record.acknowledged[token].add(str(pdu.fields["message_id"]))
            else:
                self.refused[pdu.status] += 1
                if pdu.status != 0x400:
                    # Full or throttled: the next one is sent when this one has been answered, and not at once.
                    asyncio.get_running_loop().call_later(0.02, self.pump)
                    return
            if self.pause:
                asyncio.get_running_loop().call_later(self.pause, self.pump)
            else:
                self.pump()
        elif pdu.command == "deliver_sm":
            self._delivered(pdu)
            peer.send("deliver_sm_resp", pdu.sequence, message_id="")
        elif pdu.command == "bind_transceiver_resp" and pdu.status == 0:
            self._peer = peer
            self.pump()
        elif pdu.command in {"enquire_link", "unbind"}:
            peer.send(pdu.command + "_resp", pdu.sequence)

    def _delivered(self, pdu: Pdu) -> None:
        self.record.events += 1
        fields = pdu.fields
        text, (reference, total, number) = _body(fields)
        if fields["esm_class"] & 0x3C:
            told = token_of(text.partition(" text:")[2])
            assert _STAT.search(text), text
            if told:
                self.record.news[told] += 1
            return
        if text.startswith("STOP"):
            self.record.optouts.add((fields["destination_addr"], fields["source_addr"]))
            return
        token = token_of(text)
        if token is None or total == 1:
            self.record.inbound[token or text] += 1
            return
        parts = self._parts[token, reference]
        parts.add(number)
        if len(parts) == total:
            self.record.inbound[token] += 1
            parts.clear()

    def pump(self) -> None:
        """Fills the window."""
        peer = self._peer
        while self.wanted and peer is not None and len(self._unanswered) < self.window:
            token = f"s{next(self.numbers):07d}"
            sequence = self._submit(peer, token, self.chance.choice(self.people))
            self._unanswered[sequence] = token

    def _submit(self, peer: Peer, token: str, to: str) -> int:
        """Most go the plain way, some by each of the others."""
        fields: dict[str, Any] = {"source_addr": ESME_NUMBER, "registered_delivery": 1}
        body = f"{token} hello".encode()
        way = self.chance.random()
        if way < 0.8:
            return peer.send("submit_sm", destination_addr=to, short_message=body, **fields)
        if way < 0.87:
            address = [{"dest_addr_ton": 0, "dest_addr_npi": 0, "destination_addr": to}]
            return peer.send("submit_multi", dest_address=address, short_message=body, **fields)
        if way < 0.94:
            return peer.send("data_sm", destination_addr=to, tlvs=[(_MESSAGE_PAYLOAD, body)], **fields)
        text = self.record.whole[token] = " ".join([token] * 40)
        return peer.send("submit_sm", destination_addr=to, tlvs=[(_MESSAGE_PAYLOAD, text.encode())], **fields)


class App:
    """An application over HTTP: single messages with a key, tried again until they are answered; batches; a webhook."""

    def __init__(self, record: Record, chance: random.Random, port: int) -> None:
        self.record = record
        self.chance = chance
        self.port = port
        self.wanted = False
        self.numbers = itertools.count(1)
        self.people = [f"4620{n:03d}" for n in range(20)]
        self.refused: dict[int, int] = defaultdict(int)
        self.hook = 0
        self.unready = 0.02
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/hook", self._event)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.hook = self._runner.addresses[0][1]

    def begin(self, workers: int = 3) -> None:
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        loop = asyncio.get_running_loop()
        # Each worker has people of its own, so that the order of its requests is the order of their messages.
        for worker in range(workers):
            self._tasks.append(loop.create_task(self._work(slice(worker, None, workers), batches=worker == 0)))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            await self._client.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _event(self, request: web.Request) -> web.Response:
        self.record.events += 1
        event = json.loads(await request.read())
        data = event["data"]
        token = token_of(data.get("text", ""))
        if event["type"] in {"message.delivered", "message.failed"} and token:
            self.record.news[token] += 1
            self.record.named[token].add(data["id"])
        elif event["type"] == "message.received" and token:
            self.record.inbound[token] += 1
        elif event["type"] == "optout.created":
            self.record.optouts.add((data["to"], data["from"]))
        return web.Response(status=204)

    def _message(self, people: slice) -> tuple[str, dict[str, str]]:
        token = f"h{next(self.numbers):07d}"
        text = token
        if self.chance.random() < 0.2:
            text = " ".join([token] * 40)
            self.record.whole[token] = text
        return token, {"from": APP_NUMBER, "to": self.chance.choice(self.people[people]), "text": text}

    async def _work(self, people: slice, *, batches: bool) -> None:
        while True:
            if not self.wanted:
                await asyncio.sleep(0.01)  # nothing to do now
            elif batches:
                await self._batch(people)
            else:
                await self._single(people)

    async def _single(self, people: slice) -> None:
        token, body = self._message(people)
        self.record.begun[token] = asyncio.get_running_loop().time()
        while True:
            status, answer = await self.post(body, key=token)
            if status in {202, 403}:
                if status == 202:
                    self.record.acknowledged[token].add(answer["id"])
                return
            await asyncio.sleep(self.unready)  # down, starting or full: the same key again

    async def _batch(self, people: slice) -> None:
        made = [self._message(people) for _ in range(5)]
        status, answer = await self.post({"messages": [body for _, body in made]})
        if status != 202:
            await asyncio.sleep(self.unready)  # not answered: nobody knows, and nobody asks again
            return
        for (token, _), item in zip(made, answer["messages"], strict=True):
            if "id" in item:
                self.record.acknowledged[token].add(item["id"])

    async def post(self, body: Any, key: str | None = None) -> tuple[int, Any]:
        assert self._client is not None
        headers = {"authorization": f"Bearer {APP_KEY}"} | ({} if key is None else {"idempotency-key": key})
        try:
            url = f"http://{HOST}:{self.port}/v1/messages"
            async with self._client.post(url, json=body, headers=headers) as answer:
                if answer.status not in {202, 403}:
                    self.refused[answer.status] += 1
                    return answer.status, None
                found = await answer.json(content_type=None)
                self.record.events += 1
                return answer.status, found
        except (aiohttp.ClientError, OSError, TimeoutError):
            return 0, None
