"""An HTTP load: requests one after another on each of many kept connections, made before the clock starts.

    python -m bench.side.http_load --port 8080 --kind septet --count 20000 [--connections 64] [--batch 100]
        [--callbacks PORT] [--control PORT]

`--kind kannel` asks sendsms. `--control` is the simulated carrier's: *complete* is then when the last message is there.
With `--callbacks` receipts are asked for, and complete is when the last report has come to that port, Kannel's dlr-url.
Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote_plus

import uvloop

HERE = "127.0.0.1"
TEXTS = ("Your code is {n:06}.", "Parcel {n:06} arrives today between ten and noon, please bring this message along.")


def kannel(count: int, callbacks: int) -> Iterator[bytes]:
    """Requests of Kannel's sendsms."""
    head = "GET /cgi-bin/sendsms?username=tester&password=tester&from=12345"
    report = f"&dlr-mask=3&dlr-url=http%3A%2F%2F{HERE}%3A{callbacks}%2Fdlr%3Fkind%3D%25d" if callbacks else ""
    for n in range(count):
        text = quote_plus(TEXTS[n % 2].format(n=n))
        yield f"{head}&to=4670{n % 10_000_000:07}&text={text}{report} HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode()


def septet(count: int, batch: int, *, receipts: bool) -> Iterator[bytes]:
    """Requests of our API, single ones or batches."""
    for first in range(0, count, batch):
        messages = [
            {"from": "12345", "to": f"4670{n % 10_000_000:07}", "text": TEXTS[n % 2].format(n=n), "receipt": receipts}
            for n in range(first, min(first + batch, count))
        ]
        body = json.dumps(messages[0] if batch == 1 else {"messages": messages}).encode()
        head = f"POST /v1/messages HTTP/1.1\r\nHost: {HERE}\r\nAuthorization: Bearer bench-key\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        yield head.encode() + body


class Run:
    """What is still to be asked, and what was answered."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = iter(requests)
        self.open = len(requests)
        self.statuses: dict[str, int] = {}
        self.latencies: list[float] = []
        self.done = asyncio.Event()


class Client(asyncio.Protocol):
    """A connection with one request in flight."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.buffer = b""
        self.asked = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self) -> None:
        request = next(self.run.requests, None)
        if request is not None:
            self.asked = time.perf_counter()
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self.buffer = b""
        run = self.run
        status = head[9:12].decode()
        run.statuses[status] = run.statuses.get(status, 0) + 1
        run.latencies.append(time.perf_counter() - self.asked)
        run.open -= 1
        if run.open == 0:
            run.done.set()
        self.ask()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.run.open:
            self.run.statuses["closed"] = self.run.statuses.get("closed", 0) + 1


class Sink(asyncio.Protocol):
    """Takes the reports: every request is answered 200, and counted."""

    came = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        count = data.count(b"\r\n\r\n")
        Sink.came += count
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * count)


def _there(control: int) -> int:
    with urllib.request.urlopen(f"http://{HERE}:{control}/stats", timeout=10) as answer:
        return int(json.loads(answer.read())["accepted"])


async def load(options: argparse.Namespace) -> dict[str, Any]:
    """The run."""
    loop = asyncio.get_running_loop()
    if options.kind == "kannel":
        requests = list(kannel(options.count, options.callbacks))
    else:
        requests = list(septet(options.count, options.batch, receipts=bool(options.receipts)))
    if options.callbacks:
        await loop.create_server(Sink, HERE, options.callbacks, backlog=4096)
    run = Run(requests)
    pairs = [await loop.create_connection(lambda: Client(run), HERE, options.port) for _ in range(options.connections)]
    before, cpu = time.monotonic(), time.process_time()
    for _transport, client in pairs:
        client.ask()
    async with asyncio.timeout(options.timeout):
        await run.done.wait()
    accepted = time.monotonic() - before
    cpu = time.process_time() - cpu
    complete = accepted
    missing = 0
    if options.callbacks or options.control:
        deadline = before + options.timeout

        async def seen() -> int:
            return Sink.came if options.callbacks else await loop.run_in_executor(None, _there, options.control)

        while (came := await seen()) < options.count and time.monotonic() < deadline:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.005)
        complete = time.monotonic() - before
        missing = options.count - came
    latencies = sorted(run.latencies)
    return {
        "ok": set(run.statuses) == {"202"} and missing <= 0,
        "statuses": run.statuses,
        "missing": max(0, missing),
        "acked_per_second": options.count / accepted,
        "complete_per_second": options.count / complete,
        "ack_latency": {
            name: round(latencies[int(share * (len(latencies) - 1))] * 1e6)
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
        },
        "cpu_seconds": cpu,
    }


def main() -> None:
    """Prints the run as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=["septet", "kannel"], default="septet")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--receipts", action="store_true", help="ask our API for receipts")
    parser.add_argument("--callbacks", type=int, default=0)
    parser.add_argument("--control", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=120.0)
    print(json.dumps(uvloop.run(load(parser.parse_args()))))


if __name__ == "__main__":
    main()
