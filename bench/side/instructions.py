"""Instructions of the core on a fixed workload, counted by callgrind: they repeat where times do not.

    .venv/bin/python -m bench.side.instructions [--accept]

Compared with the committed baseline, bench/instructions.json; `--accept` writes it anew, for the commit that means it.
Exits 1 if a workload takes more than TOLERANCE of it, or so much less that the baseline has become too kind.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.side.machine import ROOT, Missing, program

BASELINE = ROOT / "bench" / "instructions.json"
WORKLOADS = ("text", "codec", "engine")
COUNT = 10_000
TOLERANCE = 0.03


def compiler() -> str:
    """The compiler's version: another one counts otherwise."""
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607


def counted() -> dict[str, float]:
    """Instructions for each message of a workload. Without valgrind, and without a way to get it: `Missing`."""
    valgrind = program("valgrind", "valgrind")
    build = ["cargo", "build", "--release", "--locked", "--quiet", "-p", "septet-core", "--example", "instructions"]
    subprocess.run(build, cwd=ROOT, check=True)
    found = {}
    for workload in WORKLOADS:
        example = str(ROOT / "target" / "release" / "examples" / "instructions")
        command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", example, workload, str(COUNT)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        match = re.search(r"Collected : (\d+)", done.stderr)
        if match is None:
            raise RuntimeError(f"callgrind said no count: {done.stderr[-500:]}")
        found[workload] = int(match[1]) / COUNT
    return found


def compared(found: dict[str, float], baseline: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each workload beside the baseline; `ok` is false where it is out of tolerance."""
    rows = {}
    for workload, value in found.items():
        before = baseline["instructions"][workload]
        change = value / before - 1
        ok = abs(change) <= TOLERANCE
        rows[workload] = {"a message": round(value), "baseline": round(before), "change": f"{change:+.2%}", "ok": ok}
    return rows


def against_baseline() -> dict[str, dict[str, Any]]:
    """Counts and compares."""
    baseline = json.loads(BASELINE.read_text())
    if baseline["compiler"] != compiler():
        print(
            f"the baseline was counted with {baseline['compiler']}, this is {compiler()}: it may differ for that alone"
        )
    return compared(counted(), baseline)


def main() -> int:
    """Prints a row for each workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="write the baseline anew")
    try:
        if parser.parse_args().accept:
            new = {"compiler": compiler(), "instructions": {name: round(n) for name, n in counted().items()}}
            BASELINE.write_text(json.dumps(new, indent=2) + "\n")
            print(f"written: {Path(BASELINE).relative_to(ROOT)}")
            return 0
        rows = against_baseline()
    except Missing as why:
        print(f"not counted: {why}")
        return 0
    for name, row in rows.items():
        print(name, row)
    return 0 if all(row["ok"] for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
