"""What was measured, as one JSON file that a report is made from."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = ".venv/bin/python -m bench.side"


@dataclass
class Results:
    """Runs by contest and entry; points by curve and line; single figures by name; who was left out, and why."""

    machine: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    contests: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    curves: dict[str, dict[str, list[list[float]]]] = field(default_factory=dict)
    latency: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Results:
        """What `write` wrote; nothing where there is no file."""
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def write(self, file: Path) -> None:
        """Writes it whole."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(vars(self), indent=1) + "\n")

    def rates(self, contest: str, entry: str) -> list[float]:
        """The rates of all runs of an entry; none if it did not take part."""
        return [run["rate"] for run in self.contests.get(contest, {}).get(entry, [])]

    def rate(self, contest: str, entry: str) -> float | None:
        """Their median."""
        return middle(self.rates(contest, entry))


def middle(values: Iterable[float]) -> float | None:
    """The median; None of nothing."""
    found = list(values)
    return statistics.median(found) if found else None


def spread(runs: list[dict[str, Any]], *keys: str) -> dict[str, float]:
    """The median of a figure in each run, by the name that it has there."""
    found: dict[str, list[float]] = {}
    for run in runs:
        inner: Any = run
        for key in keys:
            inner = inner[key]
        for name, value in inner.items():
            found.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in found.items()}
