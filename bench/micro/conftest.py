"""Prints what was measured and keeps it in `bench/out/`."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from bench.micro.table import render, rows

OUT = Path(__file__).resolve().parent.parent / "out" / "micro.md"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not rows:
        return
    head = f"# Micro benchmarks: Python {platform.python_version()}, {platform.machine()}, {platform.system()}\n\n"
    text = head + render(rows)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    terminalreporter.write_line("")
    terminalreporter.write_line(text)
    terminalreporter.write_line(f"written to {OUT}")
