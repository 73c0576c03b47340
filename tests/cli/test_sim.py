"""`septet sim` as a person runs it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest


def test_it_says_where_it_listens_and_stops_on_sigterm() -> None:
    command = [sys.executable, "-m", "septet", "sim", "--listen", "127.0.0.1:0", "--dlr-delay", "0.1:0.2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()
    assert line.startswith("simulated carrier on 127.0.0.1:")


@pytest.mark.parametrize(
    "arguments",
    [["--listen", "nowhere"], ["--error-rate", "2"], ["--dlr-delay", "2:1"], ["--no-such-option"]],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "septet", "sim", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
