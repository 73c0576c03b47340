"""Whom the tour talks to over HTTP: the node's API as a customer does, a simulator's control port as a person would."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlencode

_SECONDS = 10.0


class Answer(NamedTuple):
    """Status and decoded body."""

    status: int
    body: Any


def call(port: int, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
    """One request to a server on loopback; no answer at all raises OSError or HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        response = connection.getresponse()
        octets = response.read()
    finally:
        connection.close()
    try:
        return Answer(response.status, json.loads(octets))
    except ValueError:
        return Answer(response.status, None)


class Api:
    """The node's HTTP API on loopback."""

    def __init__(self, port: int, key: str, admin_key: str) -> None:
        self.port = port
        self._key = key
        self._admin_key = admin_key

    def is_ready(self) -> bool:
        """Whether the store is replayed and the listeners are open."""
        try:
            return call(self.port, "GET", "/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def bound(self) -> set[str]:
        """The carriers with a bound link."""
        answer = call(self.port, "GET", "/v1/carriers", key=self._admin_key)
        carriers = answer.body["carriers"] if answer.status == 200 else []
        return {c["id"] for c in carriers if any(link["state"] == "bound" for link in c["links"])}

    def send(self, sender: str, to: str, text: str) -> Answer:
        """`POST /v1/messages`, with a receipt asked for."""
        body = {"from": sender, "to": to, "text": text, "receipt": True}
        return call(self.port, "POST", "/v1/messages", body, self._key)

    def message(self, id: str) -> dict[str, Any]:
        """One message as the API shows it; empty while it is not there."""
        answer = call(self.port, "GET", f"/v1/messages/{id}", key=self._key)
        return answer.body if answer.status == 200 else {}

    def messages(self, **filters: str) -> list[dict[str, Any]]:
        """Messages that match every filter, newest first."""
        answer = call(self.port, "GET", f"/v1/messages?{urlencode(filters)}", key=self._key)
        return answer.body["messages"] if answer.status == 200 else []


class CarrierControl:
    """A simulated carrier's control port: what it received, and the people behind it."""

    def __init__(self, id: str, port: int) -> None:
        self.id = id
        self.port = port

    def write(self, person: str, to: str, text: str) -> None:
        """A person sends a text."""
        answer = call(self.port, "POST", "/mo", {"from": person, "to": to, "text": text})
        if answer.status != 202:
            raise OSError(f"the simulator {self.id} answers {answer.status}: {answer.body}")

    def received(self, person: str) -> list[dict[str, Any]]:
        """What arrived for that person, whole: `from`, `to`, `text`, `parts`."""
        answer = call(self.port, "GET", "/messages")
        found = answer.body if answer.status == 200 else []
        return [message for message in found if message["to"].lstrip("+") == person]
