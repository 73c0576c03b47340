from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from septet.node import Node, run
from tests.support import ACCOUNT, parsed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    seen: list[Node] = []

    async def ready(node: Node) -> None:
        assert node.http.port > 0
        seen.append(node)
        os.kill(os.getpid(), number)

    assert threading.current_thread() is threading.main_thread()
    run(parsed(ACCOUNT, tmp_path), ready)
    assert len(seen) == 1
    run(parsed(ACCOUNT, tmp_path), ready)  # the store was let go
    assert len(seen) == 2


def test_sighup_does_not_end_it(tmp_path: Path) -> None:
    async def ready(node: Node) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        assert node.http.port > 0
        os.kill(os.getpid(), signal.SIGTERM)

    run(parsed(ACCOUNT, tmp_path), ready)


def test_what_fails_at_the_start_is_raised_and_closes_the_store(tmp_path: Path) -> None:
    async def ready(_node: Node) -> None:
        raise OSError("no terminal to print to")

    for _ in range(2):
        with pytest.raises(OSError, match="no terminal"):
            run(parsed(ACCOUNT, tmp_path), ready)
