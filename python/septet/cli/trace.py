"""`septet trace`: PDUs of a link or an account as they pass, or the life of one message."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from rich.console import Console
from rich.text import Text

from septet.cli.client import add_url, bad_answer, call, opened, usable
from septet.cli.command import declare
from septet.dissector import full, summary
from septet.observe.logs import mask

if TYPE_CHECKING:
    from septet.cli.command import Subparsers

_ARROWS = {"in": ("←", "cyan"), "out": ("→", "green")}


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "trace",
        run,
        help="show the PDUs of a link or an account as they pass, or the life of one message",
        example="septet trace --link north --key demo-admin",
    )
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("id", nargs="?", metavar="ID", help="a message's id: show what happened to it")
    whom.add_argument("--link", metavar="CARRIER[/N]", help="watch a carrier's links, or its link N")
    whom.add_argument("--account", metavar="ACCOUNT", help="watch the binds of an account")
    parser.add_argument("--reveal", action="store_true", help="show texts and numbers, which are masked otherwise")
    parser.add_argument("--full", action="store_true", help="show every field, a line each")
    parser.add_argument("--count", type=int, metavar="N", help="end after so many PDUs")
    add_url(parser)
    parser.add_argument(
        "--key", help="the admin key, or to see a message an account's; default: SEPTET_ADMIN_KEY of the environment"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, a line for each PDU")


def run(options: Namespace) -> int:
    """Show it."""
    key = options.key or os.environ.get("SEPTET_ADMIN_KEY")
    if (problem := usable(options.url, key, "SEPTET_ADMIN_KEY")) or not key:
        print(f"septet trace: {problem}", file=sys.stderr)
        return 2
    base = options.url.rstrip("/")
    # A pipe gets what a line holds, however long; so does a terminal, which wraps by itself.
    console = Console(highlight=False, soft_wrap=True)
    if options.id is not None:
        return _life(call(f"{base}/v1/messages/{quote(options.id, safe='')}", key), options, console)
    asked = {"link": options.link} if options.link is not None else {"account": options.account}
    query = urlencode(asked | ({"reveal": "true"} if options.reveal else {}))
    url = f"{base}/v1/trace?{query}"
    with opened(url, key) as response:
        return _live(_objects(response, url), options, console)


def _objects(response: HTTPResponse, url: str) -> Iterator[dict[str, Any]]:
    for line in response:
        if line.strip():
            try:
                said = json.loads(line)
            except ValueError:
                said = None
            if not isinstance(said, dict):
                raise bad_answer(url)
            yield said


def _live(lines: Iterator[dict[str, Any]], options: Namespace, console: Console) -> int:
    left = options.count
    for said in lines:
        if options.json:
            print(json.dumps(said, ensure_ascii=False), flush=True)
        elif "way" in said:
            _print(said, options, console)
        elif "lost" in said:
            console.print(Text(f"… {said['lost']} PDUs more than can be shown", style="bold red"))
        elif "watching" in said:
            bound = ", ".join(said["sessions"]) or "no session yet"
            print(f"watching {said['watching']}: {bound}; Ctrl-C ends it", file=sys.stderr)
        if left is not None and "way" in said:
            left -= 1
            if left <= 0:
                return 0
    print("septet trace: the node has ended the trace", file=sys.stderr)
    return 1


def _print(said: dict[str, Any], options: Namespace, console: Console) -> None:
    arrow, style = _ARROWS[said["way"]]
    wrong = "error" in said or said["status"]
    head = Text(f"{said['at'][11:-1]} {said['session']} {arrow} ", style=style)
    if not options.full:
        console.print(head.append(summary(said), style="bold red" if wrong else "default"))
        return
    first, *rest = full(said)
    console.print(head.append(first, style="bold red" if wrong else "bold"))
    for line in rest:
        console.print(Text(line))


def _life(message: dict[str, Any], options: Namespace, console: Console) -> int:
    if options.json:
        print(json.dumps(message, ensure_ascii=False))
        return 0
    from_, to = (message[name] if options.reveal else mask(message[name]) for name in ("from", "to"))
    console.print(
        Text(f"{message['id']} {message['direction']} from {from_} to {to}: {message['status']}", style="bold")
    )
    for event in message["events"]:
        detail = f"  {event['detail']}" if event.get("detail") else ""
        console.print(Text(f"  {event['at']}  {event['event']}{detail}"))
    return 0
