"""A message centre in a few lines: one asyncio server that answers submits as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from septet import smpp

PASSWORD = "demo1234"
OK, INVALID_PASSWORD, THROTTLED, INVALID_DESTINATION = 0x0, 0xE, 0x58, 0xB

Receipts = Callable[[int], int]
"""How many receipts the submit of a number gets."""
Status = Callable[[int], int]
"""What the submit of a number, counted over all connections, is answered."""


@dataclass
class Centre:
    """How to answer, and what came."""

    status: Status = lambda _number: OK
    receipts: Receipts = lambda _number: 1
    port: int = 0
    submits: list[smpp.Pdu] = field(default_factory=list)
    binds: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = smpp.Framer()
        try:
            while chunk := await reader.read(65536):
                for pdu in framer.feed(chunk):
                    assert isinstance(pdu, smpp.Pdu)
                    for answer in self.answer(pdu):
                        writer.write(answer.encode())
                await writer.drain()
        except ConnectionError:
            pass  # the load has left
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def answer(self, pdu: smpp.Pdu) -> Iterator[smpp.Pdu]:
        if pdu.command == "submit_sm":
            yield from self.submitted(pdu)
        elif pdu.command == "bind_transceiver":
            self.binds += 1
            status = OK if pdu.fields["password"] == PASSWORD else INVALID_PASSWORD
            fields = {"system_id": "centre"} if status == OK else {}
            yield smpp.Pdu("bind_transceiver_resp", sequence=pdu.sequence, status=status, fields=fields)
        elif not pdu.command.endswith("_resp"):
            yield smpp.Pdu(f"{pdu.command}_resp", sequence=pdu.sequence)

    def submitted(self, pdu: smpp.Pdu) -> Iterator[smpp.Pdu]:
        number = len(self.submits)
        self.submits.append(pdu)
        status = self.status(number)
        fields = {"message_id": f"m{number}"} if status == OK else {}
        yield smpp.Pdu("submit_sm_resp", sequence=pdu.sequence, status=status, fields=fields)
        if status == OK and pdu.fields["registered_delivery"] == 1:
            for _ in range(self.receipts(number)):
                text = f"id:m{number} stat:DELIVRD done date:2601010000".encode()
                yield smpp.Pdu("deliver_sm", sequence=number + 1, fields={"esm_class": 4, "short_message": text})


@contextlib.contextmanager
def serving(centre: Centre) -> Iterator[Centre]:
    """Serves on a free port of the loopback, on a loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(centre.serve, "127.0.0.1", 0))
    centre.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield centre
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
