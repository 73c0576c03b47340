"""The report in Markdown, from the results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.side.results import COMMAND, Results, spread
from bench.side.targets import verdicts

AXES = {
    "windows": ("window of one bind", "submits acknowledged a second"),
    "offered": ("submits offered a second", "submit_sm to response [ms]"),
    "connections": ("binds", "messages a second, receipts at the sender"),
    "log": ("messages in the log", "messages a second"),
    "soak": ("minutes at 3,000 messages a second", "resident MiB"),
}
TITLES = {
    "receipts": "SMPP to SMPP until the last receipt is at the sender (Kannel: HTTP to SMPP, reports by HTTP)",
    "submits": "SMPP to SMPP without receipts; smpp34 only answers",
    "http": "HTTP to SMPP without receipts, until the last message is at the carrier",
    "mo": "MO with 1,000 keywords, until the last reply is at the carrier",
    "windows": "Rate against the window",
    "offered": "Latency against the offered load, every state durable",
    "connections": "Rate against connections, every state durable",
    "log": "Rate against messages in the log: of the node, and of its store alone",
    "memory": "Memory of what is in flight, every state durable",
    "soak": "Memory over time under load, every state durable",
    "instructions": "Instructions of the core, by callgrind, against the committed baseline",
    "customers": "Customers by locust, every state durable (its own report: locust.html)",
}


def text(results: Results) -> str:
    """The report; its pictures are called like what they show."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield "# Septet beside its peers and its floors"
    yield ""
    yield "One run on one machine, each in turn, repeated. Figures are medians; in brackets the least and the most."
    yield "The generator and the simulated carrier share one core; who is measured has those that are named below."
    yield ""
    yield from (f"- {name.replace('_', ' ')}: {value}" for name, value in (results.machine | results.options).items())
    yield ""
    yield "| target | wish | found | |"
    yield "|---|---|---|---|"
    yield from (verdict.shown for verdict in verdicts(results))
    for contest in results.contests:
        yield from _contest(results, contest)
    if results.latency:
        yield from _latency(results)
    for curve in results.curves:
        yield from _curve(results, curve)
    for name, rows in results.figures.items():
        yield from _figures(name, rows)
    if results.missing:
        yield from ("", "## Left out", "")
        yield from (f"- {name}: {reason}" for name, reason in results.missing.items())


def _heading(name: str) -> Iterator[str]:
    only = {"soak": "memory --full"}.get(name, name)
    yield from ("", f"## {TITLES[name]}", "", f"`{COMMAND} --only {only}`", "")


def _contest(results: Results, contest: str) -> Iterator[str]:
    yield from _heading(contest)
    yield f"![{TITLES[contest]}]({contest}.svg)"
    yield from ("", "| | messages/s | accepted/s | runs of | CPU seconds a million messages | peak MiB |")
    yield "|---|---|---|---|---|---|"
    for name, runs in results.contests[contest].items():
        rates = results.rates(contest, name)
        middle = f"{results.rate(contest, name):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"
        accepted = sorted(run["acked_per_second"] for run in runs)[len(runs) // 2]
        cpu = ", ".join(f"{who} {value:.1f}" for who, value in spread(runs, "cpu_per_million").items())
        peak = ", ".join(f"{who} {value:.0f}" for who, value in spread(runs, "peak_mib").items())
        failed = sum(not run["ok"] for run in runs)
        wrong = f"; {failed} of them NOT sound" if failed else ""
        yield f"| {name} | {middle} | {accepted:,.0f} | {len(runs)} × {runs[0]['count']:,}{wrong} | {cpu} | {peak} |"


def _latency(results: Results) -> Iterator[str]:
    yield from (
        "",
        "## Latency from submit_sm to its response, every state durable",
        "",
        f"`{COMMAND} --only latency`",
        "",
    )
    yield "An open loop counts from when a submit was due. Milliseconds; in brackets in that run's median commits."
    yield from (
        "",
        "| | run | accepted/s | median commit | p50 | p99 | p99.9 | loopback p50 |",
        "|---|---|---|---|---|---|---|---|",
    )
    for kind, runs in results.latency.items():
        for number, run in enumerate(runs, 1):
            commit = run["commit_us"]
            shown = " | ".join(
                f"{run['ack_latency'][name] / 1000:.2f} ({run['ack_latency'][name] / max(commit, 1):.1f})"
                for name in ("p50", "p99", "p99.9")
            )
            loopback = f"{run['loopback_us'] / 1000:.3f}" if "loopback_us" in run else ""
            yield f"| {kind} | {number} | {run['rate']:,.0f} | {commit / 1000:.2f} | {shown} | {loopback} |"


def _figures(name: str, rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from _heading(name)
    columns = list(next(iter(rows.values()), {}))
    yield f"| | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for label, row in rows.items():
        yield f"| {label} | {' | '.join(str(row.get(column, '')) for column in columns)} |"


def _curve(results: Results, curve: str) -> Iterator[str]:
    yield from _heading(curve)
    lines = results.curves[curve]
    yield f"![{TITLES[curve]}]({curve}.svg)"
    yield from ("", f"| {AXES[curve][0]} | {' | '.join(lines)} |", "|---" * (len(lines) + 1) + "|")
    for x in sorted({x for points in lines.values() for x, _ in points}):
        cells = [
            next((f"{y:,.0f}" if y >= 100 else f"{y:.2f}" for at, y in points if at == x), "")
            for points in lines.values()
        ]
        yield f"| {x:,.0f} | {' | '.join(cells)} |"
