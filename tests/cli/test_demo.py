"""`septet demo` as a process of its own."""

from __future__ import annotations

import json
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

from septet import cli
from tests.node.harness import wait_until

DEMO = [sys.executable, "-m", "septet", "demo"]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "COLUMNS": "80"}


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end. The carriers share its stderr, so this returns only once they have gone as well."""
    return subprocess.run(
        [*DEMO, *options], env=environment(folder), capture_output=True, text=True, timeout=100, check=False
    )


def left_over(folder: Path) -> list[str]:
    """Processes whose command line names the folder, as the node's does, and what still lies there."""
    listed = subprocess.run(["ps", "-axo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line] + [str(path) for path in folder.iterdir()]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_tour_as_a_person_sees_it(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        "1. An appointment reminder",
        "refused, as it must be: 403 recipient_opted_out",
        "refused, as it must be: command_status 0x00000400",
        "exactly one confirmation of the opt-out arrived",
        "stat:DELIVRD",
        "Everything sent was delivered, every reply handled: 14 messages",
    ):
        assert told in done.stdout
    assert re.search(r"^reminder +12345 → 46701000001 .* 1 delivered +delivered +\d+\.\d\d$", done.stdout, re.MULTILINE)
    assert left_over(tmp_path) == []


def test_the_tour_as_json(tmp_path: Path) -> None:
    done = demo(tmp_path, "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (answer["ok"], answer["missing"]) == (True, [])
    assert {message["step"] for message in answer["messages"]} == {"reminder", "voucher", "opt-out", "long text"}
    columns = {"step", "via", "from", "to", "text", "segments", "status", "receipt", "seconds"}
    assert all(message.keys() == columns for message in answer["messages"])
    assert 0 < answer["seconds"] < 60


def test_too_little_time_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    done = demo(tmp_path, "--seconds", "0.01")
    assert done.returncode == 1
    assert done.stderr == "septet: the node is not ready in time; give it longer with --seconds\n"
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_senseless_seconds_are_wrong_usage(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", f"--seconds={seconds}"]) == 2
    assert "give a number of seconds" in capsys.readouterr().err


@contextmanager
def kept(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path, list[int]]]:
    """A demo that has played its tour and waits, in which folder, and the ports of all it runs."""
    told = folder / "told"
    scratch = folder / "scratch"
    scratch.mkdir()
    with told.open("w") as out:
        process = subprocess.Popen([*DEMO, "--keep"], env=environment(scratch), stdout=out, stderr=out, text=True)
    try:
        wait_until(lambda: re.search(r"^  folder .*\n", told.read_text(), re.MULTILINE), "the tour's end", seconds=60)
        after = told.read_text().split("Still running")[1]
        ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", after)]
        assert len(ports) == 5 and all(listens(port) for port in ports)
        yield process, scratch, ports
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_kept_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with kept(tmp_path) as (process, scratch, ports):
        process.send_signal(number)
        assert process.wait(30) == 0
        assert not any(listens(port) for port in ports)
        assert left_over(scratch) == []


def test_even_a_killed_demo_leaves_no_process(tmp_path: Path) -> None:
    with kept(tmp_path) as (process, _scratch, ports):
        process.kill()
        process.wait()
        wait_until(lambda: not any(listens(port) for port in ports), "node and carriers to end")


def test_an_interrupted_tour_clears_up(tmp_path: Path) -> None:
    process = subprocess.Popen(DEMO, env=environment(tmp_path), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        next(line for line in process.stdout if line.startswith("1. "))
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.wait(30) == 130
    assert left_over(tmp_path) == []
