"""Setting up and taking down what the tour is played on."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from septet import config
from septet.demo.peers import call
from septet.demo.stage import CONFIRMED, NUMBER, OPTED_OUT, configuration, free_ports, stage
from septet.errors import SeptetError


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_configuration_is_good_and_stays_on_loopback() -> None:
    found = config.parse(configuration(1001, 1002, 1003, {"north": 1004, "south": 1005}), Path())
    assert [str(listen) for listen in (*found.smpp.listen, found.http.listen, found.metrics.listen)] == [
        "127.0.0.1:1001",
        "127.0.0.1:1002",
        "127.0.0.1:1003",
    ]
    assert [(carrier.host, carrier.port) for carrier in found.carrier] == [("127.0.0.1", 1004), ("127.0.0.1", 1005)]
    assert [(number.address, number.optout_reply) for number in found.number] == [(NUMBER, OPTED_OUT)]
    assert CONFIRMED in {keyword.reply for keyword in found.keyword}


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(20))) == 20


def test_all_runs_inside_the_block_and_nothing_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with stage(time.monotonic() + 60) as scene:
        assert scene.api.is_ready()
        assert scene.api.bound() == {"north", "south"}
        assert [call(carrier.port, "GET", "/stats").status for carrier in scene.carriers] == [200, 200]
        assert scene.folder.parent == tmp_path
        assert dict(scene.addresses())["folder"] == str(scene.folder)
        ports = [scene.smpp, scene.metrics, scene.api.port, *(carrier.port for carrier in scene.carriers)]
        assert all(listens(port) for port in ports)
    assert scene.node.returncode == 0
    assert not any(listens(port) for port in ports)
    assert list(tmp_path.iterdir()) == []


def test_too_little_time_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SeptetError, match=r"the node is not ready in time.*--seconds"), stage(time.monotonic()):
        pass
    assert list(tmp_path.iterdir()) == []
