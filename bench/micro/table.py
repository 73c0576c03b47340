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
    rate: float  # texts a second
    correct: str


rows: list[Row] = []


def _ratio(ours: float, theirs: float | None) -> str:
    return "" if theirs is None else f"{ours / theirs:.1f}"


def render(found: list[Row]) -> str:
    """A Markdown table for each operation: texts a second, and the ratios to the best correct peer and to the rival."""
    out = []
    for operation, group in groupby(sorted(found, key=lambda row: row.operation), key=lambda row: row.operation):
        several = list(group)
        peers = [r.rate for r in several if r.correct == "yes" and r.name not in {"septet", "careful Python"}]
        rivals = [r.rate for r in several if r.name == "careful Python"]
        out += [f"## {operation}", "", "| who | read | texts/s | correct | × best correct peer | × rival |"]
        out += ["|---|---|--:|---|--:|--:|"]
        for row in several:
            ratios = _ratio(row.rate, max(peers, default=None)), _ratio(row.rate, max(rivals, default=None))
            cells = (
                row.name,
                row.read,
                f"{row.rate:,.0f}" if row.rate >= 100 else f"{row.rate:.2f}",
                row.correct,
                *ratios,
            )
            out.append("| " + " | ".join(cells) + " |")
        out.append("")
    return "\n".join(out)
