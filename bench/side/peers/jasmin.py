"""Jasmin (PyPI) with Redis and RabbitMQ (Debian): an account that binds, a connector to the carrier, receipts on.

It lives in an environment of its own, made at its first use: it pins what it depends on.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.side.carrier import PASSWORD, SYSTEM_ID, Carrier
from bench.side.machine import HERE, PEER_CORES, ROOT, Missing, Process, free_ports, listening, program, started, until

HOME = ROOT / "target" / "bench" / "jasmin"
REQUIREMENTS = ROOT / "requirements" / "jasmin.txt"

# Everything that listens, on a port of its own; nothing is logged but errors. A receipt that comes before its id is
# stored is looked up again after a second, not after ten.
CONFIG = """\
[smpp-server]
bind = {host}
port = {smpp}
log_level = ERROR
[smpp-server-pb]
bind = {host}
port = {smpp_pb}
[smpp-server-pb-client]
port = {smpp_pb}
[client-management]
bind = {host}
port = {clients}
store_path = {folder}/store
log_level = ERROR
[service-smppclient]
log_level = ERROR
[sm-listener]
log_level = ERROR
publish_submit_sm_resp = False
[dlr]
log_level = ERROR
dlr_lookup_retry_delay = 1
dlr_lookup_max_retries = 20
[router]
bind = {host}
port = {router}
store_path = {folder}/store
log_level = ERROR
[http-api]
bind = {host}
port = {http}
log_level = ERROR
[jcli]
bind = {host}
port = {jcli}
authentication = False
[amqp-broker]
host = {host}
port = {amqp}
spec = {spec}
log_level = ERROR
[redis-client]
host = {host}
port = {redis}
log_level = ERROR
"""

# Jasmin leaves Nagle's algorithm on and submits one at a time, so that each waits 40 ms for the acknowledgement that
# the carrier's system delays: 24 messages a second. With this it does some hundreds.
NO_DELAY = """\
import socket

class Socket(socket.socket):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        if self.family == socket.AF_INET and self.type == socket.SOCK_STREAM:
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

socket.socket = Socket
"""

COMMANDS = """\
group -a
gid bench
ok
user -a
username bench
password bench
gid bench
uid bench
ok
smppccm -a
cid carrier
host {host}
port {port}
username {system_id}
password {password}
bind transceiver
submit_throughput 0
con_fail_delay 1
ok
mtrouter -a
type defaultroute
connector smppc(carrier)
rate 0
ok
smppccm -1 carrier
"""


def _environment() -> Path:
    """Its virtual environment."""
    if not (HOME / ".made").exists():
        done = subprocess.run([sys.executable, "-m", "venv", str(HOME)], capture_output=True, text=True, check=False)
        pip = [
            str(HOME / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "-r",
            str(REQUIREMENTS),
        ]
        if done.returncode == 0:
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"jasmin cannot be installed: {done.stderr[-500:]}")
        (HOME / ".made").touch()
    return HOME


@contextmanager
def _broker(folder: Path, port: int) -> Iterator[Process]:
    """RabbitMQ, its files in this folder."""
    server = Path(program("rabbitmq-server", "rabbitmq-server"))
    # Debian's wrapper insists on a user of its own; what it wraps does not.
    inner = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    epmd, dist = free_ports(2)
    (folder / "rabbit").mkdir()
    settings = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(epmd),
        "RABBITMQ_NODENAME": "bench@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": HERE,
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(dist),
        "RABBITMQ_MNESIA_BASE": str(folder / "rabbit"),
        "RABBITMQ_LOG_BASE": str(folder / "rabbit"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "rabbit" / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbit" / "none"),
    }
    command = [
        "env",
        *(f"{name}={value}" for name, value in settings.items()),
        str(inner if inner.exists() else server),
    ]
    try:
        with started("rabbitmq", command, folder, cores=PEER_CORES) as process:
            until(lambda: listening(port), "RabbitMQ to listen", process)
            yield process
    finally:
        # Erlang's port mapper is a daemon that outlives what started it.
        kill = ["env", f"ERL_EPMD_PORT={epmd}", "epmd", "-kill"]
        subprocess.run(kill, capture_output=True, check=False)


def _configure(port: int, carrier: Carrier) -> None:
    """Types the commands at its console."""
    text = COMMANDS.format(host=HERE, port=carrier.port, system_id=SYSTEM_ID, password=PASSWORD)
    with socket.create_connection((HERE, port), timeout=20) as console:
        _said(console, rb"Session ref")
        for line in text.splitlines():
            console.sendall(line.encode() + b"\r\n")
            said = _said(console, rb"(jcli :|>) *$")
            if re.search(r"Error|Unknown|Failed|must", said):
                raise RuntimeError(f"Jasmin's console answers {line!r} with {said!r}")


def _said(console: socket.socket, end: bytes) -> str:
    """What it says until this."""
    said = b""
    while not re.search(end, said):
        chunk = console.recv(65536)
        if not chunk:
            raise RuntimeError(f"Jasmin's console closed after {said!r}")
        said += re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", chunk)
    return said.decode(errors="replace")


@contextmanager
def jasmin(folder: Path, carrier: Carrier) -> Iterator[tuple[int, dict[str, Process]]]:
    """Jasmin, bound to the carrier: the port where it listens, and its processes."""
    home, redis_server = _environment(), program("redis-server", "redis-server")
    names = ("smpp", "smpp_pb", "clients", "router", "http", "jcli", "amqp", "redis")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    [spec] = home.glob("lib/python*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml")
    (folder / "store").mkdir()
    (folder / "sitecustomize.py").write_text(NO_DELAY)
    (folder / "jasmin.cfg").write_text(CONFIG.format(host=HERE, folder=folder, spec=spec, **ports))
    redis = [redis_server, "--port", str(ports["redis"]), "--bind", HERE, "--save", "", "--dir", str(folder)]
    with (
        started("redis", redis, folder, cores=PEER_CORES) as store,
        _broker(folder, ports["amqp"]) as broker,
        started("jasmin", _command(home, folder), folder, cores=PEER_CORES) as jasmind,
    ):
        until(lambda: listening(ports["jcli"]) and listening(ports["smpp"]), "Jasmin to listen", jasmind)
        _configure(ports["jcli"], carrier)
        until(lambda: carrier.stats()["bound"] == 1, "Jasmin to be bound", jasmind)
        yield ports["smpp"], {"jasmin": jasmind, "rabbitmq": broker, "redis": store}


def _command(home: Path, folder: Path) -> list[str]:
    switches = [f"--enable-{name}" for name in ("dlr-thrower", "dlr-lookup")]
    paths = [f"PYTHONPATH={folder}", f"LOG_PATH={folder}", f"CONFIG_PATH={folder}", f"STORE_PATH={folder}/store"]
    return [
        "env",
        *paths,
        str(home / "bin" / "python"),
        str(home / "bin" / "jasmind.py"),
        "-c",
        str(folder / "jasmin.cfg"),
        *switches,
    ]
