"""`septet demo`: a guided two-way tour on simulated carriers."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console

from septet.cli.command import declare
from septet.demo.report import as_json, table
from septet.demo.stage import stage
from septet.demo.tour import tour

if TYPE_CHECKING:
    from septet.cli.command import Subparsers
    from septet.demo.stage import Stage
    from septet.demo.tour import Outcome

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add(subparsers: Subparsers) -> None:
    """Declares the command."""
    parser = declare(
        subparsers,
        "demo",
        _demo,
        help="play a guided two-way tour on simulated carriers; "
        "0 only if everything sent was delivered and every reply handled",
        example="septet demo --keep",
    )
    parser.add_argument("--seconds", type=_seconds, default=60.0, metavar="N", help="how long at most (%(default)g)")
    parser.add_argument("--keep", action="store_true", help="leave everything running afterwards, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise ArgumentTypeError(f"give a number of seconds above 0, at most a day, not {text!r}")
    return seconds


def _demo(options: Namespace) -> int:
    begun = time.monotonic()
    console = Console(highlight=False, quiet=options.json)
    if not console.is_terminal:
        console.width = 120  # a pipe has no width to keep to
    with _one_signal():
        console.print("Starting a node and two simulated carriers …")
        with stage(begun + options.seconds) as scene, _quiet_end():
            console.print(f"Ready after {time.monotonic() - begun:.1f} s. You are the customer who owns 12345.\n")
            outcome = tour(
                scene.api,
                scene.carriers,
                scene.esme,
                begun + options.seconds,
                lambda line: console.print(line, markup=False, no_wrap=True, overflow="ellipsis"),
            )
            _report(outcome, time.monotonic() - begun, options, console)
            if options.keep:
                _keep(scene)
    return 0 if outcome.ok else 1


def _report(outcome: Outcome, seconds: float, options: Namespace, console: Console) -> None:
    if options.json:
        print(json.dumps(as_json(outcome, seconds), ensure_ascii=False))
    else:
        console.print()
        console.print(table(outcome, console.width))
        verdict = "Everything sent was delivered, every reply handled" if outcome.ok else "Not everything went well"
        console.print(f"\n{verdict}: {len(outcome.rows)} messages in {seconds:.1f} s.")
    sys.stdout.flush()
    for line in outcome.missing:
        print(f"septet demo: missing: {line}", file=sys.stderr)


def _keep(scene: Stage) -> None:
    """Until Ctrl-C, or the node's own end; on stderr, so that JSON stays alone on stdout."""
    print("\nStill running; Ctrl-C ends it:", file=sys.stderr)
    for name, address in scene.addresses():
        print(f"  {name:<14} {address}", file=sys.stderr, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        scene.node.wait()


@contextmanager
def _one_signal() -> Iterator[None]:
    """The first signal interrupts, like Ctrl-C; later ones must not disturb the clearing up that follows."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _ignore()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _quiet_end() -> Iterator[None]:
    """Lets no signal disturb the clearing up that follows the block."""
    try:
        yield
    finally:
        _ignore()


def _ignore() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
