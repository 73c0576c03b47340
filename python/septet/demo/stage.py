"""What the tour is played on: a folder, a configuration, a real node and simulated carriers as processes."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from septet.config import load
from septet.demo.esme import Esme
from septet.demo.peers import Api, CarrierControl
from septet.errors import SeptetError
from septet.sim.process import carrier_process

NUMBER = "12345"
SYSTEM_ID, PASSWORD, API_KEY, ADMIN_KEY = "demo", "demo1234", "demo-key", "demo-admin"
CARRIERS = ("north", "south")

CONFIRMED = "Thank you, your appointment is confirmed."
VOUCHER = "Your voucher code is SEPTET-10. Show it at the till."
OPTED_OUT = "You are opted out and will get no more messages. Reply START to opt in again."
OPTED_IN = "You are opted in again. Reply STOP to opt out, HELP for help."

_CONFIG = """\
[node]
name = "demo"
data_dir = "data"
shutdown_grace = 2

[store]
engine = "sqlite"
durability = "full"

[smpp]
listen = ["127.0.0.1:{smpp}"]

[http]
listen = "127.0.0.1:{http}"
admin_key = "{admin_key}"

[metrics]
listen = "127.0.0.1:{metrics}"

[[account]]
id = "demo"
system_id = "{system_id}"
password = "{password}"
api_key = "{api_key}"
{carriers}
[[number]]
address = "{number}"
kind = "short_code"
account = "demo"
carrier = "north"
optout = "node"
optout_reply = "{opted_out}"
optin_reply = "{opted_in}"

[[route]]
to = [""]
carriers = [{{ id = "north", weight = 50 }}, {{ id = "south", weight = 50 }}]

[[keyword]]
number = "{number}"
words = ["YES"]
reply = "{confirmed}"

[[keyword]]
number = "{number}"
words = ["VOUCHER"]
reply = "{voucher}"
"""

_CARRIER = """
[[carrier]]
id = "{id}"
host = "127.0.0.1"
port = {port}
system_id = "septet"
password = "secret"
"""

# A carrier is no loopback: with delays as these a person sees the states one after the other.
_BEHAVIOUR = ("--submit-delay", "0.01:0.05", "--dlr-delay", "0.2:0.6")

_PAUSE = 0.05
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and how to talk to it."""

    folder: Path
    smpp: int
    metrics: int
    api: Api
    esme: Esme
    carriers: tuple[CarrierControl, ...]
    node: subprocess.Popen[bytes]

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Where everything listens, and with which credentials."""
        yield "SMPP", f"127.0.0.1:{self.smpp}   system_id {SYSTEM_ID}, password {PASSWORD}"
        yield "HTTP", f"http://127.0.0.1:{self.api.port}/v1   key {API_KEY}, admin key {ADMIN_KEY}, described at /docs"
        yield "metrics", f"http://127.0.0.1:{self.metrics}/metrics"
        for carrier in self.carriers:
            yield f"carrier {carrier.id}", f"http://127.0.0.1:{carrier.port}   POST /mo, GET /messages, GET /stats"
        yield "folder", str(self.folder)


@contextmanager
def stage(deadline: float, *behaviour: str) -> Iterator[Stage]:
    """Sets everything up by `deadline` (of `time.monotonic`) and takes it down again, whatever happens in between.

    `behaviour` are further options of the simulated carriers.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="septet-demo-")))
        smpp, http, metrics, *ports = free_ports(3 + 2 * len(CARRIERS))
        listens = dict(zip(CARRIERS, ports, strict=False))
        controls = dict(zip(CARRIERS, ports[len(CARRIERS) :], strict=True))
        file = folder / "demo.toml"
        file.write_text(configuration(smpp, http, metrics, listens), encoding="utf-8")
        for carrier in load(file).carrier:
            control = f"127.0.0.1:{controls[carrier.id]}"
            stack.enter_context(carrier_process(carrier, "--control", control, *_BEHAVIOUR, *behaviour))
        api = Api(http, API_KEY, ADMIN_KEY)
        node = stack.enter_context(_node_process(file, folder / "node.log"))
        _until(api.is_ready, "the node is not ready", node, folder, deadline)
        _until(lambda: api.bound() >= set(CARRIERS), "the carriers are not bound", node, folder, deadline)
        carriers = tuple(CarrierControl(id, port) for id, port in controls.items())
        esme = stack.enter_context(Esme(smpp, SYSTEM_ID, PASSWORD))
        yield Stage(folder, smpp, metrics, api, esme, carriers, node)


def configuration(smpp: int, http: int, metrics: int, carriers: dict[str, int]) -> str:
    """The node's configuration on these ports."""
    return _CONFIG.format(
        smpp=smpp,
        http=http,
        metrics=metrics,
        carriers="".join(_CARRIER.format(id=id, port=port) for id, port in carriers.items()),
        number=NUMBER,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        api_key=API_KEY,
        admin_key=ADMIN_KEY,
        confirmed=CONFIRMED,
        voucher=VOUCHER,
        opted_out=OPTED_OUT,
        opted_in=OPTED_IN,
    )


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on; all are held until all are known, so that none comes twice."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in held]


@contextmanager
def _node_process(file: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "septet", "serve", "-c", str(file), "--json", "--until-eof"]
    with log.open("wb") as out:
        # Its own session: Ctrl-C is for us, and we end it. Its standard input ends when we do, however we die.
        node = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield node
    finally:
        node.terminate()
        try:
            node.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()
        if node.stdin is not None:
            node.stdin.close()


def _until(
    condition: Callable[[], bool], otherwise: str, node: subprocess.Popen[bytes], folder: Path, deadline: float
) -> None:
    while True:
        with contextlib.suppress(OSError, HTTPException):
            if condition():
                return
        if (code := node.poll()) is not None:
            last = (folder / "node.log").read_text(errors="replace").strip().splitlines()[-1:]
            raise SeptetError(f"the node ended with {code}: {' '.join(last)}", "demo.start")
        if time.monotonic() >= deadline:
            raise SeptetError(f"{otherwise} in time; give it longer with --seconds", "demo.start")
        time.sleep(_PAUSE)
