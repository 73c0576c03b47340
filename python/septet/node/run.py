"""A node in the foreground, on uvloop, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable

import structlog
import uvloop

from septet.config import Config
from septet.node.descriptors import make_room
from septet.node.node import Node

log = structlog.get_logger("septet.node")

Ready = Callable[[Node], Awaitable[None]]


def run(config: Config, ready: Ready | None = None) -> None:
    """Runs until SIGINT or SIGTERM; `ready` is awaited once the listeners are open."""
    make_room(config)
    uvloop.run(_serve(config, ready))


async def _serve(config: Config, ready: Ready | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def leave(number: int) -> None:
        if stop.is_set():
            # Whoever asks twice does not want to wait; what is acknowledged is durable.
            log.warning("node.quit")
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave, number)
    # Its default would end the node, and who sends it means the opposite.
    loop.add_signal_handler(signal.SIGHUP, log.warning, "node.reload_ignored")
    node = Node(config)
    try:
        await node.start()
        if ready is not None:
            await ready(node)
        await stop.wait()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await node.stop()
