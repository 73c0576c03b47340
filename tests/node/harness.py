"""Real processes for tests: a node, its simulated carriers, and how to talk to them. Nothing here is a double."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.support import free_ports

T = TypeVar("T")

HOST = "127.0.0.1"
API_KEY = "demo-key"
ADMIN_KEY = "demo-admin"
SYSTEM_ID = "demo"
PASSWORD = "demo1234"
NUMBER = "12345"
CARRIER_WINDOW = 100

_CONFIG = """\
[node]
name = "test"
data_dir = "data"

[store]
engine = "sqlite"
durability = "full"

[smpp]
listen = ["{host}:{smpp}"]

[http]
listen = "{host}:{http}"
admin_key = "{admin_key}"

[metrics]
listen = "{host}:{metrics}"

[[account]]
id = "demo"
system_id = "{system_id}"
password = "{password}"
api_key = "{api_key}"
max_binds = 16
window = 1000

[[number]]
address = "{number}"
kind = "short_code"
country = "SE"
account = "demo"
carrier = "north"

[[route]]
to = [""]
carriers = [{{ id = "north", weight = 50 }}, {{ id = "south", weight = 50 }}]
"""

_CARRIER = """
[[carrier]]
id = "{id}"
type = "smpp"
host = "{host}"
port = {port}
system_id = "septet"
password = "secret"
window = {window}
"""


def wait_until(condition: Callable[[], T], what: str, *, seconds: float = 30.0) -> T:
    """Returns the first true answer of `condition`; fails, saying what was awaited, after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    interval = 0.01
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        pause.wait(interval)  # between two looks; the condition alone ends the wait
        interval = min(0.5, interval * 1.3)
    return answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def request(port: int, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
    """One HTTP request on a connection of its own. A `str` or `bytes` body goes out as it is, any other as JSON."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    data: bytes | None
    if body is None:
        data = None
    else:
        headers["Content-Type"] = "application/json"
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def answers(port: int, path: str) -> bool:
    """Whether GET of `path` is answered 200."""
    try:
        return request(port, "GET", path).status == 200
    except OSError:
        return False


@dataclass
class Process:
    """A child process with its output in a file."""

    arguments: list[str]
    log: Path
    child: subprocess.Popen[bytes] | None = None

    def start(self, ready: Callable[[], bool], *, seconds: float = 30.0) -> None:
        """Starts it and waits until `ready`; the tail of its output is in the error if it ends before that."""
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "septet", *self.arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        child = self.child

        def is_up() -> bool:
            if (code := child.poll()) is not None:
                raise AssertionError(f"septet {' '.join(self.arguments)} ended with {code}:\n{self.tail()}")
            return ready()

        try:
            wait_until(is_up, f"septet {self.arguments[0]} to be ready", seconds=seconds)
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def stop(self, *, seconds: float = 20.0) -> int:
        """SIGTERM, and the exit code; a process that does not obey in time is killed, and that is a failure."""
        if self.child is None:
            return 0
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"septet {self.arguments[0]} ignored SIGTERM:\n{self.tail()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL: no chance to write or say anything more."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""


@dataclass
class Simulator:
    """A carrier: `septet sim`, driven and read over its control port."""

    id: str
    port: int
    control: int
    process: Process

    @classmethod
    def start(cls, id: str, folder: Path, *options: str) -> Simulator:
        port, control = free_ports(2)
        arguments = ["sim", "--listen", f"{HOST}:{port}", "--system-id", "septet", "--password", "secret"]
        arguments += ["--control", f"{HOST}:{control}", *options]
        simulator = cls(id, port, control, Process(arguments, folder / f"{id}.log"))
        simulator.process.start(lambda: answers(control, "/stats"))
        return simulator

    def stats(self) -> dict[str, int]:
        """Its counters: submits, receipts, mos, binds and more."""
        counters: dict[str, int] = request(self.control, "GET", "/stats").json()
        return counters

    def messages(self, limit: int = 100_000) -> list[dict[str, Any]]:
        """What it received: `from`, `to`, `text`, `parts`, `id` of each."""
        answer = request(self.control, "GET", f"/messages?limit={limit}").json()
        found: list[dict[str, Any]] = answer["messages"] if isinstance(answer, dict) else answer
        return found

    def mo(self, source: str, dest: str, text: str) -> None:
        """A person writes: sent to every bound receiver session."""
        wait_until(lambda: self.stats()["binds"], f"a bind at carrier {self.id}")
        answer = request(self.control, "POST", "/mo", {"from": source, "to": dest, "text": text})
        assert answer.status < 300, answer


@dataclass
class Node:
    """A running node with its carriers: the quickstart's accounts, on free ports and in a folder of its own."""

    folder: Path
    smpp: int
    http: int
    metrics: int
    carriers: dict[str, Simulator]
    process: Process
    api_key: str = API_KEY
    admin_key: str = ADMIN_KEY

    @property
    def config(self) -> Path:
        return self.folder / "node.toml"

    def start(self) -> None:
        """Returns once /readyz answers 200."""
        self.process.start(lambda: answers(self.http, "/readyz"), seconds=60)

    def stop(self) -> int:
        return self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def restart(self) -> None:
        """Starts it again on the same store and ports, after `stop` or `kill`; stops it first if it runs."""
        if self.process.child is not None:
            self.stop()
        self.start()

    def get(self, path: str) -> Answer:
        return request(self.http, "GET", path, key=self.api_key)

    def post(self, path: str, body: object) -> Answer:
        return request(self.http, "POST", path, body, key=self.api_key)

    def received(self) -> list[dict[str, Any]]:
        """What all its carriers received."""
        return [message for carrier in self.carriers.values() for message in carrier.messages()]

    def metric(self, name: str, **labels: str) -> float:
        """The sum over the samples of that name which carry these labels."""
        text = request(self.metrics, "GET", "/metrics").body.decode()
        return sum(value for found, value in _samples(text, name) if labels.items() <= found.items())


def _samples(text: str, name: str) -> Iterator[tuple[dict[str, str], float]]:
    for line in text.splitlines():
        if match := re.fullmatch(rf"{re.escape(name)}(?:\{{(.*)\}})? (\S+)(?: \S+)?", line):
            yield dict(re.findall(r'(\w+)="([^"]*)"', match[1] or "")), float(match[2])


def _toml(node: Node) -> str:
    head = _CONFIG.format(
        host=HOST,
        smpp=node.smpp,
        http=node.http,
        metrics=node.metrics,
        admin_key=node.admin_key,
        api_key=node.api_key,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        number=NUMBER,
    )
    links = [_CARRIER.format(id=c.id, host=HOST, port=c.port, window=CARRIER_WINDOW) for c in node.carriers.values()]
    return head + "".join(links)


@contextmanager
def running_node(folder: Path, *simulator_options: str) -> Iterator[Node]:
    """A node and its two carriers, for as long as the block lasts."""
    carriers: dict[str, Simulator] = {}
    smpp, http_port, metrics = free_ports(3)
    process = Process(["serve", "-c", str(folder / "node.toml")], folder / "node.log")
    node = Node(folder, smpp, http_port, metrics, carriers, process)
    try:
        for name in ("north", "south"):
            carriers[name] = Simulator.start(name, folder, *simulator_options)
        node.config.write_text(_toml(node))
        node.start()
        yield node
        node.stop()
    finally:
        node.kill()
        for carrier in carriers.values():
            carrier.process.kill()
