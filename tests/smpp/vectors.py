"""The lines of `tests/vectors/smpp*.jsonl`, which the Rust tests read too."""

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors"


def load(name: str) -> list[Any]:
    return [json.loads(line) for line in (VECTORS / f"{name}.jsonl").read_text("utf-8").splitlines()]


def octets(value: Any) -> Any:
    """`{"hex": …}` as bytes, everything else as it is."""
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) and "hex" in value else value
