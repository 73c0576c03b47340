"""Runs the contests, the latencies and the curves, and writes the report.

    python -m bench.side [--full] [--only receipts …]

Into bench/report: results.json after each run, so that what is stopped half-way is not lost; then report.md and plots.
What `--only` leaves out stays as the file has it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.side import curves, latency
from bench.side.customers import customers
from bench.side.instructions import against_baseline
from bench.side.machine import LOAD_CORES, PEER_CORES, ROOT, Missing, described
from bench.side.memory import in_flight, soak
from bench.side.plots import draw
from bench.side.report import text
from bench.side.results import Results
from bench.side.runs import CONTESTS, Entry

CURVES = ("windows", "offered", "connections", "log")
ALL = ("instructions", *CONTESTS, "latency", *CURVES, "memory", "customers")


class Bench:
    """One run of what was asked for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.file: Path = options.out / "results.json"
        self.results = Results.read(self.file) if options.only or options.report else Results()
        self.began = time.monotonic()
        self.failed = False
        self.absent: set[str] = set()

    def run(self) -> None:
        self.results.missing.clear()
        self.results.machine = described()
        self.results.options = {name: vars(self.options)[name] for name in ("full", "repeats", "scale")}
        steps = {name: getattr(self, name) for name in ("latency", "instructions", "memory", "customers")}
        for name in self.options.only or ALL:
            if name in CONTESTS:
                self.contest(name)
            elif name in CURVES:
                self.tried(name, lambda name=name: self.curve(name))
            else:
                self.tried(name, steps[name])
            self.results.write(self.file)

    def tried(self, name: str, step: Callable[[], object]) -> None:
        """What fails is said, here and in the report, and does not keep the rest from being measured."""
        try:
            step()
        except Missing as why:
            self.absent.add(name)
            self.results.missing[name] = str(why)
            self.say(name, "left out:", why)
        except (OSError, RuntimeError, LookupError, ValueError, subprocess.SubprocessError) as error:
            self.failed = True
            self.results.missing[name] = f"failed: {error}"
            self.say(name, "FAILED:", error)

    def say(self, *what: object) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s ", *what, flush=True)

    def count(self, wanted: int) -> int:
        return max(100, int(wanted * self.options.scale))

    def contest(self, name: str) -> None:
        """In turn, repeated: A B C, A B C. Who cannot be had is left out of the later rounds."""
        self.results.contests[name] = {}
        for number in range(self.options.repeats):
            for entry in CONTESTS[name].entries:
                if entry.name not in self.absent and (number < entry.rounds or self.options.full):
                    self.tried(entry.name, lambda entry=entry: self.entry(name, entry))
                    self.results.write(self.file)

    def entry(self, contest: str, entry: Entry) -> None:
        run = entry.run(self.count(entry.count))
        self.results.contests[contest].setdefault(entry.name, []).append(run)
        self.failed |= not run["ok"]
        sound = "" if run["ok"] else "NOT SOUND"
        self.say(contest, entry.name, f"{run['rate']:,.0f}/s", run["cpu_per_million"], sound)

    def latency(self) -> None:
        runs = self.results.latency = {}
        for _ in range(self.options.repeats):
            for kind, run in (
                ("open loop", latency.open_loop(10 if self.options.full else 3)),
                ("one in flight", latency.one_in_flight(self.count(8000 if self.options.full else 600))),
            ):
                runs.setdefault(kind, []).append(run)
                self.failed |= not run["ok"]
                self.say("latency", kind, run)

    def instructions(self) -> None:
        rows = self.results.figures["instructions"] = against_baseline()
        self.failed |= not all(row["ok"] for row in rows.values())
        self.say("instructions", rows)

    def memory(self) -> None:
        row = in_flight(self.count(100_000))
        self.results.figures["memory"] = {"messages in flight": row}
        self.failed |= not row["ok"]
        self.say("memory", row)
        if self.options.full:
            self.results.curves["soak"] = {"node": soak(60, 3_000)}
            self.say("soak", self.results.curves["soak"])

    def customers(self) -> None:
        rows = customers(50, 60 if self.options.full else 8, self.options.out)
        self.results.figures["customers"] = rows
        self.failed |= any(row["failures"] for row in rows.values())
        self.say("customers", rows)

    def curve(self, name: str) -> None:
        full = self.options.full
        found = self.results.curves
        if name == "windows":
            found[name] = curves.windows([2**n for n in range(10)] if full else [1, 8, 64, 512], self.count(100_000))
        elif name == "offered":
            rates = [1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000, 150_000]
            found[name] = curves.offered(rates if full else rates[::3], 5 if full else 2)
        elif name == "connections":
            points = [1, 2, 10, 100, 1_000, 5_000, 10_000] if full else [2, 100, 1_000]
            found[name] = curves.connections(points, self.count(100_000))
        else:
            goals = [0, 100_000, 1_000_000, 10_000_000] if full else [0, 200_000]
            line = curves.node_log(goals, self.count(100_000))
            with tempfile.TemporaryDirectory(prefix="septet-log-") as folder:
                found[name], rows = curves.log(10_000_000 if full else 100_000, Path(folder))
            found[name] |= line
            self.results.figures["log"] = {f"{row['store']}, {row['log']:,} messages": row for row in rows}
        self.say(name, found[name])


def main() -> int:
    """Exit code 1 if a run failed, lost or doubled anything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--full", action="store_true", help="more repeats, points and connections; ten million messages"
    )
    parser.add_argument("--only", nargs="+", choices=ALL, help="these alone")
    parser.add_argument("--repeats", type=int, help="default 3, with --full 7")
    parser.add_argument("--scale", type=float, default=1.0, help="of all counts, to try it out")
    parser.add_argument("--together", action="store_true", help="who is measured may use the generator's core too")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "report")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the report of what was measured")
    options = parser.parse_args()
    options.repeats = options.repeats or (7 if options.full else 3)
    bench = Bench(options)
    if options.together:
        PEER_CORES.update(LOAD_CORES)
    if not options.report:
        bench.run()
    draw(bench.results, options.out)
    report = options.out / "report.md"
    report.write_text(text(bench.results), encoding="utf-8")
    bench.say("written:", report)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
