"""What happened, as a table for a person and as JSON for a program."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from septet.demo.tour import Outcome

_GOOD = frozenset({"delivered", "handed_over", "refused"})
_OTHERS = 62
"""Cells that the columns beside the text take, with the gaps."""


def table(outcome: Outcome, width: int = 80) -> Table:
    """A row for each message, in the order they were sent; the text gets what `width` leaves."""
    shown = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for name in ("step", "from → to", "text"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("seg", no_wrap=True, justify="right")
    for name in ("status", "receipt"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("s", no_wrap=True, justify="right")
    last = ""
    for row in outcome.rows:
        text = Text(row.text)
        text.truncate(max(12, min(60, width - _OTHERS)), overflow="ellipsis")
        shown.add_row(
            row.step if row.step != last else "",
            f"{row.sender} → {row.to}",
            text,
            str(row.segments or "–"),
            Text(row.status, style="green" if row.status in _GOOD else "red"),
            row.receipt or "–",
            f"{row.seconds:.2f}",
        )
        last = row.step
    return shown


def as_json(outcome: Outcome, seconds: float) -> dict[str, Any]:
    """The same, with what is missing.

    >>> as_json(Outcome(), 1.5)
    {'ok': True, 'seconds': 1.5, 'messages': [], 'missing': []}
    """
    messages = [
        {"from" if name == "sender" else name: value for name, value in asdict(row).items()} for row in outcome.rows
    ]
    return {"ok": outcome.ok, "seconds": round(seconds, 3), "messages": messages, "missing": outcome.missing}
