"""Kannel, bound to us as its SMSC: driven by its HTTP sendsms, heard through its sms-service and its DLR address."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Issuer
from tests.node.harness import HOST, NUMBER, Answer, Node, request, wait_until
from tests.peers.dissector import complaints
from tests.peers.nodes import node_for_esmes
from tests.peers.relay import Relay, relay
from tests.support import free_ports

pytestmark = pytest.mark.peer

LONG = "All work and no play makes a message that needs more than one part. " * 4
UNICODE = "Привет, 世界 \N{GRINNING FACE}"
BOXES = {box: shutil.which(box, path=f"{os.defpath}:/usr/sbin:/usr/local/sbin") for box in ("bearerbox", "smsbox")}
DELIVERED, ACCEPTED = "1", "8"  # Kannel's kinds of delivery report

# How Kannel binds: one transceiver, or a transmitter and a receiver under one smsc-id, by which it finds its reports.
_PAIR = ["port = {port}\ntransceiver-mode = false", "receive-port = {port}\ntransceiver-mode = false"]
BINDS = {"transceiver": ["port = {port}\ntransceiver-mode = true"], "pair": _PAIR, "3.3": _PAIR}
TLS = "use-ssl = true\n"

CONF = """\
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {boxes}
box-allow-ip = 127.0.0.1
dlr-storage = internal

group = smsbox
bearerbox-host = {host}
sendsms-port = {sendsms}

group = sendsms-user
username = tester
password = tester
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://{host}:{hook}/mo?from=%p&to=%P&text=%b&charset=%C"
"""

# The group that the documentation shows.
DOCS = Path(__file__).parents[2] / "docs" / "peers.md"
SMSC: str = re.findall(r"^```\n(group = smsc\n.*?)^```$", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)[0]
HURRY = {"enquire-link-interval = 30": "enquire-link-interval = 1", "reconnect-delay = 10": "reconnect-delay = 1"}
OLD = {"interface-version = 34": "interface-version = 33"}


def smsc(port: int, mode: str, more: str) -> Iterator[str]:
    """That group for this port and each bind of this mode, in more of a hurry; 3.3 has no transceiver."""
    for bind in BINDS[mode]:
        yield "\n" + _group(bind.format(port=port), HURRY | (OLD if mode == "3.3" else {})) + more


def _group(bind: str, changes: dict[str, str]) -> str:
    group = SMSC.replace("port = 2775\ntransceiver-mode = true", bind)
    for shown, used in changes.items():
        assert shown in group
        group = group.replace(shown, used)
    return group


@dataclass
class Hook:
    """An HTTP server that keeps the queries it gets, by path."""

    got: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urllib.parse.urlsplit(self.path)
                pairs = urllib.parse.parse_qsl(url.query, keep_blank_values=True, encoding="latin-1")
                got.append((url.path, dict(pairs)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        server = ThreadingHTTPServer((HOST, 0), Handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def texts(self, person: str) -> list[str]:
        """What a person wrote, as Kannel handed it over."""
        found = [query for path, query in self.got if path == "/mo" and query["from"] == f"+{person}"]
        assert {query["to"] for query in found} <= {NUMBER}
        return [query["text"].encode("latin-1").decode(query["charset"] or "utf-8") for query in found]

    def reports(self, to: str) -> list[str]:
        """The kinds of the delivery reports for a recipient."""
        return [query["kind"] for path, query in self.got if path == "/dlr" and query["to"] == to]


@dataclass
class Kannel:
    """Both boxes, and where they are reached."""

    node: Node
    wire: Relay
    hook: Hook
    mode: str
    folder: Path
    admin: int
    sendsms: int
    boxes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, box: str) -> None:
        with (self.folder / f"{box}.log").open("ab") as log:
            command = [str(BOXES[box]), "-v", "0", str(self.folder / "kannel.conf")]
            self.boxes[box] = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)

    def stop(self, box: str) -> None:
        self.boxes[box].terminate()
        try:
            self.boxes[box].wait(20)
        finally:
            self.boxes[box].kill()
            self.boxes[box].wait()

    def online(self) -> bool:
        """Whether Kannel says that each of its binds is online."""
        assert self.boxes["bearerbox"].poll() is None, f"bearerbox has ended:\n{self.tail()}"
        try:
            status = request(self.admin, "GET", "/status.txt?password=admin").body.decode()
        except OSError:
            return False
        return len(re.findall(r"SMPP:\S+ \(online", status)) == len(BINDS[self.mode])

    def send(self, to: str, text: str, **options: object) -> None:
        """One sendsms call that asks for every delivery report."""
        report = f"http://{HOST}:{self.hook.port}/dlr?to={to}&kind=%d"
        fields: dict[str, object] = {"username": "tester", "password": "tester", "from": NUMBER, "to": to}
        fields |= {"text": text, "charset": "utf-8", "dlr-mask": 31, "dlr-url": report, **options}
        answer: Answer = request(self.sendsms, "GET", "/cgi-bin/sendsms?" + urllib.parse.urlencode(fields))
        assert answer.status == 202, answer

    def arrived(self, to: str) -> list[dict[str, Any]]:
        return [message for message in self.node.received() if message["to"] == to]

    def number(self, serial: int) -> str:
        return f"4670{98 - list(BINDS).index(self.mode)}{serial:05}"

    def tail(self) -> str:
        return "\n".join((self.folder / f"{box}.log").read_text(errors="replace")[-3000:] for box in self.boxes)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    made = Issuer.make(tmp_path_factory.mktemp("certificates"))
    made.issue(HOST)
    return made


@pytest.fixture(scope="module")
def secure() -> int:
    """The port with TLS."""
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer, secure: int) -> Iterator[Node]:
    tls = f'\n[smpp.tls]\nlisten = ["{HOST}:{secure}"]\ncert = "{issuer.folder}/{HOST}.pem"\n'
    with node_for_esmes(tmp_path_factory.mktemp("node"), tls) as node:
        yield node


@contextmanager
def started(node: Node, folder: Path, mode: str, port: int, more: str = "") -> Iterator[Kannel]:
    """Kannel, bound to this port of the node."""
    if missing := [box for box, found in BOXES.items() if found is None]:
        pytest.skip(f"{missing[0]} is not installed (Debian: kannel)")
    admin, boxes, sendsms = free_ports(3)
    hook = Hook()
    with relay(port, node_is="server") as wire, hook.listening():
        conf = CONF.format(admin=admin, boxes=boxes, sendsms=sendsms, host=HOST, hook=hook.port)
        (folder / "kannel.conf").write_text(conf + "".join(smsc(wire.port, mode, more)))
        kannel = Kannel(node, wire, hook, mode, folder, admin, sendsms)
        try:
            kannel.start("bearerbox")
            wait_until(kannel.online, "Kannel to be bound")
            kannel.start("smsbox")
            wait_until(lambda: answers_at_all(sendsms), "smsbox to listen")
            yield kannel
        except AssertionError as error:
            raise AssertionError(f"{error}\n{kannel.tail()}") from None
        finally:
            for box in reversed(kannel.boxes):
                kannel.stop(box)


@pytest.fixture(scope="module", params=BINDS)
def kannel(request: pytest.FixtureRequest, node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with started(node, tmp_path_factory.mktemp("kannel"), request.param, node.smpp) as kannel:
        yield kannel


def answers_at_all(port: int) -> bool:
    try:
        request(port, "GET", "/")
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("serial", "text", "options", "parts"),
    [
        (1, "Hello from Kannel @ home", {}, 1),
        (2, LONG, {}, 2),
        (3, UNICODE, {"coding": 2}, 1),
        (4, "Look at once", {"mclass": 0}, 1),
    ],
    ids=["short", "long", "unicode", "flash"],
)
def test_text_arrives_and_its_delivery_is_reported(
    kannel: Kannel, serial: int, text: str, options: dict[str, Any], parts: int
) -> None:
    to = kannel.number(serial)
    kannel.send(to, text, **options)
    # It reports that we have accepted the message, then that it is delivered; of a long one only the last part.
    wait_until(lambda: sorted(kannel.hook.reports(to)) == [DELIVERED, ACCEPTED], "the delivery reports")
    [message] = kannel.arrived(to)
    assert (message["text"], message["parts"]) == (text, parts)
    if "mclass" in options:
        assert message["data_coding"] & 0xF3 in {0x10, 0xF0}  # class 0


@pytest.mark.parametrize(
    ("serial", "text"),
    [(11, "Is my parcel on its way?"), (12, UNICODE), (13, LONG)],
    ids=["short", "unicode", "long"],
)
def test_mo_reaches_the_service(kannel: Kannel, serial: int, text: str) -> None:
    person = kannel.number(serial)
    kannel.node.carriers["north"].mo(person, NUMBER, text)
    wait_until(lambda: "".join(kannel.hook.texts(person)) == text, "the MO")


def test_each_side_asks_whether_the_other_is_alive(kannel: Kannel) -> None:
    since = len(kannel.wire.frames)
    kannel.wire.wait_for("node", "enquire_link", since=since)
    kannel.wire.wait_for("peer", "enquire_link", since=since)


def test_it_comes_back_after_a_cut(kannel: Kannel) -> None:
    person = kannel.number(21)
    since = len(kannel.wire.frames)
    kannel.wire.cut()
    kannel.node.carriers["north"].mo(person, NUMBER, "Are you there?")
    modes = ["transceiver"] if kannel.mode == "transceiver" else ["transmitter", "receiver"]
    for mode in modes:
        kannel.wire.wait_for("peer", f"bind_{mode}", since=since)
    wait_until(lambda: kannel.hook.texts(person) == ["Are you there?"], "the MO that was sent meanwhile")
    kannel.send(person, "I am")
    wait_until(lambda: DELIVERED in kannel.hook.reports(person), "the delivery report")


def test_it_unbinds_when_it_stops(kannel: Kannel) -> None:
    """The last one here: it stops Kannel."""
    since = len(kannel.wire.frames)
    kannel.stop("bearerbox")
    kannel.wire.wait_for("peer", "unbind", since=since)


def test_tshark_reads_all_that_we_wrote(kannel: Kannel) -> None:
    """After all the others here."""
    assert complaints([frame.octets for frame in kannel.wire.frames if frame.by == "node"]) == []


def test_tls(node: Node, secure: int, tmp_path: Path) -> None:
    with started(node, tmp_path, "transceiver", secure, TLS) as kannel:
        to = kannel.number(31)
        kannel.send(to, "Unseen by others")
        wait_until(lambda: DELIVERED in kannel.hook.reports(to), "the delivery report")
        assert [message["text"] for message in kannel.arrived(to)] == ["Unseen by others"]
        node.carriers["north"].mo(to, NUMBER, "Nor is this")
        wait_until(lambda: kannel.hook.texts(to) == ["Nor is this"], "the MO")
