"""`septet load`: an SMPP load generator."""

from __future__ import annotations

import argparse
import json
import math
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from septet.cli.command import declare
from septet.load import Load, run

if TYPE_CHECKING:
    from septet.cli.command import Subparsers


def add(subparsers: Subparsers) -> None:
    """Declares the command."""
    parser = declare(
        subparsers,
        "load",
        _load,
        help="submit messages over SMPP as fast as they are taken, and account for every answer and receipt",
        example="septet load --connect 127.0.0.1:2775 --system-id demo --password demo1234 --from 12345 "
        "--count 20000 --window 500 --binds 2 --receipts",
    )
    parser.add_argument(
        "--connect",
        type=_address,
        default="127.0.0.1:2775",
        metavar="HOST:PORT",
        help="where SMPP is listened to (%(default)s)",
    )
    parser.add_argument("--system-id", default="demo", metavar="ID", help="who binds (%(default)s)")
    parser.add_argument("--password", default="demo1234", help="its password (the quickstart's)")
    parser.add_argument("--from", dest="source", default="12345", metavar="ADDRESS", help="the sender (%(default)s)")
    parser.add_argument("--count", type=_number(1), default=1000, metavar="N", help="messages in all (%(default)s)")
    parser.add_argument(
        "--window",
        type=_number(1, 1_000_000),
        default=100,
        metavar="N",
        help="unanswered submits on each bind (%(default)s)",
    )
    parser.add_argument("--binds", type=_number(1, 20_000), default=1, metavar="N", help="connections (%(default)s)")
    parser.add_argument(
        "--rate",
        type=_number(1, 10_000_000),
        default=0,
        metavar="R",
        help="submits a second over all binds; without it as many as the windows let through",
    )
    parser.add_argument("--receipts", action="store_true", help="ask for delivery receipts and wait for each")
    parser.add_argument(
        "--texts",
        choices=("short", "long", "unicode", "mixed"),
        default="short",
        help="what is sent; each part of a long text is a submit (%(default)s)",
    )
    parser.add_argument(
        "--seed", type=_number(0), default=0, metavar="N", help="varies texts and numbers (%(default)s)"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=120.0, metavar="S", help="give up after so many seconds (%(default)g)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def _load(options: Namespace) -> int:
    host, port = options.connect
    load = Load(
        host=host,
        port=port,
        system_id=options.system_id,
        password=options.password,
        source=options.source,
        count=options.count,
        window=options.window,
        binds=options.binds,
        rate=options.rate,
        receipts=options.receipts,
        texts=options.texts,
        seed=options.seed,
        timeout=options.timeout,
    )
    report = run(load)
    if options.json:
        print(json.dumps(report))
    else:
        for line in lines(report, receipts=options.receipts):
            print(line)
    return 0 if report["success"] else 1


def lines(report: Mapping[str, Any], *, receipts: bool) -> Iterator[str]:
    """The report for people."""
    yield f"acknowledged  {report['acked']} of {report['submits']} submits, {report['acked_per_second']:,.0f}/s"
    yield f"  latency     {_latency(report['ack_latency'])}"
    if receipts:
        complete = f"{report['complete_per_second']:,.0f}/s complete"
        yield f"receipts      {report['receipts']} of {report['acked']}, {complete}"
        yield f"  latency     {_latency(report['receipt_latency'])}"
        if report["by_state"]:
            yield "  states      " + ", ".join(f"{state} {count}" for state, count in report["by_state"].items())
    refused = {status: count for status, count in report["by_status"].items() if status != "ESME_ROK"}
    if refused:
        yield "refused       " + ", ".join(f"{status} {count}" for status, count in refused.items())
    if report["throttled"]:
        yield f"throttled     {report['throttled']}, each sent again"
    if report["messages_in"]:
        yield f"inbound       {report['messages_in']} messages from subscribers"
    losses = {words: report[name] for name, words in _LOSSES.items() if report[name]}
    if losses:
        yield "LOST          " + ", ".join(f"{count} {words}" for words, count in losses.items())
    if report["timed_out_waiting"]:
        yield "gave up       when the time-out was over"
    if report["ended"] is not None:
        yield f"cut           a connection ended early: {report['ended']}"
    yield "all is well" if report["success"] else "NOT everything went well"


_LOSSES = {
    "unsent": "not sent",
    "pending": "without an answer yet",
    "timed_out": "without an answer in time",
    "lost": "without an answer when their connection ended",
    "duplicate_ids": "answered with another's id",
    "receipts_missing": "without a receipt",
    "receipts_duplicate": "receipts too many",
    "receipts_unknown": "receipts for unknown ids",
}


def _latency(found: Mapping[str, int]) -> str:
    return "  ".join(f"{name} {micros / 1000:.1f} ms" for name, micros in found.items())


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _number(least: int, most: int = 2**48 - 1) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time in seconds above 0")
    return seconds
