"""The simulated carrier as a process, and its control port."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.side.machine import HERE, LOAD_CORES, Process, free_ports, listening, python, started, until

SYSTEM_ID, PASSWORD = "septet", "secret"


@dataclass
class Carrier:
    """Where it listens, and what it counts."""

    port: int
    control: int
    process: Process

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to its control port."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{HERE}:{self.control}{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def stats(self) -> dict[str, int]:
        """Its counts."""
        found: dict[str, int] = self.ask("GET", "/stats")
        return found

    def seconds_until(self, name: str, wanted: int, since: float, patience: float = 120.0) -> float:
        """How long after `since` a count reached this; RuntimeError if it never does."""
        deadline = time.monotonic() + patience
        while (count := self.stats()[name]) < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the carrier's {name} stays at {count} of {wanted}")
            time.sleep(0.01)
        return time.monotonic() - since


@contextmanager
def carrier(folder: Path, window: int = 1000) -> Iterator[Carrier]:
    """A carrier with receipts and no memory, on the generator's core."""
    port, control = free_ports(2)
    command = python("-m", "septet", "sim", "--listen", f"{HERE}:{port}", "--control", f"{HERE}:{control}")
    command += ["--keep", "0", "--window", str(window)]
    with started("carrier", command, folder, cores=LOAD_CORES) as process:
        until(lambda: listening(port) and listening(control), "the carrier to listen", process)
        yield Carrier(port, control, process)
