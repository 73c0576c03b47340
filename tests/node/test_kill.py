"""`kill -9` under load: what was acknowledged arrives, and what arrives twice is bounded by the windows in flight."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.harness import CARRIER_WINDOW, Node, running_node, wait_until
from tests.node.wire import DELIVER_SM, ENQUIRE_LINK, RESPONSE, ROK, SUBMIT_SM, Wire, bound, pdu, submit

WINDOW = 200
TOTAL = 20_000


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node of its own for each test: these end it."""
    with running_node(tmp_path, "--dlr-delay", "0.1") as node:
        yield node


class Load:
    """A pipelined ESME: keeps `WINDOW` submit_sm unanswered until the connection breaks or all are sent."""

    def __init__(self, node: Node, prefix: str) -> None:
        self.node = node
        self.prefix = prefix
        self.acknowledged: dict[str, str] = {}  # text → message id
        self.failed: list[int] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.acknowledged) >= count, f"{count} acknowledged messages")

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        # When the node is killed, what has no answer by then was never acknowledged.
        with bound(self.node.smpp) as wire, contextlib.suppress(ConnectionError):
            self._pump(wire)

    def _pump(self, wire: Wire) -> None:
        sent = answered = 0
        while answered < TOTAL:
            while sent < TOTAL and sent - answered < WINDOW:
                wire.send(submit(2 + sent, f"4670{sent:07d}", f"{self.prefix} {sent}"))
                sent += 1
            frame = wire.read()
            if frame is None:
                return
            if frame.command == SUBMIT_SM | RESPONSE:
                answered += 1
                if frame.status == ROK:
                    self.acknowledged[f"{self.prefix} {frame.sequence - 2}"] = frame.text
                else:
                    self.failed.append(frame.status)
            elif frame.command in {DELIVER_SM, ENQUIRE_LINK}:
                body = b"\0" if frame.command == DELIVER_SM else b""
                wire.send(pdu(frame.command | RESPONSE, frame.sequence, body))


def test_every_acknowledged_message_reaches_the_carrier(node: Node) -> None:
    loads = []
    for kill in range(3):
        load = Load(node, f"run {kill} message")
        load.start()
        load.wait_for(500 * (kill + 1))
        node.kill()
        load.join()
        assert load.failed == []
        assert len(load.acknowledged) < TOTAL  # killed under load, not after it
        loads.append(load)
        node.restart()

    acknowledged = {text for load in loads for text in load.acknowledged}

    def all_arrived() -> bool:
        return acknowledged <= {message["text"] for message in node.received()}

    wait_until(all_arrived, "every acknowledged message at the carriers", seconds=90)
    wait_until(lambda: node.metric("septet_queue_depth") == 0, "empty queues")
    wait_until(lambda: node.metric("septet_link_window_used") == 0, "every response from the carriers")

    times = Counter(message["text"] for message in node.received())
    extra = sum(times.values()) - len(times)
    assert extra <= len(loads) * CARRIER_WINDOW * len(node.carriers)

    # Its sender can see what became of each.
    last = {id for load in loads for id in list(load.acknowledged.values())[-5:]}

    def all_delivered() -> bool:
        return all(node.get(f"/v1/messages/{id}").json()["status"] == "delivered" for id in last)

    wait_until(all_delivered, f"delivered as the status of {last}")


def test_sigterm_ends_the_node_cleanly(node: Node) -> None:
    with bound(node.smpp) as wire:
        assert wire.ask(submit(2, "46700000001", "before the end")).status == ROK
    assert node.stop() == 0
    node.restart()
    wait_until(lambda: "before the end" in {m["text"] for m in node.received()}, "the message")
