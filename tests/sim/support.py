"""An ESME that is written by hand: bytes to and from a simulator on loopback."""

from __future__ import annotations

import asyncio

from septet.smpp import BadPdu, Framer, Pdu


class Client:
    """One connection; answers deliver_sm by itself and keeps what came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = Framer()
        self._sequence = 0
        self.came: list[Pdu] = []

    @classmethod
    async def connect(cls, port: int) -> Client:
        """A connection that has not bound."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, command: str, **fields: object) -> int:
        """Writes a request; gives its sequence number."""
        self._sequence += 1
        self._writer.write(Pdu(command, sequence=self._sequence, fields=fields).encode())
        return self._sequence

    async def until(self, command: str, count: int = 1) -> list[Pdu]:
        """Waits for so many PDUs of a command."""
        async with asyncio.timeout(10):
            while len(found := [pdu for pdu in self.came if pdu.command == command]) < count:
                chunk = await self._reader.read(65536)
                if not chunk:
                    raise ConnectionError(f"closed before {command}")
                for pdu in self._framer.feed(chunk):
                    assert not isinstance(pdu, BadPdu)
                    self.came.append(pdu)
                    if pdu.command == "deliver_sm":
                        answer = Pdu("deliver_sm_resp", sequence=pdu.sequence, fields={"message_id": ""})
                        self._writer.write(answer.encode())
        return found

    async def bind(self, password: str = "secret", system_id: str = "septet") -> int:  # noqa: S107 - a simulator's
        """Binds as transceiver; gives the status."""
        self.send("bind_transceiver", system_id=system_id, password=password, interface_version=0x34)
        return (await self.until("bind_transceiver_resp"))[0].status

    def submit(self, text: bytes, registered: int = 1) -> int:
        """Writes a submit_sm."""
        return self.send(
            "submit_sm",
            source_addr="12345",
            destination_addr="46701234567",
            short_message=text,
            registered_delivery=registered,
        )

    async def gone(self) -> bool:
        """Waits for the other side to close."""
        async with asyncio.timeout(10):
            try:
                while await self._reader.read(65536):
                    pass
            except ConnectionError:
                pass
        return True

    def close(self) -> None:
        """Closes."""
        self._writer.close()
