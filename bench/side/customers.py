"""Customers of both kinds by locust, against a node with every state durable; its own report goes beside ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.side.machine import HERE, LOAD_CORES, ROOT, output
from bench.side.peers.septet import node
from bench.side.runs import place


def customers(users: int, seconds: int, out: Path) -> dict[str, Any]:
    """Runs them; gives what locust counted of each kind of request."""
    out.mkdir(parents=True, exist_ok=True)
    locust = [str(Path(sys.executable).with_name("locust")), "-f", str(ROOT / "bench" / "load" / "locustfile.py")]
    locust += ["--headless", "--only-summary", "--json", "--html", str(out / "locust.html")]
    locust += ["--users", str(users), "--spawn-rate", str(users), "--run-time", f"{seconds}s"]
    with place() as (folder, far), node(folder, far) as found:
        where = ["--host", f"http://{HERE}:{found.http}", "--smpp", f"{HERE}:{found.smpp}"]
        text = output([*locust, *where, "--control", f"{HERE}:{far.control}"], cores=LOAD_CORES)
    rows = json.loads(text)
    return {
        f"{row['method']} {row['name']}": {
            "requests": row["num_requests"],
            "failures": row["num_failures"],
            "a second": round(row["num_requests"] / max(row["last_request_timestamp"] - row["start_time"], 1e-3), 1),
            "mean ms": round(row["total_response_time"] / max(row["num_requests"], 1), 1),
            "slowest ms": round(row["max_response_time"], 1),
        }
        for row in rows
    }
