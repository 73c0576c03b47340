"""Foreign programs that speak SMPP: how they are found, started, told what to do, and listened to.

Each is one short program in its own language, in `programs/`, around a library that nobody here wrote. It reads
commands on standard input and prints what happens on standard output, as lines of a word and `key=value` pairs:

    bind ref=1 host=… port=… mode=transceiver system_id=… password=… enquire=500
    submit ref=2 from=… to=… coding=8 esm_class=0 receipt=1 octets=0048 [payload=1]
    serve ref=1 port=… password=… enquire=500
    deliver ref=3 mode=… from=… to=… coding=0 esm_class=4 octets=… [receipted=ID state=2]
    unbind ref=4 [mode=…]

Beyond that session, a peer can do what its `lacks` does not name: as ESME bind with TLS and in another version, and ask
for more; as carrier serve with TLS, name its version in the response to a bind, and send alerts.

    bind … [version=80] [ca=FILE]
    submit … [schedule=TIME]
    multi ref=2 from=… to=A,B coding=0 esm_class=0 octets=…
    data ref=3 from=… to=… coding=0 esm_class=0 receipt=1 octets=…
    query ref=4 id=… from=…
    cancel ref=5 id=… from=…
    replace ref=6 id=… from=… octets=…
    broadcast ref=7 from=… coding=0 octets=… area=NAME
    query_broadcast ref=8 id=… from=…
    cancel_broadcast ref=9 id=… from=…
    serve … [version=80] [cert=FILE]
    alert ref=2 mode=… from=… to=…
    outbind ref=3 host=… port=… system_id=… password=…

`bind` and `submit` make it an ESME, `serve` and `deliver` a carrier; `mode` there means its newest session bound so.
`enquire` is the silence after which it asks whether the other side is alive, in milliseconds; 0: never. `octets` are
hexadecimal; with `payload=1` they go into the TLV message_payload. Each command is answered by

    answer ref=N status=S [id=…] [state=…] [refused=NUMBER:STATUS,…] [version=…] [reached=…]

with the command_status (-1: no response), and what else the response says: `state` is a message_state, `refused` the
destinations of a multi that were not taken, `version` the sc_interface_version, `reached` the broadcast_area_success.
What the other side asks for is answered by the program itself and printed as

    bind mode=… system_id=…
    submit id=… from=… to=… coding=… esm_class=… text=… udh=… receipt=…
    deliver from=… to=… coding=… esm_class=… text=… udh=… [receipted=…] [state=…] [parsed=ID:STAT]
    query id=… from=…
    multi id=… from=… to=A,B text=…
    cancel id=… from=… to=…
    replace id=… from=… text=…
    alert from=… to=…
    broadcast id=… from=… coding=… text=… area=…
    query_broadcast id=… from=…
    cancel_broadcast id=… from=…
    closed

`text` is what the library makes of the octets, in UTF-8, and like `udh` hexadecimal; `parsed` what it makes of a
receipt. What a `query` asks about is always delivered; of a `multi`, a number that ends in 9 is refused with
ESME_RINVDSTADR. `coding` is left out where the library does not know the value. At the end of its input
the program ends.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.node.harness import HOST, wait_until

PROGRAMS = Path(__file__).with_name("programs")
BUILD = Path(__file__).with_name("build")

Event = dict[str, str]


@dataclass(frozen=True)
class Peer:
    """A kind of peer: how its program is started, and what must be there for that."""

    name: str
    command: tuple[str, ...]
    roles: tuple[str, ...] = ("esme", "carrier")
    built: Path | None = None
    needs: tuple[str, ...] = ()
    # What the library cannot do, by the names of the commands above and of their values.
    lacks: tuple[str, ...] = ()

    def able(self, *wanted: str) -> bool:
        return not set(wanted) & set(self.lacks)

    def missing(self) -> str | None:
        """Why it cannot be started, or None."""
        if self.built is not None and not self.built.exists():
            return f"{self.name} is not built (make peers)"
        if shutil.which(self.command[0]) is None:
            return f"{self.command[0]} is not installed"
        if self.needs and subprocess.run(self.needs, capture_output=True, check=False).returncode:
            return f"{self.name} is not installed ({' '.join(self.needs)})"
        return None


def _java(name: str, *lacks: str) -> Peer:
    classes, jars = BUILD / "java" / "classes", BUILD / "java" / "lib"
    # Short-lived programs: what the first compiler yields is quick enough, and starting it costs the least.
    command = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp", f"{classes}:{jars}/*", name)
    return Peer(name.lower(), command, built=classes / f"{name}.class", lacks=lacks)


_BROADCASTS = ("broadcast", "query_broadcast", "cancel_broadcast")

PEERS = [
    # It knows data_sm, but its client drops the response; it always binds as 3.4.
    Peer(
        "smpplib",
        (sys.executable, str(PROGRAMS / "smpplib" / "peer.py")),
        roles=("esme",),
        lacks=("version", "multi", "data", "cancel", "replace", *_BROADCASTS),
    ),
    Peer(
        "net_smpp",
        ("perl", str(PROGRAMS / "net_smpp" / "peer.pl")),
        needs=("perl", "-MNet::SMPP", "-e", "1"),
        lacks=("ca", "cert", *_BROADCASTS),
    ),
    Peer(
        "node_smpp",
        ("node", str(PROGRAMS / "node_smpp" / "peer.js")),
        built=BUILD / "node_smpp" / "node_modules",
    ),
    _java("Jsmpp", "outbind", "broadcast"),
    _java("Cloudhopper", "multi", "alert", "outbind", *_BROADCASTS),
    Peer(
        "gosmpp",
        (str(BUILD / "gosmpp" / "peer"),),
        built=BUILD / "gosmpp" / "peer",
        lacks=("outbind", *_BROADCASTS),
    ),
]


def peers(role: str) -> list[Peer]:
    return [peer for peer in PEERS if role in peer.roles]


class Program:
    """A running peer."""

    def __init__(self, peer: Peer, log: Path) -> None:
        self.peer = peer
        self.log = log
        self.events: list[Event] = []
        self._refs = itertools.count(1)
        with log.open("ab") as errors:
            self.child = subprocess.Popen(
                peer.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "NODE_PATH": str(BUILD / "node_smpp" / "node_modules")},
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            kind, *pairs = line.split()
            self.events.append({"event": kind, **dict(pair.split("=", 1) for pair in pairs)})

    def tell(self, verb: str, **fields: object) -> str:
        """Sends a command; gives its ref."""
        assert self.child.stdin is not None
        ref = str(next(self._refs))
        pairs = " ".join(f"{key}={value}" for key, value in fields.items())
        self.child.stdin.write(f"{verb} ref={ref} {pairs}\n")
        self.child.stdin.flush()
        return ref

    def ask(self, verb: str, **fields: object) -> Event:
        """Sends a command and waits for its answer."""
        ref = self.tell(verb, **fields)
        return self.wait("answer", lambda event: event["ref"] == ref, f"the answer to {verb}")

    def seen(self, kind: str, wanted: Callable[[Event], bool] = lambda _event: True, *, since: int = 0) -> list[Event]:
        return [event for event in self.events[since:] if event["event"] == kind and wanted(event)]

    def wait(
        self, kind: str, wanted: Callable[[Event], bool] = lambda _event: True, what: str = "", *, since: int = 0
    ) -> Event:
        """The first such event."""

        def look() -> list[Event]:
            found = self.seen(kind, wanted, since=since)
            if not found and self.child.poll() is not None:
                raise AssertionError(f"{self.peer.name} ended with {self.child.returncode}:\n{self.tail()}")
            return found

        try:
            return wait_until(look, what or f"{kind} at {self.peer.name}", seconds=20)[0]
        except AssertionError as error:
            raise AssertionError(f"{error}\nIt printed: {self.events[-20:]}\n{self.tail()}") from None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def end(self) -> None:
        assert self.child.stdin is not None and self.child.stdout is not None
        try:
            self.child.stdin.close()
            self.child.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            pass
        finally:
            self.child.kill()
            self.child.wait()
            self._reader.join(10)
            self.child.stdout.close()


@contextmanager
def program(peer: Peer, folder: Path) -> Iterator[Program]:
    """A peer for as long as the block lasts; skips where it cannot be started."""
    if reason := peer.missing():
        pytest.skip(reason)
    started = Program(peer, folder / f"{peer.name}.log")
    try:
        yield started
    finally:
        started.end()


def bind(program: Program, port: int, mode: str = "transceiver", *, enquire: int = 0, **changed: object) -> int:
    """Binds a peer to a node as ESME; gives the command_status."""
    fields: dict[str, object] = {"host": HOST, "port": port, "mode": mode, "enquire": enquire}
    fields |= {"system_id": "demo", "password": "demo1234"}
    return int(program.ask("bind", **(fields | changed))["status"])


def octets_of(event: Event, name: str) -> bytes:
    """A hexadecimal value of an event."""
    return bytes.fromhex(event[name])
