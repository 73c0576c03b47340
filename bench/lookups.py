"""Look-ups in a log of many days and up to 10^8 rows, through `GET /v1/messages` of a running node.

    .venv/bin/python bench/lookups.py [--rows N …] [--days N] [--turns N] [--folder DIR]

The days are filled by `rust/septet-store/examples/fill.rs` in the tables and indexes that the store itself has made;
each row's record is that of a message which a node has sent, with another id and number. 10 % are inbound, 200 numbers
are ours, 10^7 people; half of the messages are one account's, one in a million is the account `rare`'s; one in 10^4
outbound ones is `failed`, one in 1,000 inbound ones `dead`.

A line for each question: milliseconds at the median and the 99th hundredth, warm (every question once more) and cold
(none of the log's files in memory before each).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

from nodes import HERE, Ports, node

ROOT = Path(__file__).resolve().parent.parent
END = datetime(2026, 11, 25, tzinfo=UTC)
ADMIN = "admin"
ACCOUNTS = ("large", "rare", "account-1")

Question = Callable[[random.Random, int], dict[str, object]]


def person(chance: random.Random) -> str:
    return f"4670{chance.randrange(10**7):07}"


def ours(chance: random.Random) -> str:
    return str(72_000 + chance.randrange(200))


def window(chance: random.Random, days: int, seconds: float) -> dict[str, object]:
    begin = END - timedelta(seconds=chance.uniform(seconds, days * 86_400))
    return {"since": begin.isoformat(), "until": (begin + timedelta(seconds=seconds)).isoformat()}


QUESTIONS: dict[str, tuple[str, Question]] = {
    "newest": (ADMIN, lambda _c, _d: {}),
    "to a person": (ADMIN, lambda c, _d: {"to": person(c)}),
    "to a person, as an account": ("large", lambda c, _d: {"to": person(c)}),
    "from a person": (ADMIN, lambda c, _d: {"from": person(c)}),
    "to nobody known": (ADMIN, lambda c, _d: {"to": "999" + person(c)}),
    "from a number of ours": (ADMIN, lambda c, _d: {"from": ours(c)}),
    "to a number of ours": (ADMIN, lambda c, _d: {"to": ours(c)}),
    "between two": (ADMIN, lambda c, _d: {"to": person(c), "from": ours(c)}),
    "to a person, failed": (ADMIN, lambda c, _d: {"to": person(c), "status": "failed"}),
    "from ours, failed": (ADMIN, lambda c, _d: {"from": ours(c), "status": "failed"}),
    "to ours, dead": (ADMIN, lambda c, _d: {"to": ours(c), "status": "dead"}),
    "to ours, failed (never is)": (ADMIN, lambda c, _d: {"to": ours(c), "status": "failed"}),
    "large account": ("large", lambda _c, _d: {}),
    "large account, 1,000": ("large", lambda _c, _d: {"limit": 1000}),
    "large account, inbound": ("large", lambda _c, _d: {"direction": "mo"}),
    "large account, failed": ("large", lambda _c, _d: {"status": "failed"}),
    "rare account": ("rare", lambda _c, _d: {}),
    "rare account, failed": ("rare", lambda _c, _d: {"status": "failed"}),
    "rare account, delivered": ("rare", lambda _c, _d: {"status": "delivered"}),
    "delivered": (ADMIN, lambda _c, _d: {"status": "delivered"}),
    "failed": (ADMIN, lambda _c, _d: {"status": "failed"}),
    "unknown (none is)": (ADMIN, lambda _c, _d: {"status": "unknown"}),
    "a second": (ADMIN, lambda c, d: window(c, d, 1)),
    "an hour of an account": ("account-1", lambda c, d: window(c, d, 3600)),
    "an hour, failed": (ADMIN, lambda c, d: {"status": "failed"} | window(c, d, 3600)),
}


class Client:
    """One connection to the API."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HERE, port, timeout=600)

    def ask(self, key: str, path: str) -> dict[str, object]:
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        answer = self._connection.getresponse()
        octets = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {octets!r}")
        return dict(json.loads(octets))

    def messages(self, key: str, query: dict[str, object]) -> tuple[list[dict[str, object]], str | None]:
        """A page, and the cursor of the next one."""
        answer = self.ask(key, f"/v1/messages?{urlencode(query)}")
        return cast("list[dict[str, object]]", answer["messages"]), cast("str | None", answer["cursor"])


def configuration(folder: Path, ports: Ports) -> str:
    """A node with the accounts that ask."""
    accounts = "".join(f'[[account]]\nid = "{name}"\napi_key = "{name}"\n' for name in ACCOUNTS)
    return ports.toml(folder) + '[store]\ndurability = "os"\nretention = 0\n' + accounts


def template(folder: Path) -> None:
    """Has a node send one message and fold it."""
    ports = Ports.free()
    with node(folder, configuration(folder, ports), ports) as one:
        connection = http.client.HTTPConnection(HERE, one.ports.http, timeout=10)
        body = json.dumps(
            {"from": "12345", "to": "46700000001", "text": "Your code is 123456. It is valid for ten minutes."}
        )
        headers = {"Authorization": "Bearer large", "Content-Type": "application/json"}
        connection.request("POST", "/v1/messages", body, headers)
        if (answer := connection.getresponse()).status != 202:
            raise SystemExit(f"{answer.status} {answer.read()!r}")
        deadline = time.monotonic() + 30
        while not list(folder.glob("log-*.db")):
            if time.monotonic() > deadline:
                raise SystemExit("the message was not folded")
            time.sleep(0.1)


def fill(folder: Path, rows: int, days: int) -> None:
    command = ["cargo", "run", "--release", "--locked", "--quiet", "-p", "septet-store", "--example", "fill", "--"]
    subprocess.run([*command, str(folder), str(rows), str(days)], cwd=ROOT, check=True)


def timed(work: Callable[..., object], *arguments: object) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - begun) * 1e3


def forget(files: Iterable[Path]) -> None:
    """Has the system drop what it holds of these files."""
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def spread(times: list[float]) -> str:
    times.sort()
    return f"{times[len(times) // 2]:8.2f} {times[min(len(times) - 1, len(times) * 99 // 100)]:8.2f}"


def ask(client: Client, files: list[Path], days: int, turns: int) -> None:
    print(f"{'':30}{'warm p50':>9}{'p99':>9}{'cold p50':>9}{'p99':>9}{'rows':>6}")
    for name, (key, question) in QUESTIONS.items():
        chance = random.Random(name)
        asked = [question(chance, days) for _ in range(turns)]
        found = [len(client.messages(key, query)[0]) for query in asked]
        warm = [timed(client.messages, key, query) for query in asked]
        cold = []
        for query in asked[: max(3, turns // 5)]:
            forget(files)
            cold.append(timed(client.messages, key, query))
        print(f"{name:30} {spread(warm)} {spread(cold)} {max(found):5}", flush=True)
    ids = [row["id"] for row in client.messages("large", {"limit": turns})[0]]
    print(f"{'by id':30} {spread([timed(client.ask, 'large', f'/v1/messages/{one}') for one in ids])}")
    walk(client, turns)


def walk(client: Client, pages: int) -> None:
    """Page after page of an account's failed messages: each costs what the first does."""
    query: dict[str, object] = {"status": "failed"}
    times = []
    while len(times) < pages:
        begun = time.perf_counter()
        _, cursor = client.messages("large", query)
        times.append((time.perf_counter() - begun) * 1e3)
        if cursor is None:
            break
        query["cursor"] = cursor
    print(f"{f'{len(times)} pages of failed':30} {spread(times)}")


def measure(folder: Path, rows: int, days: int, turns: int) -> None:
    """Fills, asks, prints."""
    template(folder)
    begun = time.monotonic()
    fill(folder, rows, days)
    took = time.monotonic() - begun
    files = sorted(folder.glob("log-*.db"))
    octets = sum(file.stat().st_size for file in files)
    print(f"{rows:,} rows in {days} days, {octets / rows:.0f} octets each, filled in {took:.0f} s", flush=True)
    ports = Ports.free()
    with node(folder, configuration(folder, ports), ports) as one:
        ask(Client(one.ports.http), files, days, turns)
        print(f"{one.resident() / 2**20:.0f} MiB of memory", flush=True)


def main() -> int:
    """Prints a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--turns", type=int, default=50, help="of each question")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where the log is made; 10^8 rows take 60 GB")
    options = parser.parse_args()
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()[0]}))
    for rows in options.rows:
        with tempfile.TemporaryDirectory(prefix="septet-lookups-", dir=options.folder) as name:
            measure(Path(name), rows, options.days, options.turns)
    return 0


if __name__ == "__main__":
    sys.exit(main())
