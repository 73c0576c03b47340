"""A node in the foreground, on uvloop, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

import uvloop

from septet.config import Config
from septet.node.node import Node

Ready = Callable[[Node], Awaitable[None]]


def run(config: Config, ready: Ready | None = None) -> None:
    """Runs until SIGINT or SIGTERM; `ready` is awaited once the listeners are open."""
    uvloop.run(_serve(config, ready))


async def _serve(config: Config, ready: Ready | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    node = Node(config)
    try:
        await node.start()
        if ready is not None:
            await ready(node)
        await stop.wait()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await node.stop()
