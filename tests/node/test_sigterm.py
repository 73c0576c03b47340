"""SIGTERM: the node ends cleanly, and what it has acknowledged leaves after the next start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.harness import Node, running_node, wait_until
from tests.node.wire import ROK, bound, submit


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node of its own: the test ends it."""
    with running_node(tmp_path, "--dlr-delay", "0.1") as node:
        yield node


def test_sigterm_ends_the_node_cleanly(node: Node) -> None:
    with bound(node.smpp) as wire:
        assert wire.ask(submit(2, "46700000001", "before the end")).status == ROK
    assert node.stop() == 0
    node.restart()
    wait_until(lambda: "before the end" in {m["text"] for m in node.received()}, "the message")
