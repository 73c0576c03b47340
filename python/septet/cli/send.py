"""`septet send`: one message through the HTTP API of a running node."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from argparse import Namespace
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

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
    parser.add_argument(
        "--url",
        default="http://127.0.0.1:8080",
        help="where the node's API listens (%(default)s)",
    )
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
    if not key:
        print("septet send: no API key: give --key or set SEPTET_API_KEY", file=sys.stderr)
        return 2
    if not options.url.startswith(("http://", "https://")):
        print(
            f"septet send: --url {options.url} must start with http:// or https://",
            file=sys.stderr,
        )
        return 2
    body = {
        "from": options.sender,
        "to": options.to,
        "text": sys.stdin.read() if options.text == "-" else options.text,
    }
    if options.wait:
        body["receipt"] = True
    base = options.url.rstrip("/")
    answer = _call(f"{base}/v1/messages", key, body)
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
        message = _call(url, key)
        if message.get("status") == _DELIVERED or message.get("status") in _FAILED:
            return message
        if time.monotonic() >= deadline:
            raise SeptetError(
                f"{url}: still {message.get('status')} after {timeout:g} s; raise --timeout or ask again later",
                "cli.timeout",
            )
        time.sleep(_POLL_SECONDS)


def _call(url: str, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise SeptetError(f"{url}: {_problem(error)}", "cli.refused") from None
    except urllib.error.URLError as error:
        raise SeptetError(
            f"{url}: {getattr(error.reason, 'strerror', None) or error.reason}; is the node running there?",
            "cli.unreachable",
        ) from None
    except (OSError, HTTPException) as error:
        raise SeptetError(
            f"{url}: {getattr(error, 'strerror', None) or error or 'the connection broke'}; is the node well?",
            "cli.unreachable",
        ) from None
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or "id" not in answer:
        raise SeptetError(f"{url}: the answer is not one of a Septet node", "cli.bad_answer")
    return answer


def _problem(error: urllib.error.HTTPError) -> str:
    """A problem document (RFC 9457) in one line."""
    try:
        document = json.load(error)
        told = [str(document[name]) for name in ("code", "title", "detail") if document.get(name)]
    except (ValueError, OSError, HTTPException, TypeError, AttributeError):
        told = []
    return f"{error.code} " + (": ".join(told) or error.reason)
