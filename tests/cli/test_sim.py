"""`septet sim` as a person runs it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from septet.sim import Simulator
from septet.sim.control import Control

PAGE = (Path(__file__).parents[2] / "docs" / "sim.md").read_text(encoding="utf-8")


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


def test_its_page_names_every_option_call_and_count() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "septet", "sim", "--help"], capture_output=True, text=True, check=True
    )
    options = set(re.findall(r"^  (--[a-z-]+)", shown.stdout, re.MULTILINE))
    assert len(options) > 15
    assert {option for option in options if f"| `{option}" not in PAGE} == set()
    simulator = Simulator("127.0.0.1", 0)
    calls = [f"{method} {path}" for method, path in Control(simulator, "127.0.0.1:0").routes]
    assert [call for call in calls if f"`{call}" not in PAGE] == []
    assert [name for name in simulator.carrier.stats() if f"`{name}`" not in PAGE] == []
