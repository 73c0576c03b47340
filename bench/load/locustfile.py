"""Customers, as locust users: one over HTTP, one over SMPP. Each sends, waits for its receipt, looks at the status, and
answers what a person writes to it.

    .venv/bin/python -m bench.side --only customers          # a node, a carrier, and these against them
    .venv/bin/locust -f bench/load/locustfile.py --host http://127.0.0.1:8080 --smpp 127.0.0.1:2775 --control …

`--control` is the simulated carrier's, where people write; without it nobody writes.
"""

from __future__ import annotations

import itertools
import random
import socket
import time
from argparse import ArgumentParser
from typing import Any

import gevent
import requests
from gevent.event import AsyncResult
from locust import FastHttpUser, User, between, events, task
from locust.exception import StopUser

from septet import parse_receipt, smpp

HTTP_NUMBER, SMPP_NUMBER = "54321", "12345"
PATIENCE = 20.0
_people = itertools.count(random.randrange(10_000_000))


@events.init_command_line_parser.add_listener
def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--smpp", default="127.0.0.1:2775", help="where the node listens to SMPP")
    parser.add_argument("--control", default="", help="the simulated carrier's control port, host:port")
    parser.add_argument("--api-key", default="web-key", help="of the customer that uses HTTP")
    parser.add_argument("--system-id", default="bench", help="of the customer that uses SMPP")
    parser.add_argument("--password", default="bench", help="its password")


def person() -> str:
    """Somebody else each time."""
    return f"4670{next(_people) % 10_000_000:07}"


class Timed:
    """Tells locust how long the block took, and whether it failed."""

    def __init__(self, user: User, kind: str, name: str) -> None:
        self._fire = user.environment.events.request.fire
        self._what = {"request_type": kind, "name": name, "response_length": 0, "context": {}}

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> bool:
        took = (time.perf_counter() - self._began) * 1000
        failed = error if isinstance(error, Exception) else None
        self._fire(**self._what, response_time=took, exception=failed)
        return failed is not None


def writes(user: User, sender: str, to: str) -> bool:
    """A person writes to a number; False where there is nobody to do so."""
    control = user.environment.parsed_options.control
    if control:
        message = {"from": sender, "to": to, "text": f"Question {random.randrange(1000)}"}
        requests.post(f"http://{control}/mo", json=message, timeout=10).raise_for_status()
    return bool(control)


class HttpCustomer(FastHttpUser):
    """One that posts a message, asks until it is delivered, and asks for what people wrote."""

    wait_time = between(0.01, 0.1)

    def on_start(self) -> None:
        self.client.auth_header = f"Bearer {self.environment.parsed_options.api_key}"

    def _call(self, method: str, path: str, name: str, body: object = None) -> Any:
        headers = {"authorization": self.client.auth_header}
        with self.client.request(method, path, name=name, json=body, headers=headers, catch_response=True) as answer:
            if answer.status_code not in {200, 202}:
                answer.failure(f"{answer.status_code}: {answer.text}")
                return {}
            return answer.json()

    def _send(self, to: str, text: str) -> str:
        message = {"from": HTTP_NUMBER, "to": to, "text": text, "receipt": True}
        return str(self._call("POST", "/v1/messages", "/v1/messages", message).get("id", ""))

    def _poll(self, path: str, name: str, found: Any) -> None:
        deadline = time.monotonic() + PATIENCE
        while not found(self._call("GET", path, name)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} in vain")
            gevent.sleep(0.05)

    @task(5)
    def send(self) -> None:
        """Sends, and asks until it is delivered."""
        with Timed(self, "HTTP", "posted until seen as delivered"):
            id = self._send(person(), "Your table is booked for eight")
            path, name = f"/v1/messages/{id}", "/v1/messages/{id}"
            self._poll(path, name, lambda answer: answer.get("status") == "delivered")

    @task(1)
    def answer(self) -> None:
        """A person writes; the customer finds it in its list, and answers."""
        sender = person()
        if writes(self, sender, HTTP_NUMBER):
            with Timed(self, "HTTP", "written by a person until answered"):
                path, name = f"/v1/messages?direction=mo&from={sender}", "/v1/messages?direction=mo"
                self._poll(path, name, lambda answer: answer.get("messages"))
                self._send(sender, "We shall look into it")


class SmppCustomer(User):
    """One that holds a bind; the node may bring what belongs to one bind of an account over any other."""

    wait_time = between(0.01, 0.1)
    receipts: dict[str, AsyncResult] = {}  # noqa: RUF012 - of all binds together
    questions: dict[str, AsyncResult] = {}  # noqa: RUF012

    def on_start(self) -> None:
        options = self.environment.parsed_options
        host, _, port = options.smpp.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sequence = itertools.count(1)
        self._answers: dict[int, AsyncResult] = {}
        self._reader = gevent.spawn(self._read)
        fields = {"system_id": options.system_id, "password": options.password, "interface_version": 0x34}
        try:
            with Timed(self, "SMPP", "bind_transceiver"):
                self._ask("bind_transceiver", **fields)
        except OSError as error:
            raise StopUser from error

    def on_stop(self) -> None:
        self._reader.kill()
        self._socket.close()

    def _ask(self, command: str, **fields: Any) -> smpp.Pdu:
        number = next(self._sequence)
        waiting = self._answers[number] = AsyncResult()
        self._socket.sendall(smpp.Pdu(command, sequence=number, fields=fields).encode())
        answer: smpp.Pdu = waiting.get(timeout=PATIENCE)
        if answer.status:
            raise RuntimeError(f"{answer.command}: {smpp.status_name(answer.status)}")
        return answer

    def _read(self) -> None:
        framer = smpp.Framer()
        while chunk := self._socket.recv(65536):
            for pdu in framer.feed(chunk):
                if isinstance(pdu, smpp.BadPdu):
                    raise pdu.error
                if pdu.command == "deliver_sm":
                    self._delivered(pdu)
                elif pdu.command == "enquire_link":
                    self._socket.sendall(smpp.Pdu("enquire_link_resp", sequence=pdu.sequence).encode())
                elif waiting := self._answers.pop(pdu.sequence, None):
                    waiting.set(pdu)

    def _delivered(self, pdu: smpp.Pdu) -> None:
        answer = smpp.Pdu("deliver_sm_resp", sequence=pdu.sequence, fields={"message_id": ""})
        self._socket.sendall(answer.encode())
        body = pdu.fields["short_message"]
        if pdu.fields["esm_class"] & 0x3C == 4:
            receipt = parse_receipt(body)
            self.receipts.setdefault((receipt.id or "").upper(), AsyncResult()).set(receipt.stat)
        else:
            self.questions.setdefault(pdu.fields["source_addr"], AsyncResult()).set(body)

    def _submit(self, to: str, text: str) -> str:
        with Timed(self, "SMPP", "submit_sm"):
            answer = self._ask(
                "submit_sm",
                source_addr=SMPP_NUMBER,
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr=to,
                registered_delivery=1,
                short_message=text.encode("ascii"),
            )
            return str(answer.fields["message_id"]).upper()
        return ""

    @task(5)
    def send(self) -> None:
        """Submits, waits for the receipt, and asks once for the state."""
        with Timed(self, "SMPP", "submitted until receipted"):
            id = self._submit(person(), "Your parcel arrives today")
            stat = self.receipts.setdefault(id, AsyncResult()).get(timeout=PATIENCE)
            del self.receipts[id]
            if stat != "DELIVRD":
                raise RuntimeError(f"receipted as {stat}")
        with Timed(self, "SMPP", "query_sm"):
            self._ask("query_sm", message_id=id, source_addr=SMPP_NUMBER)

    @task(1)
    def answer(self) -> None:
        """A person writes, and is answered."""
        sender = person()
        waiting = self.questions.setdefault(sender, AsyncResult())
        if writes(self, sender, SMPP_NUMBER):
            with Timed(self, "SMPP", "written by a person until answered"):
                waiting.get(timeout=PATIENCE)
                self._submit(sender, "We shall look into it")
        del self.questions[sender]
