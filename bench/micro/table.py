"""The rows of a run as a table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Row:
    """One contender's result in one operation."""

    operation: str
    name: str
    read: str
    rate: float  # texts or PDUs a second
    correct: str
    beside: tuple[str, ...] = ()  # whom the ratios are to, in place of the best correct peer and the rival


rows: list[Row] = []


def _ratio(ours: float, theirs: float | None) -> str:
    return f"{ours / theirs:.1f}" if theirs else ""


def _columns(several: list[Row]) -> dict[str, float | None]:
    """Whom the ratios are to, and their rates."""
    if beside := several[0].beside:
        return {name: max((r.rate for r in several if r.name == name), default=None) for name in beside}
    peers = [r.rate for r in several if r.correct == "yes" and r.name not in {"septet", "careful Python"}]
    rivals = [r.rate for r in several if r.name == "careful Python"]
    return {"best correct peer": max(peers, default=None), "rival": max(rivals, default=None)}


def render(found: list[Row]) -> str:
    """A Markdown table for each operation: how many a second, and the ratios to others."""
    out = []
    for operation, group in groupby(sorted(found, key=lambda row: row.operation), key=lambda row: row.operation):
        several = list(group)
        columns = _columns(several)
        unit = "PDUs/s" if operation.startswith("submit_sm") else "texts/s"
        heads = ["who", "read", unit, "correct", *(f"× {name}" for name in columns)]
        out += [
            f"## {operation}",
            "",
            "| " + " | ".join(heads) + " |",
            "|---|---|--:|---" + "|--:" * len(columns) + "|",
        ]
        for row in several:
            ratios = [_ratio(row.rate, rate) for rate in columns.values()]
            rate = f"{row.rate:,.0f}" if row.rate >= 100 else f"{row.rate:.2f}"
            out.append("| " + " | ".join([row.name, row.read, rate, row.correct, *ratios]) + " |")
        out.append("")
    return "\n".join(out)
