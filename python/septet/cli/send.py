"""`septet send`: one message through the HTTP API of a running node."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from septet.cli.client import add_url, bad_answer, call, usable
from septet.cli.command import declare
from septet.errors import SeptetError

if TYPE_CHECKING:
    from septet.cli.command import Subparsers

_DELIVERED = "delivered"
_FAILED = frozenset(
    {
        "undeliverable",
        "expired",
        "rejected",
        "failed",
        "cancelled",
        "blocked",
        "unknown",
    }
)
_POLL_SECONDS = 0.2


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "send",
        run,
        help="send one message through the HTTP API of a running node",
        example="septet send --key demo-key --from 12345 --to 46701234567 --text 'Hello' --wait",
    )
    add_url(parser)
    parser.add_argument(
        "--key",
        help="the account's API key; default: the environment variable SEPTET_API_KEY",
    )
    parser.add_argument("--from", dest="sender", required=True, metavar="ADDRESS", help="the sender")
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="the recipient")
    parser.add_argument("--text", required=True, help="the text; - reads it from standard input")
    parser.add_argument(
        "--wait",
        action="store_true",
        help="wait for the final status; 0 only if it is delivered",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long --wait waits (%(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print the node's answer as JSON")


def run(options: Namespace) -> int:
    """Send it, and wait if asked."""
    key = options.key or os.environ.get("SEPTET_API_KEY")
    if (problem := usable(options.url, key, "SEPTET_API_KEY")) or not key:
        print(f"septet send: {problem}", file=sys.stderr)
        return 2
    body = {
        "from": options.sender,
        "to": options.to,
        "text": sys.stdin.read() if options.text == "-" else options.text,
    }
    if options.wait:
        body["receipt"] = True
    base = options.url.rstrip("/")
    answer = _message(f"{base}/v1/messages", key, body)
    if options.wait:
        answer = _wait(f"{base}/v1/messages/{answer['id']}", key, options.timeout)
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
    elif options.wait:
        print(f"{answer['id']} {answer['status']}")
    else:
        print(f"{answer['id']} accepted: {answer.get('encoding')}, {answer.get('segments')} segment(s)")
    return 1 if options.wait and answer["status"] != _DELIVERED else 0


def _wait(url: str, key: str, timeout: float) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    while True:
        message = _message(url, key)
        if message.get("status") == _DELIVERED or message.get("status") in _FAILED:
            return message
        if time.monotonic() >= deadline:
            raise SeptetError(
                f"{url}: still {message.get('status')} after {timeout:g} s; raise --timeout or ask again later",
                "cli.timeout",
            )
        time.sleep(_POLL_SECONDS)


def _message(url: str, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = call(url, key, body)
    if "id" not in answer:
        raise bad_answer(url)
    return answer
