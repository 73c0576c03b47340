"""The report is made from a results file: figures, targets, and who was left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.side.instructions import compared
from bench.side.peers.septet import median
from bench.side.report import text
from bench.side.results import Results
from bench.side.targets import verdicts


def run(rate: float, cpu: float = 9.0, *, ok: bool = True) -> dict[str, Any]:
    return {
        "ok": ok,
        "rate": rate,
        "acked_per_second": rate,
        "count": 1000,
        "cpu_per_million": {"node": cpu},
        "peak_mib": {"node": 80.0},
    }


@pytest.fixture
def results(tmp_path: Path) -> Results:
    made = Results(
        machine={"cores": 2},
        contests={
            "receipts": {
                "header proxy": [run(500_000), run(600_000), run(610_000)],
                "septet full": [run(95_000), run(80_000, ok=False), run(99_000)],
            }
        },
        curves={"offered": {"p50": [[1000, 0.5], [20_000, 2.0]], "acknowledged": [[1000, 1000], [20_000, 20_000]]}},
        latency={
            "open loop": [{"rate": 20_000, "commit_us": 500, "ack_latency": {"p50": 2000, "p99": 15_000, "p99.9": 1}}]
        },
        figures={"instructions": {"engine": {"a message": 1, "ok": True}}},
        missing={"jasmin": "no apt-get"},
    )
    made.write(tmp_path / "results.json")
    return Results.read(tmp_path / "results.json")


def test_medians_spread_and_what_was_unsound_are_shown(results: Results) -> None:
    shown = text(results)
    assert "| septet full | 95,000 (80,000–99,000) |" in shown
    assert "3 × 1,000; 1 of them NOT sound" in shown
    assert "| 20,000 | 2.00 | 20,000 |" in shown
    assert "- jasmin: no apt-get" in shown
    assert "`.venv/bin/python -m bench.side --only receipts`" in shown


def test_targets_are_met_or_not_or_not_measured(results: Results) -> None:
    found = {verdict.what: verdict for verdict in verdicts(results)}
    ratio = found["receipts, durable: rate / header proxy"]
    assert ratio.found == pytest.approx(95 / 600) and ratio.met
    assert found["20,000 msg/s: submit_sm to response, p99 in commits"].met is False
    assert found["MO: replies / Kannel's, no store"].met is None
    shown = text(results)
    assert "≥ 0.15 | 0.158 | met |" in shown
    assert "≤ 20 | 30 | **not met** |" in shown
    assert "| ≥ 5 |  | not measured |" in shown


def test_nothing_measured_is_a_report_too(tmp_path: Path) -> None:
    assert "not measured" in text(Results.read(tmp_path / "none.json"))


def test_a_median_lies_within_its_bucket_and_counts_what_came_between() -> None:
    before = {"x_bucket 0.001": 100.0, "x_bucket 0.002": 100.0, "x_bucket +Inf": 100.0}
    after = {"x_bucket 0.001": 100.0, "x_bucket 0.002": 110.0, "x_bucket +Inf": 110.0}
    assert median(before, after, "x") == pytest.approx(0.0015)
    assert median(after, after, "x") == 0.0


def test_instructions_are_held_to_the_baseline_in_both_directions() -> None:
    rows = compared(
        {"text": 104.0, "codec": 99.0, "engine": 90.0},
        {"instructions": dict.fromkeys(("text", "codec", "engine"), 100)},
    )
    assert [row["ok"] for row in rows.values()] == [False, True, False]
    assert rows["text"]["change"] == "+4.00%"
