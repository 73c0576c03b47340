"""Build the fuzz targets and run each for a bounded time; `make fuzz` calls this.

The instrumentation needs nothing but stable Rust and a C++ compiler: libFuzzer is linked in, and the coverage flags are
those that `cargo fuzz` passes. There is no sanitizer, because the core forbids unsafe code: what can go wrong in it is
a panic, an endless loop or too much memory, and libFuzzer sees all three.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import seeds

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "target" / "fuzz"
COVERAGE = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
)
# Octets of an input: long enough for ten segments and their options, short enough for speed.
MAX_LEN = 1_024
# Seconds that one input may take, and MiB that the process may grow to.
INPUT_SECONDS = 5
MEMORY = 1_024


@dataclass
class Outcome:
    """How a target fared."""

    target: str
    executions: int
    failed: bool
    log: Path

    def __str__(self) -> str:
        state = f"FOUND SOMETHING: see {self.log}" if self.failed else "nothing found"
        return f"{self.target:16} {self.executions:>12,} executions  {state}"


def targets() -> list[str]:
    return [target["name"] for target in tomllib.loads((HERE / "Cargo.toml").read_text())["bin"]]


def build() -> Path:
    """Build all targets; the folder of the programs."""
    version = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = re.search(r"^host: (.+)$", version, re.MULTILINE)
    if host is None:
        sys.exit("`rustc -vV` names no host: is it a Rust compiler?")
    # With --target the flags stay away from build scripts, which cannot link them.
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--target", host[1], "--target-dir", str(OUT)]
    environment = os.environ | {"RUSTFLAGS": " ".join(COVERAGE)}
    if subprocess.run(command, cwd=HERE, env=environment, check=False).returncode:
        sys.exit("The fuzz targets do not build. They need a C++ compiler (Debian: apt-get install g++).")
    return OUT / host[1] / "release"


def run(program: Path, seconds: int, runs: int) -> Outcome:
    target = program.name
    corpus, log = OUT / "corpus" / target, OUT / f"{target}.log"
    seeds.write(target, corpus)
    limit = [f"-runs={runs}"] if runs else [f"-max_total_time={seconds}"]
    command = [str(program), *limit, f"-max_len={MAX_LEN}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY}"]
    command += ["-print_final_stats=1", f"-artifact_prefix={OUT}/{target}-", str(corpus)]
    with log.open("wb") as to:
        code = subprocess.run(command, stdout=to, stderr=subprocess.STDOUT, check=False).returncode
    counted = re.search(rb"number_of_executed_units: (\d+)", log.read_bytes())
    return Outcome(target, int(counted[1]) if counted else 0, code != 0, log)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20, help="for each target (default 20)")
    parser.add_argument("--runs", type=int, default=0, help="executions of each target, in place of a time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at once")
    parser.add_argument("target", nargs="*", help="all, if none is named")
    options = parser.parse_args()
    known = targets()
    for name in options.target:
        if name not in known:
            parser.error(f"no target is called {name!r}; there are {', '.join(known)}")
    programs = build()
    failed = False
    with ThreadPoolExecutor(options.jobs) as pool:
        names = options.target or known
        for outcome in pool.map(lambda name: run(programs / name, options.seconds, options.runs), names):
            print(outcome, flush=True)
            failed |= outcome.failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
