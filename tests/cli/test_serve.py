from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from septet.cli.serve import announcement
from septet.node import Node
from tests.node.harness import Process, answers, free_ports, request, wait_until
from tests.support import ACCOUNT, LISTEN, carrier, parsed, route

NUMBER = '\n[[number]]\naddress = "12345"\naccount = "demo"\ncarrier = "north"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text)
    return path


def ended(path: Path) -> subprocess.CompletedProcess[str]:
    """A node that is expected to end by itself."""
    command = [sys.executable, "-m", "septet", "serve", "-c", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def served(path: Path, *options: str) -> Iterator[Process]:
    """A node in the foreground of a process of its own, once it has said that it is ready."""
    process = Process(["serve", "-c", str(path), *options], path.with_suffix(".log"))
    process.start(lambda: "is ready" in process.tail() and "/metrics" in process.tail())
    try:
        yield process
    finally:
        process.kill()


def port(pattern: str, said: str) -> int:
    found = re.search(pattern + r"127\.0\.0\.1:(\d+)", said)
    assert found is not None, said
    return int(found[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with served(written(tmp_path, LISTEN + ACCOUNT + NUMBER + carrier("north", 9) + route("north"))) as process:
        said = process.tail()
        assert answers(port("HTTP +http://", said), "/readyz")
        assert b"septet_build_info" in request(port("metrics +http://", said), "GET", "/metrics").body
        socket.create_connection(("127.0.0.1", port("SMPP +", said)), timeout=10).close()
        assert process.child is not None
        os.kill(process.child.pid, number)
        assert process.child.wait(20) == 0
        assert "Traceback" not in process.tail()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # Its connection stands, it never says a word: an orderly end would wait for as long as it may.
        text = "[node]\nshutdown_grace = 600\n" + LISTEN + ACCOUNT + NUMBER
        text += carrier("north", silent.getsockname()[1]) + route("north")
        with served(written(tmp_path, text)) as process:
            taken, _peer = silent.accept()
            assert process.child is not None
            os.kill(process.child.pid, signal.SIGTERM)
            wait_until(lambda: not answers(port("HTTP +http://", process.tail()), "/readyz"), "the listeners' end")
            os.kill(process.child.pid, signal.SIGTERM)
            assert process.child.wait(20) == -signal.SIGTERM
            taken.close()


def test_with_simulators_a_message_arrives(tmp_path: Path) -> None:
    [carrier_port] = free_ports(1)
    text = LISTEN + ACCOUNT + NUMBER + carrier("north", carrier_port) + route("north")
    with served(written(tmp_path, text), "--with-simulators") as process:
        http = port("HTTP +http://", process.tail())
        answer = request(
            http, "POST", "/v1/messages", {"from": "12345", "to": "46701234567", "text": "Hej"}, key="demo-key"
        )
        assert answer.status == 202
        path = f"/v1/messages/{answer.json()['id']}"
        wait_until(
            lambda: request(http, "GET", path, key="demo-key").json()["status"] == "delivered", "the carrier's receipt"
        )
        assert process.stop() == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", carrier_port), timeout=10).close()


def test_every_mistake_in_the_configuration_is_a_line(tmp_path: Path) -> None:
    result = ended(written(tmp_path, '[nod]\n[http]\nlisten = "here"\n'))
    assert result.returncode == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("nod:") and "node" in lines[0]
    assert lines[1].startswith("http.listen:")


def test_a_missing_file_is_a_line(tmp_path: Path) -> None:
    result = ended(tmp_path / "none.toml")
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("listener", ["smpp", "http", "metrics"])
def test_an_address_in_use_is_one_line_that_names_it(tmp_path: Path, listener: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        head, tail = LISTEN.split(f"[{listener}]")
        text = f"{head}[{listener}]{tail.replace('127.0.0.1:0', f'127.0.0.1:{taken}', 1)}"
        result = ended(written(tmp_path, text + ACCOUNT))
    assert result.returncode == 1
    [line] = [line for line in result.stderr.splitlines() if not line.startswith("{")]
    assert str(taken) in line and "in use" in line, line


def test_a_second_node_on_the_same_store_is_refused_in_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, LISTEN + ACCOUNT)
    with served(path):
        result = ended(path)
        assert result.returncode == 1
        [line] = result.stderr.splitlines()
        assert "another node" in line and "data_dir" in line


def test_the_quickstart_is_given_a_line_to_try(tmp_path: Path) -> None:
    node = Node(parsed(ACCOUNT + NUMBER + carrier("north", 9), tmp_path))
    lines = list(announcement(node))
    assert any("curl" in line and "demo-key" in line and '"from":"12345"' in line for line in lines)
    node.engine.close()
