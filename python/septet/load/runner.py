"""Runs a load: opens its connections and moves octets between them and the generator."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, cast

import uvloop

from septet._septet import LoadGenerator, smpp_status_name
from septet.errors import SeptetError

_LEAVE_SECONDS = 2.0
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What load, and where to.

    >>> Load(host="127.0.0.1", port=2775, system_id="demo", password="demo1234", source="12345").window
    100
    """

    host: str
    port: int
    system_id: str
    password: str
    source: str
    count: int = 1000
    window: int = 100
    binds: int = 1
    rate: int = 0
    receipts: bool = False
    texts: Literal["short", "long", "unicode", "mixed"] = "short"
    seed: int = 0
    timeout: float = 120.0

    @property
    def where(self) -> str:
        """The address, as one writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def run(load: Load) -> dict[str, Any]:
    """Runs it on an event loop of its own and gives the report; `success` says whether all went well.

    `cpu_seconds` is what it cost this process. A connection that cannot be made, or a bind that is refused, raises
    `SeptetError`.
    """
    before = time.process_time()
    report = uvloop.run(_Runner(load).run())
    return {**report, "cpu_seconds": time.process_time() - before}


class _Runner:
    def __init__(self, load: Load) -> None:
        self.load = load
        self.generator = LoadGenerator(
            system_id=load.system_id,
            password=load.password,
            source=load.source,
            binds=load.binds,
            window=load.window,
            count=load.count,
            rate=load.rate,
            receipts=load.receipts,
            texts=load.texts,
            seed=load.seed,
        )
        self.wires: list[_Wire] = []
        self.finished = asyncio.Event()
        self._unbound = load.binds
        self._touched: list[_Wire] = []
        self._leaving = False

    def now(self) -> int:
        return time.monotonic_ns() // 1000

    async def run(self) -> dict[str, Any]:
        ticking = asyncio.create_task(self._tick())
        try:
            await self._connect()
            if self.load.rate:
                threading.Thread(target=self._beat, args=[asyncio.get_running_loop()], daemon=True).start()
            timed_out = not await _within(self.finished, self.load.timeout)
            report = self.generator.report()
            await self._leave()
        finally:
            ticking.cancel()
            for wire in self.wires:
                wire.abort()
        if report["bind_refused"] is not None:
            raise SeptetError(
                f"{self.load.where}: the bind was refused with {_status(report['bind_refused'])}: "
                "check the system id and the password",
                "load.bind_refused",
            )
        return {"timed_out_waiting": timed_out, **report}

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(self.load.binds):
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await loop.create_connection(lambda: _Wire(self), self.load.host, self.load.port)
            except TimeoutError:
                raise SeptetError(
                    f"{self.load.where}: no connection within {_CONNECT_SECONDS:g} s; is a node listening there?",
                    "load.unreachable",
                ) from None
            except OSError as error:
                raise SeptetError(
                    f"{self.load.where}: {_reason(error)}; is a node listening there?", "load.unreachable"
                ) from None

    async def _tick(self) -> None:
        # Timers and pauses; thousands of connections are not looked at so often that it costs more than the load.
        while True:
            await asyncio.sleep(max(0.01, len(self.wires) / 50_000))
            self.generator.tick(self.now())
            self._turn_all()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        # An open loop writes by the clock, and the loop's own timers are too coarse for that by as much as two slots.
        while not self.finished.is_set() and not loop.is_closed():
            now = self.now()
            time.sleep((self.generator.next_slot(now) - now) / 1e6)
            with suppress(RuntimeError):  # the loop has just closed
                loop.call_soon_threadsafe(self._turn_all)

    def bound(self) -> None:
        """A connection has its first answer: with the last of them all may begin."""
        self._unbound -= 1
        if self._unbound == 0:
            asyncio.get_running_loop().call_soon(self._turn_all)

    def turn_soon(self, wire: _Wire) -> None:
        """Something was read: write once this turn of the loop has read what there is."""
        if not self._touched:
            asyncio.get_running_loop().call_soon(self._turn)
        if not wire.touched:
            wire.touched = True
            self._touched.append(wire)

    def _turn_all(self) -> None:
        self._write(self.wires)

    def _turn(self) -> None:
        touched, self._touched = self._touched, []
        self._write(touched)

    def _write(self, wires: list[_Wire]) -> None:
        """Fills and writes each of these connections, once."""
        for wire in wires:
            wire.touched = False
            wire.write(fill=not self._leaving)
        if self.generator.done():
            self.finished.set()

    async def _leave(self) -> None:
        self._leaving = True
        self.generator.unbind(self.now())
        self._turn_all()
        deadline = time.monotonic() + _LEAVE_SECONDS
        for wire in self.wires:
            await _within(wire.gone, deadline - time.monotonic())


class _Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self, runner: _Runner) -> None:
        self.runner = runner
        self.number = -1
        self.transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()
        self.touched = False
        self._heard = False
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not instances of asyncio.Transport.
        self.transport = cast("asyncio.Transport", transport)
        self.number = self.runner.generator.open(self.runner.now())
        self.runner.wires.append(self)
        self.runner.turn_soon(self)

    def data_received(self, data: bytes) -> None:
        self.runner.generator.receive(self.number, data, self.runner.now())
        self.runner.turn_soon(self)
        if not self._heard:
            self._heard = True
            self.runner.bound()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.transport = None
        self.runner.generator.closed(self.number)
        self.gone.set()
        self.runner.turn_soon(self)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self.runner.turn_soon(self)

    def write(self, *, fill: bool) -> None:
        if self.transport is None:
            return
        if fill and not self._full:
            self.runner.generator.fill(self.number, self.runner.now())
        octets = self.runner.generator.output(self.number)
        if octets:
            self.transport.write(octets)
        if self.runner.generator.over(self.number):
            self.transport.close()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()
    except TimeoutError:
        return event.is_set()
    return True


def _status(code: int) -> str:
    name = smpp_status_name(code)
    return f"0x{code:08X}" if name in ("vendor", "reserved") else name


def _reason(error: OSError) -> str:
    # Where a name has several addresses, or on uvloop, the text of the exception is longer than its cause.
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
