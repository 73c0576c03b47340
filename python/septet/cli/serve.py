"""`septet serve`: the node in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from septet.cli.command import declare
from septet.config import Config, Listen, load
from septet.node import Node, run
from septet.observe.logs import setup
from septet.sim import carrier_processes

if TYPE_CHECKING:
    from septet.cli.command import Subparsers


def add(subparsers: Subparsers) -> None:
    """Declares the command."""
    parser = declare(
        subparsers,
        "serve",
        _serve,
        help="run a node in the foreground until Ctrl-C or SIGTERM",
        example="septet serve -c examples/quickstart.toml --with-simulators",
    )
    parser.add_argument("-c", "--config", required=True, metavar="FILE", help="the configuration")
    parser.add_argument(
        "--with-simulators",
        action="store_true",
        help="also run a simulated carrier, as a process of its own, for each carrier on a loopback address",
    )
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    parser.add_argument("--json", action="store_true", help="log in JSON, also on a terminal")


def _serve(options: Namespace) -> int:
    config = load(options.config)
    setup(json=True if options.json else None)
    with _simulators(config) if options.with_simulators else contextlib.nullcontext():
        run(config, _announce_until_eof if options.until_eof else _announce)
    return 0


async def _announce_until_eof(node: Node) -> None:
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _ended)
    await _announce(node)


def _ended() -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        signal.raise_signal(signal.SIGTERM)


async def _announce(node: Node) -> None:
    for line in announcement(node):
        print(line)
    sys.stdout.flush()
    await asyncio.sleep(0)


def announcement(node: Node) -> Iterator[str]:
    """Where everything listens, and a line to try."""
    config = node.config
    scheme = "http" if config.http.tls is None else "https"
    http = f"{scheme}://{Listen(config.http.listen.host, node.http.port)}"
    yield f"septet {config.node.name} is ready"
    for listen in node.smpp.listening:
        yield f"  SMPP     {listen}"
    for listen in node.smpp.listening_tls:
        yield f"  SMPP     {listen} with TLS"
    yield f"  HTTP     {http}/v1   (described at {http}/docs)"
    yield f"  metrics  http://{Listen(config.metrics.listen.host, node.metrics.port)}/metrics"
    sender = next(((n, a) for n in config.number for a in config.account if n.account == a.id), None)
    if sender is not None and sender[1].id == "demo":
        number, _account = sender
        body = f'{{"from":"{number.address}","to":"46701234567","text":"Hello from Septet"}}'
        yield "try:"
        head = "-H 'Authorization: Bearer demo-key' -H 'Content-Type: application/json'"
        yield f"  curl {head} -d '{body}' {http}/v1/messages"


@contextmanager
def _simulators(config: Config) -> Iterator[None]:
    with carrier_processes(config.carrier):
        yield
