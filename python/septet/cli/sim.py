"""`septet sim`: a carrier to test against."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

import uvloop

from septet.cli.command import declare
from septet.config import Listen
from septet.errors import SeptetError
from septet.sim.control import Control, delay
from septet.sim.server import Simulator

if TYPE_CHECKING:
    from septet.cli.command import Subparsers


def add(subparsers: Subparsers) -> None:
    """Declares the command."""
    parser = declare(
        subparsers,
        "sim",
        _sim,
        help="run a simulated carrier that speaks SMPP, with receipts, MOs, queries, delays and errors",
        example="septet sim --listen 127.0.0.1:2776 --dlr-delay 0.5:2 --error-rate 0.01 --control 127.0.0.1:8076",
    )
    add_option = parser.add_argument
    add_option("--listen", type=_listen, default=Listen("127.0.0.1", 2776), metavar="HOST:PORT", help="where to listen")
    add_option("--control", type=_listen, metavar="HOST:PORT", help="HTTP: /mo /flood /stats /messages /script /drop")
    add_option("--system-id", default="", help="who may bind; default: anybody")
    add_option("--password", default="", help="with which password; default: any")
    add_option("--submit-delay", type=_delay, default=(0, 0), metavar="S[:MAX]", help="before a response [s]")
    add_option("--dlr-delay", type=_delay, default=(0, 0), metavar="S[:MAX]", help="before a receipt [s]")
    add_option("--dlr-fail-rate", type=_rate, default=0.0, metavar="F", help="receipts that say UNDELIV [0-1]")
    add_option("--early-dlr-rate", type=_rate, default=0.0, metavar="F", help="receipts before their response [0-1]")
    add_option("--double-dlr-rate", type=_rate, default=0.0, metavar="F", help="receipts sent twice [0-1]")
    add_option("--lost-dlr-rate", type=_rate, default=0.0, metavar="F", help="receipts that never leave [0-1]")
    add_option("--error-rate", type=_rate, default=0.0, metavar="F", help="submits refused [0-1]")
    add_option("--error-status", type=lambda t: int(t, 0), default=0x08, metavar="N", help="with which status")
    add_option("--no-reply-rate", type=_rate, default=0.0, metavar="F", help="submits never answered [0-1]")
    add_option("--throttle", type=int, default=0, metavar="N", help="submits a second, more are throttled; 0 = all")
    add_option("--window", type=int, default=100, metavar="N", help="unanswered deliver_sm per bind")
    add_option(
        "--keep",
        type=int,
        default=100_000,
        metavar="N",
        help="messages kept for /messages and for query_sm, cancel_sm and replace_sm",
    )
    add_option("--until-eof", action="store_true", help="stop when standard input ends")
    add_option("--seed", type=int, default=0, metavar="N", help="the same seed gives the same chances")


def _listen(text: str) -> Listen:
    try:
        return Listen.read(text)
    except (ValueError, SeptetError) as error:
        raise ArgumentTypeError(str(error)) from error


def _delay(text: str) -> tuple[int, int]:
    try:
        return delay(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate <= 1:
        raise ArgumentTypeError(f"a rate lies between 0 and 1, not at {text}")
    return rate


_OPTIONS = (
    "system_id",
    "password",
    "submit_delay",
    "dlr_delay",
    "dlr_fail_rate",
    "early_dlr_rate",
    "double_dlr_rate",
    "lost_dlr_rate",
    "error_rate",
    "error_status",
    "no_reply_rate",
    "throttle",
    "window",
    "keep",
)


def _sim(options: Namespace) -> int:
    behaviour = {name: getattr(options, name) for name in _OPTIONS}
    uvloop.run(_run(options, behaviour))
    return 0


def _ended(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()


async def _run(options: Namespace, behaviour: dict[str, Any]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if options.until_eof:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _ended, stop)
    simulator = Simulator(options.listen.host, options.listen.port, seed=options.seed, options=behaviour)
    await simulator.start()
    control = None if options.control is None else Control(simulator, str(options.control))
    if control is not None:
        await control.listener.start()
    print(f"simulated carrier on {simulator.host}:{simulator.port}", flush=True)
    await stop.wait()
    if control is not None:
        await control.listener.stop(1.0)
    await simulator.stop()
