"""What the figures are held to: ratios within one run, so that the machine matters little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.side.results import Results, middle, spread


@dataclass(frozen=True)
class Verdict:
    """One target: what was found, in its unit, and what is wished for. None: a part of it was not measured."""

    what: str
    found: float | None
    wish: float
    most: bool = False  # the wish is an upper bound

    @property
    def met(self) -> bool | None:
        """Whether it is; None where it was not measured."""
        if self.found is None:
            return None
        return self.found <= self.wish if self.most else self.found >= self.wish

    @property
    def shown(self) -> str:
        """A row of the report's table."""
        met = {True: "met", False: "**not met**", None: "not measured"}[self.met]
        found = "" if self.found is None else f"{self.found:,.3g}" if self.found < 1000 else f"{self.found:,.0f}"
        return f"| {self.what} | {'≤' if self.most else '≥'} {self.wish:,g} | {found} | {met} |"


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _cpu(results: Results, contest: str, entry: str) -> float | None:
    runs = results.contests.get(contest, {}).get(entry)
    return spread(runs, "cpu_per_million")["node"] if runs else None


def _at(results: Results, curve: str, line: str, x: float) -> float | None:
    """The middle of what a curve has there: curves may have been drawn more than once."""
    return middle(y for at, y in results.curves.get(curve, {}).get(line, []) if at == x)


def verdicts(results: Results) -> Iterator[Verdict]:
    """Every target, in the order in which the project states them."""
    rate = results.rate
    full = rate("receipts", "septet full")
    yield Verdict("receipts, durable: rate / header proxy", _ratio(full, rate("receipts", "header proxy")), 0.15)
    yield Verdict(
        "receipts, durable: rate / Kannel, file store", _ratio(full, rate("receipts", "kannel, file store")), 15
    )
    yield Verdict("receipts, durable: rate / Jasmin", _ratio(full, rate("receipts", "jasmin")), 150)
    yield Verdict("receipts, durable: rate / smpp34 without any", _ratio(full, rate("submits", "smpp34")), 6)
    yield Verdict("receipts, durable: node CPU, µs a message", _cpu(results, "receipts", "septet full"), 10, most=True)
    header = rate("submits", "header proxy")
    yield Verdict("no receipts, durable: rate / header proxy", _ratio(rate("submits", "septet full"), header), 0.10)
    yield Verdict("no receipts, durable: node CPU, µs a message", _cpu(results, "submits", "septet full"), 6, most=True)
    yield Verdict("no receipts, memory: rate / header proxy", _ratio(rate("submits", "septet memory"), header), 0.3)
    yield Verdict(
        "no receipts, memory: node CPU, µs a message", _cpu(results, "submits", "septet memory"), 3, most=True
    )
    single = rate("http", "septet full, single")
    yield Verdict("HTTP, single: rate / Kannel, no store", _ratio(single, rate("http", "kannel, no store")), 1.2)
    batch = rate("http", "septet full, batches of 100")
    yield Verdict("HTTP, batches of 100: messages a second", batch, 60_000)
    yield Verdict("HTTP, batches of 100: rate / SMPP's", _ratio(batch, rate("submits", "septet full")), 0.5)
    yield Verdict(
        "MO: replies / Kannel's, no store", _ratio(rate("mo", "septet full"), rate("mo", "kannel, no store")), 5
    )
    yield from _latencies(results)
    yield from _growth(results)


def _latencies(results: Results) -> Iterator[Verdict]:
    runs = results.latency.get("open loop", [])
    for name, wish in (("p50", 6), ("p99", 20)):
        found = middle(run["ack_latency"][name] / run["commit_us"] for run in runs if run["commit_us"])
        yield Verdict(f"20,000 msg/s: submit_sm to response, {name} in commits", found, wish, most=True)
    runs = results.latency.get("one in flight", [])
    found = middle(
        (run["ack_latency"]["p50"] - run["loopback_us"]) / run["commit_us"] for run in runs if run["commit_us"]
    )
    yield Verdict("one in flight: p50 less the loopback, in commits", found, 1.5, most=True)


def _growth(results: Results) -> Iterator[Verdict]:
    for line in ("two of them submit", "all of them submit"):
        most = max((at for at, _ in results.curves.get("connections", {}).get(line, [])), default=0)
        found = _ratio(_at(results, "connections", line, most), _at(results, "connections", line, 2))
        yield Verdict(f"rate with {most:,.0f} binds / with 2 ({line})", found, 0.7)
    for line in ("node, full", "store, full"):
        points = results.curves.get("log", {}).get(line, [])
        found = _ratio(points[-1][1], points[0][1]) if len(points) > 1 else None
        most = points[-1][0] if points else 0
        yield Verdict(f"{line}: rate with {most:,.0f} messages in the log / with few", found, 0.9)
    accepted = [y for _, y in results.curves.get("offered", {}).get("acknowledged", [])]
    falls = [later / max(accepted[:at]) for at, later in enumerate(accepted) if at]
    yield Verdict("more offered: accepted / the most accepted with less", min(falls, default=None), 0.97)
