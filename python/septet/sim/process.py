"""Simulated carriers as processes: for `serve --with-simulators`, `demo` and tests."""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from septet.config import Carrier
from septet.errors import SeptetError

_START_SECONDS = 20.0


@contextmanager
def carrier_process(carrier: Carrier, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A simulator where `carrier` connects to, ended with the block."""
    command = [sys.executable, "-m", "septet", "sim", "--listen", f"{carrier.host}:{carrier.port}"]
    command += ["--system-id", carrier.system_id, "--password", carrier.password.reveal(), *options, "--until-eof"]
    # Its own session: Ctrl-C is for us, and we end it. Its standard input ends when we do, however we die.
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait(process, carrier)
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _wait(process: subprocess.Popen[bytes], carrier: Carrier) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((carrier.host, carrier.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SeptetError(f"the simulator of {carrier.id} does not start on {carrier.host}:{carrier.port}", "sim.start")


@contextmanager
def carrier_processes(carriers: Sequence[Carrier], *options: str) -> Iterator[None]:
    """A simulator for each carrier; each must be on a loopback address, so that nothing real is ever impersonated."""
    with ExitStack() as stack:
        for carrier in carriers:
            if not ipaddress.ip_address(carrier.host).is_loopback:
                message = f"carrier.{carrier.id}.host: {carrier.host} is not a loopback address"
                raise SeptetError(message, "sim.not_loopback")
            if carrier.tls is not None:
                raise SeptetError(f"carrier.{carrier.id}.tls: the simulator speaks no TLS; leave it out", "sim.no_tls")
            stack.enter_context(carrier_process(carrier, *options))
        yield
