"""smpplib as ESME; ../../program.py says what the lines mean."""

from __future__ import annotations

import selectors
import ssl
import sys
import time
from typing import Any

import smpplib.client
import smpplib.consts
import smpplib.exceptions


def say(kind: str, **pairs: object) -> None:
    words = [kind, *(f"{key}={value}" for key, value in pairs.items() if value is not None)]
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def text(value: bytes | str) -> str:
    return (value.decode("ascii") if isinstance(value, bytes) else value).rstrip("\0")


class Peer:
    """The session and the commands that it gets."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.commands = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115 - as long as the program
        self.selector.register(self.commands, selectors.EVENT_READ)
        self.client: Any = None
        self.socket: Any = None
        self.refs: dict[int, str] = {}
        self.enquire = 0.0
        self.heard = 0.0

    def bind(self, a: dict[str, str]) -> None:
        context = ssl.create_default_context(cafile=a["ca"]) if "ca" in a else None
        if context is not None:
            context.check_hostname = False  # smpplib does not say whom it connects to
        client = smpplib.client.Client(
            a["host"], int(a["port"]), timeout=10, allow_unknown_opt_params=True, ssl_context=context
        )
        client.connect()
        try:
            getattr(client, f"bind_{a['mode']}")(system_id=a["system_id"], password=a["password"])
        except smpplib.exceptions.PDUError as refused:
            client.disconnect()
            say("answer", ref=a["ref"], status=refused.args[1])
            return
        self.client, self.enquire, self.heard = client, int(a["enquire"]) / 1000, time.monotonic()
        client.set_message_received_handler(self.delivered)
        client.set_message_sent_handler(self.answered)
        client.set_query_resp_handler(self.told)
        client.set_error_pdu_handler(self.answered)
        self.socket = client._socket  # noqa: SLF001 - there is no other way to wait for it and for commands
        self.selector.register(self.socket, selectors.EVENT_READ)
        say("answer", ref=a["ref"], status=0)

    def submit(self, a: dict[str, str]) -> None:
        octets = bytes.fromhex(a["octets"])
        request = self.client.send_message(
            source_addr=a["from"],
            destination_addr=a["to"],
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            data_coding=int(a["coding"]),
            esm_class=int(a["esm_class"]),
            registered_delivery=int(a["receipt"]),
            schedule_delivery_time=a.get("schedule"),
            **{"message_payload" if a.get("payload") else "short_message": octets},
        )
        self.refs[request.sequence] = a["ref"]

    def query(self, a: dict[str, str]) -> None:
        request = self.client.query_message(message_id=a["id"], source_addr=a["from"])
        self.refs[request.sequence] = a["ref"]

    def unbind(self, a: dict[str, str]) -> None:
        self.selector.unregister(self.socket)
        pdu = self.client.unbind()  # the response, or what was on its way
        while pdu.command != "unbind_resp":
            pdu = self.client.read_pdu()
        self.client.disconnect()
        self.client = None
        say("answer", ref=a["ref"], status=pdu.status)
        say("closed")

    def answered(self, pdu: Any) -> None:
        if (ref := self.refs.pop(pdu.sequence, None)) is not None:
            id = text(pdu.message_id) if pdu.status == 0 else None
            say("answer", ref=ref, status=pdu.status, id=id)

    def told(self, pdu: Any) -> None:
        if (ref := self.refs.pop(pdu.sequence, None)) is not None:
            say("answer", ref=ref, status=pdu.status, state=pdu.message_state)

    def delivered(self, pdu: Any) -> None:
        octets: bytes = pdu.short_message
        cut = 1 + octets[0] if pdu.esm_class & 0x40 else 0
        body = octets[cut:].decode("utf-16-be" if pdu.data_coding == 8 else "latin-1")
        receipted = text(pdu.receipted_message_id) if pdu.receipted_message_id else None
        say(
            "deliver",
            **{"from": text(pdu.source_addr), "to": text(pdu.destination_addr)},
            coding=pdu.data_coding,
            esm_class=pdu.esm_class,
            text=body.encode().hex(),
            udh=octets[:cut].hex(),
            receipted=receipted,
            state=pdu.message_state if receipted else None,
        )

    def received(self) -> None:
        self.heard = time.monotonic()
        try:
            self.client.read_once(auto_send_enquire_link=False)
            while self.client is not None and isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
                self.client.read_once(auto_send_enquire_link=False)  # what has been read already wakes no selector
        except (smpplib.exceptions.ConnectionError, OSError):
            self.selector.unregister(self.socket)
            self.client.disconnect()
            self.client = None
            say("closed")

    def run(self) -> None:
        """Carries out commands until the input ends."""
        while True:
            for key, _mask in self.selector.select(0.05):
                if key.fileobj is not self.commands:
                    self.received()
                elif line := self.commands.readline().decode():
                    verb, *pairs = line.split()
                    getattr(self, verb)(dict(pair.split("=", 1) for pair in pairs))
                else:
                    return
            if self.client is not None and self.enquire and time.monotonic() - self.heard > self.enquire:
                self.heard = time.monotonic()
                self.client.send_pdu(smpplib.smpp.make_pdu("enquire_link", client=self.client))


if __name__ == "__main__":
    Peer().run()
