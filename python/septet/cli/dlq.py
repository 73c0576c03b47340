"""`septet dlq`: what ended without being delivered, and another try for it."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from septet.cli.client import add_url, bad_answer, call, usable
from septet.cli.command import declare
from septet.observe.logs import mask

if TYPE_CHECKING:
    from septet.cli.command import Subparsers

_FILTERS = ("account", "carrier", "status", "since", "until")
_PAGE = 500


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "dlq",
        run,
        help="list, show and replay dead letters: what ended without being delivered",
        example="septet dlq list --status failed --key demo-admin",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, dest="verb")
    _common(verbs.add_parser("list", help="list them, newest first"), filters=True)
    show = verbs.add_parser("show", help="show the life of one message")
    show.add_argument("id", metavar="ID")
    _common(show, filters=False)
    replay = verbs.add_parser("replay", help="queue them again, under their ids")
    replay.add_argument("ids", metavar="ID", nargs="*")
    replay.add_argument("--all-matching", action="store_true", help="replay all that the filters leave")
    _common(replay, filters=True)


def _common(parser: ArgumentParser, *, filters: bool) -> None:
    if filters:
        parser.add_argument("--account", metavar="ID")
        parser.add_argument("--carrier", metavar="ID")
        parser.add_argument("--status", choices=("failed", "rejected", "expired", "unknown", "dead"))
        parser.add_argument("--since", metavar="TIME", help="accepted at or after, RFC 3339 with an offset")
        parser.add_argument("--until", metavar="TIME", help="accepted before")
        parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most so many (%(default)s)")
    add_url(parser)
    parser.add_argument("--key", help="the admin key; default: SEPTET_ADMIN_KEY of the environment")
    parser.add_argument("--json", action="store_true", help="print JSON, a line for each message")


def run(options: Namespace) -> int:
    """Do it."""
    key = options.key or os.environ.get("SEPTET_ADMIN_KEY")
    if (problem := usable(options.url, key, "SEPTET_ADMIN_KEY")) or not key:
        print(f"septet dlq: {problem}", file=sys.stderr)
        return 2
    base = options.url.rstrip("/")
    if options.verb == "show":
        print(json.dumps(call(f"{base}/v1/messages/{quote(options.id, safe='')}", key), ensure_ascii=False, indent=2))
        return 0
    if options.verb == "list":
        for message in _listed(base, key, options):
            print(json.dumps(message, ensure_ascii=False) if options.json else _line(message))
        return 0
    if bool(options.ids) == options.all_matching:
        print("septet dlq replay: give ids, or --all-matching and filters", file=sys.stderr)
        return 2
    ids = [message["id"] for message in _listed(base, key, options)] if options.all_matching else options.ids
    return _replay(f"{base}/v1/dlq/replay", key, ids, options)


def _listed(base: str, key: str, options: Namespace) -> Iterator[dict[str, Any]]:
    asked = {name: value for name in _FILTERS if (value := getattr(options, name)) is not None}
    left, cursor = options.limit, None
    while left > 0:
        page = asked | {"limit": str(min(left, _PAGE))} | ({"cursor": cursor} if cursor else {})
        url = f"{base}/v1/dlq?{urlencode(page)}"
        answer = call(url, key)
        if not isinstance(answer.get("messages"), list):
            raise bad_answer(url)
        yield from answer["messages"]
        left -= len(answer["messages"])
        cursor = answer.get("cursor")
        if cursor is None:
            return


def _line(message: dict[str, Any]) -> str:
    cause = f" error {message['error']}" if message.get("error") else ""
    over = f" over {message['carrier']}" if message.get("carrier") else ""
    return f"{message['id']} {message['updated_at']} {message['status']}{cause} to {mask(message['to'])}{over}"


def _replay(url: str, key: str, ids: list[str], options: Namespace) -> int:
    refused = 0
    for start in range(0, len(ids), _PAGE):
        batch = ids[start : start + _PAGE]
        for id, answer in zip(batch, call(url, key, {"ids": batch})["messages"], strict=True):
            refused += "code" in answer
            if options.json:
                print(json.dumps({"id": id} | answer, ensure_ascii=False))
            else:
                print(f"{id} {answer['status']}" if "code" not in answer else f"{answer['code']}: {answer['detail']}")
    return 1 if refused else 0
