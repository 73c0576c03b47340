"""A node and its neighbours on one loop: a carrier, an ESME, a webhook receiver, all real and on loopback."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

import aiohttp
import uvloop
from aiohttp import web

from septet import config
from septet.node import Node
from septet.smpp import BadPdu, Framer, Pdu

P = ParamSpec("P")

HOST = "127.0.0.1"
API_KEY = "demo-key"
ADMIN_KEY = "demo-admin"
PERSON = "46701234567"
PASSWORD = "secret"
SYSTEM_PASSWORD = "demo1234"

# What every node here needs: ports that nobody else has.
LISTEN = """
[smpp]
listen = ["127.0.0.1:0"]
[http]
listen = "127.0.0.1:0"
admin_key = "demo-admin"
[metrics]
listen = "127.0.0.1:0"
"""

ACCOUNT = """
[[account]]
id = "demo"
system_id = "demo"
password = "demo1234"
api_key = "demo-key"
"""


def carrier(id: str, port: int, **options: object) -> str:
    """A `[[carrier]]` on loopback that comes back quickly."""
    table = {
        "id": id,
        "type": "smpp",
        "host": HOST,
        "port": port,
        "system_id": "septet",
        "password": "secret",
        "reconnect_min": 0.05,
        "reconnect_max": 0.1,
        **options,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n[[carrier]]\n" + "\n".join(lines) + "\n"


def route(*carriers: str, failover: tuple[str, ...] = ()) -> str:
    """A `[[route]]` for every destination."""
    shares = ", ".join(f'{{ id = "{id}" }}' for id in carriers)
    return f'\n[[route]]\nto = [""]\ncarriers = [{shares}]\nfailover = {json.dumps(list(failover))}\n'


def on_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs an async test on the loop that the node has in production.

    An exception that no task and no callback caught is a failure, as it would be a silent one in service.
    """

    @functools.wraps(test)
    def run(*arguments: P.args, **named: P.kwargs) -> None:
        silent: list[dict[str, Any]] = []

        async def watched() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _loop, context: silent.append(context))
            await test(*arguments, **named)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(watched())
        assert silent == []

    return run


async def eventually(condition: Callable[[], object], what: str, *, seconds: float = 15.0) -> None:
    """Returns once `condition` holds; fails, saying what was awaited, after `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        assert loop.time() < deadline, f"waited {seconds:g} s in vain for {what}"
        await asyncio.sleep(0.005)  # between two looks; the condition alone ends the wait


def most_in_a_second(times: list[float]) -> int:
    """The most of these moments in any half-open second."""
    return max((sum(1 for later in times if at <= later < at + 1) for at in times), default=0)


class Peer(asyncio.Protocol):
    """One SMPP connection that cuts octets into PDUs and hands each to `on`."""

    def __init__(
        self,
        on: Callable[[Peer, Pdu], None],
        gone: Callable[[Peer], None],
        made: Callable[[Peer], None] = lambda _peer: None,
    ) -> None:
        self._on = on
        self._gone = gone
        self._made = made
        self._framer = Framer()
        self._sequence = itertools.count(1)
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._made(self)

    def data_received(self, data: bytes) -> None:
        for pdu in self._framer.feed(data):
            assert not isinstance(pdu, BadPdu), pdu.error
            self._on(self, pdu)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.transport = None
        self._gone(self)

    def send(self, command: str, sequence: int = 0, status: int = 0, **fields: Any) -> int:
        """Sends a PDU; gives its sequence number."""
        number = sequence or next(self._sequence)
        if self.transport is not None:
            self.transport.write(Pdu(command, sequence=number, status=status, fields=fields).encode())
        return number

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()


@dataclass(frozen=True)
class Submit:
    """A submit_sm as it came: when on the loop's clock, from whom, to whom, what."""

    at: float
    source: str
    dest: str
    octets: bytes


class Smsc:
    """A carrier. `answer` gives the command_status of each submit_sm, or None to leave it unanswered; `state` is
    what a query_sm is told."""

    def __init__(
        self,
        *,
        password: str = PASSWORD,
        receipts: bool = False,
        host: str = HOST,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.password = password
        self.host = host
        self.tls = tls
        self.receipts = receipts
        self.answer: Callable[[Pdu], int | None] = lambda _pdu: 0
        self.binds: list[float] = []
        self.connections: list[float] = []
        self.bound: list[Peer] = []
        self.submits: list[Submit] = []
        self.acknowledged: list[int] = []
        self.queries: list[str] = []
        self.state = 1
        self.port = 0
        self._open: set[Peer] = set()
        self._ids = itertools.count(1)
        self._server: asyncio.Server | None = None

    async def start(self) -> Smsc:
        """Listens; again on the same port after `stop`."""
        self._server = await asyncio.get_running_loop().create_server(self._accept, self.host, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _accept(self) -> Peer:
        return Peer(self._received, self._gone, self._made)

    def _made(self, peer: Peer) -> None:
        self._open.add(peer)
        self.connections.append(asyncio.get_running_loop().time())

    def _gone(self, peer: Peer) -> None:
        self._open.discard(peer)
        if peer in self.bound:
            self.bound.remove(peer)

    def _received(self, peer: Peer, pdu: Pdu) -> None:
        now = asyncio.get_running_loop().time()
        if pdu.command.startswith("bind_") and not pdu.command.endswith("_resp"):
            known = pdu.fields["password"] == self.password
            if known:
                self.binds.append(now)
                self.bound.append(peer)
            peer.send(pdu.command + "_resp", pdu.sequence, 0 if known else 0x0E, system_id="smsc")
        elif pdu.command == "submit_sm":
            fields = pdu.fields
            octets = fields["short_message"]
            self.submits.append(Submit(now, fields["source_addr"], fields["destination_addr"], octets))
            self._respond(peer, pdu)
        elif pdu.command == "query_sm":
            self.queries.append(pdu.fields["message_id"])
            said = {"message_id": pdu.fields["message_id"], "message_state": self.state, "error_code": 0}
            peer.send("query_sm_resp", pdu.sequence, 0, **said, final_date="")
        elif pdu.command == "deliver_sm_resp":
            self.acknowledged.append(pdu.status)
        elif pdu.command in {"enquire_link", "unbind"}:
            peer.send(pdu.command + "_resp", pdu.sequence)

    def _respond(self, peer: Peer, pdu: Pdu) -> None:
        status = self.answer(pdu)
        if status is None:
            return
        id = f"c{next(self._ids)}"
        peer.send("submit_sm_resp", pdu.sequence, status, **({} if status else {"message_id": id}))
        if self.receipts and status == 0:
            text = f"id:{id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:"
            self._deliver(peer, pdu.fields["destination_addr"], pdu.fields["source_addr"], text, esm_class=4)

    def _deliver(self, peer: Peer, source: str, dest: str, text: str, **fields: Any) -> None:
        octets = text.encode("ascii")
        peer.send("deliver_sm", source_addr=source, destination_addr=dest, short_message=octets, **fields)

    async def outbind(self, port: int, system_id: str, password: str) -> Peer:
        """Connects to the node and says outbind."""
        loop = asyncio.get_running_loop()
        _transport, peer = await loop.create_connection(lambda: Peer(self._received, self._gone), HOST, port)
        self._open.add(peer)
        peer.send("outbind", system_id=system_id, password=password)
        return peer

    def mo(self, source: str, dest: str, text: str) -> None:
        """A person writes."""
        self._deliver(self.bound[0], source, dest, text, source_addr_ton=1, source_addr_npi=1)

    def cut(self) -> None:
        """Every connection breaks."""
        for peer in list(self._open):
            peer.cut()

    async def stop(self) -> None:
        """Listens no more, and cuts."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await eventually(lambda: not self._open, "the carrier's connections to be gone")


@asynccontextmanager
async def smsc(**options: Any) -> AsyncIterator[Smsc]:
    """A carrier for as long as the block lasts."""
    made = await Smsc(**options).start()
    try:
        yield made
    finally:
        await made.stop()


class Esme:
    """A client of the node's SMPP server."""

    def __init__(self) -> None:
        self.responses: dict[int, Pdu] = {}
        self.answered: dict[int, float] = {}
        self.delivered: list[Pdu] = []
        self.closed = False
        self.peer = Peer(self._received, self._gone)

    @classmethod
    async def connect(cls, port: int, host: str = HOST, tls: ssl.SSLContext | None = None) -> Esme:
        made = cls()
        await asyncio.get_running_loop().create_connection(lambda: made.peer, host, port, ssl=tls)
        return made

    def _gone(self, _peer: Peer) -> None:
        self.closed = True

    def _received(self, peer: Peer, pdu: Pdu) -> None:
        if pdu.command == "deliver_sm":
            self.delivered.append(pdu)
            peer.send("deliver_sm_resp", pdu.sequence, message_id="")
        elif pdu.command in {"enquire_link", "unbind"}:
            peer.send(pdu.command + "_resp", pdu.sequence)
        else:
            self.responses[pdu.sequence] = pdu
            self.answered[pdu.sequence] = asyncio.get_running_loop().time()

    async def response(self, sequence: int) -> Pdu:
        await eventually(lambda: sequence in self.responses, f"the response to request {sequence}")
        return self.responses[sequence]

    async def bind(self, system_id: str = "demo", password: str = SYSTEM_PASSWORD, mode: str = "transceiver") -> int:
        """The status of the bind response."""
        fields: dict[str, Any] = {"system_id": system_id, "password": password, "interface_version": 0x34}
        return (await self.response(self.peer.send(f"bind_{mode}", **fields))).status

    def submit(self, to: str = PERSON, text: str = "Hi", source: str = "12345", **fields: Any) -> int:
        """Sends a submit_sm and waits for nothing; gives its sequence number."""
        octets = text.encode("ascii")
        return self.peer.send(
            "submit_sm", source_addr=source, destination_addr=to, short_message=octets, registered_delivery=1, **fields
        )

    async def statuses(self, sequences: list[int]) -> list[int]:
        """The command_status of each."""
        return [(await self.response(sequence)).status for sequence in sequences]

    def close(self) -> None:
        self.peer.cut()


class Api:
    """The node's HTTP API, as an account or the operator sees it."""

    def __init__(self, node: Node, client: aiohttp.ClientSession) -> None:
        self._node = node
        self._client = client

    async def __call__(
        self, method: str, path: str, body: object = None, *, key: str = API_KEY, **headers: str
    ) -> tuple[int, Any]:
        """Status and decoded body."""
        sent = {"authorization": f"Bearer {key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"http://{HOST}:{self._node.http.port}{path}"
        async with self._client.request(method, url, json=body, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, text: str = "Hi", to: str = PERSON, **options: object) -> str:
        """Sends a message; gives its id."""
        status, answer = await self("POST", "/v1/messages", {"from": "12345", "to": to, "text": text, **options})
        assert status == 202, answer
        return str(answer["id"])

    async def until(self, id: str, status: str) -> Any:
        """The message once it has this status."""
        found: dict[str, Any] = {}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 15
        while found.get("status") != status:
            assert loop.time() < deadline, f"waited in vain for {id} to be {status}: {found}"
            await asyncio.sleep(0.005)  # between two looks
            code, found = await self("GET", f"/v1/messages/{id}")
            assert code == 200, found
        return found

    async def scrape(self) -> str:
        """What Prometheus would read."""
        async with self._client.get(f"http://{HOST}:{self._node.metrics.port}/metrics") as answer:
            return await answer.text()


class Catcher:
    """A webhook receiver: headers and octets of what it got; `status` is its answer."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def _handle(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=self.status)

    async def start(self) -> Catcher:
        application = web.Application()
        application.router.add_post("/hook", self._handle)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _headers, body in self.got]


def parsed(text: str, folder: Path, head: str = LISTEN) -> config.Config:
    """A configuration with `LISTEN` and a store in `folder`."""
    return config.parse(head + text, folder)


@asynccontextmanager
async def running(text: str, folder: Path, head: str = LISTEN) -> AsyncIterator[tuple[Node, Api]]:
    """A node of a configuration for as long as the block lasts."""
    node = Node(parsed(text, folder, head))
    try:
        await node.start()
        async with aiohttp.ClientSession() as client:
            yield node, Api(node, client)
    finally:
        await node.stop()


async def bound(node: Node) -> None:
    """Returns once every link of every carrier is bound."""
    await eventually(
        lambda: all(all(node.engine.links_up(index)) for index in range(len(node.lanes))), "every link to be bound"
    )
