"""Who takes part over SMPP: each as a block in which an ESME may bind, and the processes that are charged for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

from bench.side.carrier import Carrier
from bench.side.machine import PEER_CORES, Process, free_ports, listening, python, started, until
from bench.side.peers.jasmin import jasmin
from bench.side.peers.septet import node

Bound: TypeAlias = tuple[int, dict[str, Process]]
Contender: TypeAlias = Callable[[Path, Carrier], AbstractContextManager[Bound]]


@contextmanager
def direct(_folder: Path, carrier: Carrier) -> Iterator[Bound]:
    """Nothing between: the generator binds to the carrier."""
    yield carrier.port, {}


def septet(durability: str) -> Contender:
    """The node, with this durability."""

    @contextmanager
    def contender(folder: Path, carrier: Carrier) -> Iterator[Bound]:
        with node(folder, carrier, durability) as found:
            yield found.smpp, {"node": found.process}

    return contender


def _program(name: str, module: str) -> Contender:
    """A program that is told where to listen and where the carrier is."""

    @contextmanager
    def contender(folder: Path, carrier: Carrier) -> Iterator[Bound]:
        [port] = free_ports(1)
        command = python("-m", module, str(port), str(carrier.port))
        with started(name, command, folder, cores=PEER_CORES) as process:
            until(lambda: listening(port), f"the {name} to listen", process)
            yield port, {name: process}

    return contender


byte_proxy = _program("byte proxy", "bench.side.floors.byte_proxy")
header_proxy = _program("header proxy", "bench.side.floors.header_proxy")
smpp34 = _program("smpp34", "bench.side.peers.smpp34")


@contextmanager
def jasmin_bound(folder: Path, carrier: Carrier) -> Iterator[Bound]:
    """Jasmin with Redis and RabbitMQ."""
    with jasmin(folder, carrier) as found:
        yield found
