"""The customer's SMPP client of the tour: one transceiver session that answers what it is handed, in a thread."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

from septet.errors import SeptetError
from septet.smpp import BadPdu, Framer, Pdu, parse_receipt

_SECONDS = 10.0
_RECEIPT = 0x04
"""esm_class of a deliver_sm that carries a delivery receipt, SMPP 3.4 section 5.2.12."""


class Esme:
    """Bound while the block lasts; `submit` from any one thread."""

    def __init__(self, port: int, system_id: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._socket.settimeout(None)
        self._writing = threading.Lock()
        self._news = threading.Condition()
        self._answers: dict[int, Pdu] = {}
        self._receipts: dict[str, str] = {}
        self._texts: list[tuple[str, str]] = []
        self._sequence = 0
        self._closed = False
        self._thread = threading.Thread(target=self._read, name="demo-esme", daemon=True)
        self._thread.start()
        fields = {"system_id": system_id, "password": password, "interface_version": 0x34}
        try:
            bound = self._ask("bind_transceiver", fields)
            if bound.status != 0:
                raise SeptetError(f"the node refuses the bind with 0x{bound.status:08X}", "demo.bind")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unbinds if the node still listens, and closes."""
        try:
            if not self._closed:
                self._send(Pdu("unbind", sequence=self._next()))
                self._socket.shutdown(socket.SHUT_WR)
            self._thread.join(1.0)
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            self._socket.close()

    def submit(self, sender: str, to: str, text: str) -> tuple[int, str]:
        """Sends an ASCII text with a receipt asked for; gives the response's status and message_id."""
        fields = {
            "source_addr": sender,
            "destination_addr": to,
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "registered_delivery": 1,
            "short_message": text.encode("ascii"),
        }
        answer = self._ask("submit_sm", fields)
        return answer.status, "" if answer.status else str(answer.fields["message_id"])

    def receipt(self, id: str) -> str | None:
        """The state in the receipt that came for this message, or None."""
        with self._news:
            return self._receipts.get(id.lower())

    def was_handed(self, person: str, text: str) -> int:
        """How often a person's short text came as deliver_sm."""
        with self._news:
            return self._texts.count((person, text))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _send(self, pdu: Pdu) -> None:
        with self._writing:
            self._socket.sendall(pdu.encode())

    def _ask(self, command: str, fields: dict[str, object]) -> Pdu:
        sequence = self._next()
        self._send(Pdu(command, sequence=sequence, fields=fields))
        with self._news:
            self._news.wait_for(lambda: sequence in self._answers or self._closed, _SECONDS)
            if sequence not in self._answers:
                raise OSError(f"no answer to {command} over SMPP")
            return self._answers.pop(sequence)

    def _read(self) -> None:
        framer = Framer()
        try:
            while chunk := self._socket.recv(65536):
                for pdu in framer.feed(chunk):
                    if isinstance(pdu, Pdu):
                        self._take(pdu)
                    elif isinstance(pdu, BadPdu):
                        return
        except (OSError, SeptetError):
            pass  # whoever waits for an answer says so
        finally:
            with self._news:
                self._closed = True
                self._news.notify_all()

    def _take(self, pdu: Pdu) -> None:
        if pdu.command == "deliver_sm":
            self._note(pdu)
            self._send(Pdu("deliver_sm_resp", sequence=pdu.sequence))
        elif pdu.command in {"enquire_link", "unbind"}:
            self._send(Pdu(f"{pdu.command}_resp", sequence=pdu.sequence))
        else:
            with self._news:
                self._answers[pdu.sequence] = pdu
                self._news.notify_all()

    def _note(self, pdu: Pdu) -> None:
        body = bytes(pdu.fields["short_message"])
        with self._news:
            if pdu.fields["esm_class"] & 0x3C == _RECEIPT:
                receipt = parse_receipt(body)
                self._receipts[(receipt.id or "").lower()] = receipt.stat or ""
            else:
                self._texts.append((str(pdu.fields["source_addr"]).lstrip("+"), body.decode("latin-1")))
