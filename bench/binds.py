"""Ten thousand binds on one node, and peers among them that nobody wishes for.

    .venv/bin/python bench/binds.py [--binds N] [--rate N] [--seconds N]

Measures, in one run: memory for each bind and the time to bind them all; the processor time that they cost while they
say nothing; and how long a submit of others waits for its answer (every state on disk), first alone, then among the
silent binds, then with dripping and flooding peers as well. Prints JSON; exits 1 if a bind was lost or a message was
not accepted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, cast

from nodes import Ports, node

PASSWORD = "bench"  # noqa: S105  # of a node that lives for a minute, on loopback
ACCOUNTS = 10
DRIPS, FLOODS = 20, 2


def configuration(folder: Path, ports: Ports, binds: int) -> str:
    """Accounts for the silent binds, one for the load, one for those that drip and flood; one carrier."""
    accounts = [(f"idle{number}", "") for number in range(ACCOUNTS)]
    # What a flood may cost the others is what its account's contract allows it.
    accounts += [("load", ""), ("trouble", "window = 10\nthroughput = 100\n")]
    common = f'password = "{PASSWORD}"\nmax_binds = {max(binds, 100)}\n'
    shown = "".join(f'[[account]]\nid = "{name}"\nsystem_id = "{name}"\n{common}{more}' for name, more in accounts)
    return ports.toml(folder, smpp=f"max_sessions = {binds + 1000}") + shown


class Holder:
    """A process that holds binds."""

    def __init__(self, where: str, accounts: list[str], binds: int, *more: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name("hold.py")), "--connect", where, "--password", PASSWORD]
        command += ["--binds", str(binds), *more, "--accounts", *accounts]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bound = self._said()

    def _said(self) -> dict[str, Any]:
        line = cast("IO[bytes]", self._process.stdout).readline()
        if not line:
            raise SystemExit("the binds could not be made")
        return dict(json.loads(line))

    def end(self) -> dict[str, Any]:
        """Lets go of them; how they fared."""
        cast("IO[bytes]", self._process.stdin).close()
        said = self._said()
        self._process.wait()
        return said


def load(where: str, rate: int, seconds: int) -> dict[str, Any]:
    """What others see: submits at a steady rate over a few binds."""
    command = [
        sys.executable,
        "-m",
        "septet",
        "load",
        "--connect",
        where,
        "--system-id",
        "load",
        "--password",
        PASSWORD,
    ]
    command += ["--from", "12345", "--count", str(rate * seconds), "--rate", str(rate), "--window", "100"]
    done = subprocess.run([*command, "--binds", "10", "--json"], capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"the generator failed: {done.stderr}")
    found = json.loads(done.stdout)
    return {
        "ok": found["success"],
        "acked": found["acked"],
        "acked_per_second": round(found["acked_per_second"]),
        "submit_to_resp_ms": {name: value / 1000 for name, value in found["ack_latency"].items()},
    }


def measure(binds: int, rate: int, seconds: int) -> dict[str, Any]:
    """One run."""
    ports = Ports.free()
    with (
        tempfile.TemporaryDirectory(prefix="septet-binds-") as name,
        node(Path(name), configuration(Path(name), ports, binds), ports) as one,
    ):
        alone = load(one.where, rate, seconds)
        before = one.resident()
        idle = Holder(one.where, [f"idle{number}" for number in range(ACCOUNTS)], binds)
        after, cpu = one.resident(), one.cpu()
        time.sleep(5)
        cpu = one.cpu() - cpu
        among = load(one.where, rate, seconds)
        trouble = Holder(one.where, ["trouble"], DRIPS + FLOODS, "--drip", str(DRIPS), "--flood", str(FLOODS))
        troubled = load(one.where, rate, seconds)
        fared, held = trouble.end(), idle.end()
        return {
            "binds": idle.bound["bound"],
            "seconds_to_bind_all": idle.bound["seconds"],
            "kib_per_bind": round((after - before) / binds / 1024, 2),
            "node_cpu_percent_while_silent": round(cpu / 5 * 100, 2),
            "lost": held["lost"] + fared["lost"],
            "flood": {"written": fared["flooded"], "answered": fared["flood_answers"]},
            "load_alone": alone,
            "load_among_binds": among,
            "load_among_binds_drips_and_floods": troubled,
        }


def main() -> int:
    """Prints the run as JSON; exit code 1 if a bind was lost or a message was not accepted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binds", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=500, help="submits a second of the others")
    parser.add_argument("--seconds", type=int, default=10, help="of each of the three loads")
    options = parser.parse_args()
    print(json.dumps({"machine": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}))
    result = measure(options.binds, options.rate, options.seconds)
    print(json.dumps(result, indent=2))
    loads = [value["ok"] for name, value in result.items() if name.startswith("load")]
    return 0 if all(loads) and not result["lost"] and result["binds"] == options.binds else 1


if __name__ == "__main__":
    sys.exit(main())
