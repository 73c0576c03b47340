"""Simulators as processes: they start, and never outlive whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import msgspec
import pytest

from septet.config import Carrier, CarrierTls, parse
from septet.errors import SeptetError
from septet.sim.process import carrier_process, carrier_processes
from tests.node.harness import wait_until
from tests.support import free_ports


def carrier(host: str = "127.0.0.1") -> Carrier:
    port = free_ports(1)[0]
    text = f'[[carrier]]\nid = "north"\nhost = "{host}"\nport = {port}\nsystem_id = "septet"\npassword = "secret"\n'
    return parse(text, ".").carrier[0]


def is_alive(pid: int) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")


def test_it_listens_within_the_block_and_is_gone_after_it() -> None:
    with carrier_process(carrier()) as process:
        assert process.poll() is None
    assert process.poll() is not None


def test_it_ends_with_whoever_started_it_even_by_kill_9() -> None:
    port = carrier().port
    program = (
        "from septet.config import parse; from septet.sim.process import carrier_process; import time\n"
        f'c = parse(\'[[carrier]]\\nid="n"\\nhost="127.0.0.1"\\nport={port}\\nsystem_id="s"\\npassword="p"\', ".")\n'
        "with carrier_process(c.carrier[0]) as p:\n    print(p.pid, flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not is_alive(pid), "the simulator's end")


def test_a_real_address_is_never_impersonated() -> None:
    with pytest.raises(SeptetError, match="loopback") as caught, carrier_processes([carrier("192.0.2.1")]):
        pass
    assert caught.value.code == "sim.not_loopback"


def test_a_carrier_with_tls_has_no_simulator() -> None:
    secured = msgspec.structs.replace(carrier(), tls=CarrierTls())
    with pytest.raises(SeptetError, match="speaks no TLS") as caught, carrier_processes([secured]):
        pass
    assert caught.value.code == "sim.no_tls"


def test_a_port_in_use_is_named() -> None:
    taken = carrier()
    with carrier_process(taken):
        # Somebody listens there, but it is not ours: ours has ended with a message.
        command = [sys.executable, "-m", "septet", "sim", "--listen", f"{taken.host}:{taken.port}"]
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert "in use" in second.stderr
    assert second.stderr.count("\n") == 1
