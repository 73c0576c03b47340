"""A node as a process of its own between two carriers, an ESME and an application, under load that a seed repeats."""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.faults.parties import APP_KEY, APP_NUMBER, ESME_NUMBER, App, Centre, Esme
from tests.faults.record import Bounds, Record
from tests.support import HOST, carrier, eventually, free_ports

WINDOW = 50
DELIVER_WINDOW = 50
# A window for each carrier; the same for what the ESME and the webhook have not answered; and what the carriers gave
# without an answer, which they give again.
BOUNDS = Bounds(submits=2 * WINDOW, receipts=2 * DELIVER_WINDOW, inbound=2 * DELIVER_WINDOW + 2 * Centre.WINDOW)

_CONFIG = """\
[node]
name = "faults"
data_dir = "data"
[store]
durability = "{durability}"
reserve = {reserve}
[smpp]
listen = ["{host}:{smpp}"]
[http]
listen = "{host}:{http}"
[metrics]
listen = "{host}:{metrics}"
[[account]]
id = "esme"
system_id = "esme"
password = "secret"
deliver_window = {deliver_window}
[[account]]
id = "app"
api_key = "{key}"
webhook = {{ url = "http://{host}:{hook}/hook", secret = "secret" }}
[[number]]
address = "{esme_number}"
account = "esme"
carrier = "north"
[[number]]
address = "{app_number}"
account = "app"
carrier = "south"
[[route]]
to = ["461"]
carriers = [{{ id = "north" }}]
failover = {failover}
[[route]]
to = ["462"]
carriers = [{{ id = "south" }}]
"""


def seed() -> int:
    """The seed of this run: printed, so that `SEPTET_FAULTS_SEED` repeats what chance decided."""
    given = os.environ.get("SEPTET_FAULTS_SEED")
    chosen = int(given) if given else int.from_bytes(os.urandom(4))
    print(f"SEPTET_FAULTS_SEED={chosen}")
    return chosen


def cycles(few: int) -> int:
    """How often: a few in a plain run, `SEPTET_FAULTS_CYCLES` in `make faults`."""
    return int(os.environ.get("SEPTET_FAULTS_CYCLES", few))


class Town:
    """All of them."""

    def __init__(self, folder: Path, chance: random.Random, **options: object) -> None:
        self.folder = folder
        self.chance = chance
        self.program = ["-m", "septet"]
        self.options = options
        self.env: dict[str, str] = {}
        self.record = Record()
        self.smpp, self.http, self.metrics = free_ports(3)
        self.north = Centre("north", ESME_NUMBER, self.record, chance)
        self.south = Centre("south", APP_NUMBER, self.record, chance)
        self.esme = Esme(self.record, chance, self.smpp)
        self.app = App(self.record, chance, self.http)
        self.child: subprocess.Popen[bytes] | None = None
        self.kills = 0
        self.inbound = 0
        self.leavers = 0
        self.carrier_options: dict[str, object] = {}
        self._mo: asyncio.Task[None] | None = None
        self.client: aiohttp.ClientSession | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "node.log").read_text(errors="replace")

    async def open(self) -> None:
        for centre in (self.north, self.south):
            await centre.start()
        await self.app.start()
        self.write_config()
        self.esme.start()
        self.app.begin()
        self.client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._mo = asyncio.get_running_loop().create_task(self._inbound())

    def write_config(self) -> None:
        filled = {"durability": "full", "reserve": 1, "failover": "[]", **self.options}
        text = _CONFIG.format(
            host=HOST,
            smpp=self.smpp,
            http=self.http,
            metrics=self.metrics,
            hook=self.app.hook,
            key=APP_KEY,
            esme_number=ESME_NUMBER,
            app_number=APP_NUMBER,
            deliver_window=DELIVER_WINDOW,
            **filled,
        )
        for centre in (self.north, self.south):
            text += carrier(centre.name, centre.port, host=centre.host, window=WINDOW, **self.carrier_options)
        (self.folder / "node.toml").write_text(text)

    async def close(self) -> None:
        if self._mo is not None:
            self._mo.cancel()
        await self.esme.stop()
        await self.app.stop()
        if self.child is not None:
            self.child.kill()
            self.child.wait()
        for centre in (self.north, self.south):
            await centre.stop()
        if self.client is not None:
            await self.client.close()

    # --- the node

    def launch(self) -> None:
        """Starts the process, and waits for nothing."""
        with (self.folder / "node.log").open("ab") as out:
            self.child = subprocess.Popen(
                [sys.executable, *self.program, "serve", "-c", str(self.folder / "node.toml")],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.env},
            )

    async def ready(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not await self._is_ready():
            assert self.child is not None
            assert self.child.poll() is None, f"the node ended:\n{self.log[-3000:]}"
            assert time.monotonic() < deadline, f"not ready:\n{self.log[-3000:]}"
            await asyncio.sleep(0.02)  # between two looks

    async def _is_ready(self) -> bool:
        assert self.client is not None
        try:
            async with self.client.get(f"http://{HOST}:{self.http}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def metric(self, name: str) -> float:
        """The sum of a metric's samples."""
        assert self.client is not None
        async with self.client.get(f"http://{HOST}:{self.metrics}/metrics") as answer:
            text = await answer.text()
        return sum(float(m[1]) for m in re.finditer(rf"^{name}(?:{{.*}})? (\S+)", text, re.MULTILINE))

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        assert self.child is not None
        assert self.child.poll() is None, f"the node ended by itself:\n{self.log[-3000:]}"
        self.child.kill()
        self.child.wait()
        self.kills += 1

    async def terminate(self) -> None:
        """SIGTERM; its neighbours answer while it says good-bye."""
        assert self.child is not None
        self.child.terminate()
        await asyncio.to_thread(self.child.wait)
        self.child = None

    # --- the load

    def load(self, *, on: bool) -> None:
        self.esme.wanted = self.app.wanted = on
        if on:
            self.esme.pump()

    async def _inbound(self) -> None:
        """People write, and now and then somebody opts out whom messages are on their way to."""
        left = {self.north: 0, self.south: 0}
        while True:
            await asyncio.sleep(0.005)  # about as often as this
            for centre, users in ((self.north, self.esme), (self.south, self.app)):
                if not self.esme.wanted or len(centre.waiting) > 20:
                    continue
                self.inbound += 1
                person = f"46{1 if centre is self.north else 2}9{self.chance.randrange(10**6):06d}"
                centre.mo(f"m{self.inbound:07d}", person, parts=self.chance.choice([1, 1, 3]))
                if self.inbound % 20 == 0:
                    self.leavers += 1
                    # Whoever leaves stays a recipient until the next one leaves: nothing may go to them any more.
                    users.people[left[centre]] = f"46{1 if centre is self.north else 2}1{self.leavers:05d}"
                    left[centre] = self.chance.randrange(len(users.people))
                    centre.stop_word(users.people[left[centre]])

    async def until(self, events: int, seconds: float = 60.0) -> None:
        """Until so much more has happened."""
        target = self.record.events + events
        await eventually(lambda: self.record.events >= target, f"{events} events:\n{self.log[-2000:]}", seconds=seconds)

    async def settle(self, seconds: float = 60.0) -> None:
        """No new load; waits until everything that is owed has come. What never comes is for the checker to tell."""
        self.load(on=False)
        deadline = time.monotonic() + seconds

        def over() -> bool:
            return self.north.idle and self.south.idle and not self.record.lost()

        while not over() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)  # between two looks
        assert self.child is not None
        assert self.child.poll() is None, f"the node ended by itself:\n{self.log[-3000:]}"

    def problems(self, *, one_reference: bool = True) -> list[str]:
        """Every broken promise."""
        return self.record.problems(self.kills, BOUNDS, one_reference=one_reference)

    def check(self, *, twice: bool = True, order: bool = True, one_reference: bool = True) -> None:
        """The record holds, but for what comes twice, or for order, where the caller judges that."""
        left_out = ("came twice",) * (not twice) + ("disorder",) * (not order)
        problems = [it for it in self.problems(one_reference=one_reference) if not any(said in it for said in left_out)]
        assert not problems, "\n".join(problems)


@asynccontextmanager
async def town(folder: Path, chance: random.Random, **options: object) -> AsyncIterator[Town]:
    """A town for as long as the block lasts; its node is not started."""
    made = Town(folder, chance, **options)
    try:
        await made.open()
        yield made
    finally:
        await made.close()
