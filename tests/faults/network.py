"""A second host on this machine: a network namespace at the other end of a cable that the test can pull."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000
OURS, THEIRS = "198.18.77.1", "198.18.77.2"
"""Of the range that is set apart for tests of networks (RFC 2544)."""


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Cable:
    """One end is in our namespace, the other in the far host's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cut(self) -> None:
        """Packets are lost both ways, and nobody is told: the connections stand."""
        _ip("-n", self.name, "link", "set", "far", "down")

    def mend(self) -> None:
        """Packets pass again."""
        _ip("-n", self.name, "link", "set", "far", "up")

    def listen(self) -> socket.socket:
        """A socket on the far host, for this process."""
        made: list[socket.socket] = []

        def there() -> None:
            # A thread has a namespace of its own; what it makes stays there.
            namespace = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            try:
                if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) == 0:
                    made.append(socket.create_server((THEIRS, 0)))
            finally:
                os.close(namespace)

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        assert made, "the far host's namespace cannot be entered"
        return made[0]


def _missing() -> str:
    """Why there can be no second host here; empty if there can."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "a network namespace needs root (CAP_NET_ADMIN)"
    if shutil.which("ip") is None:
        return "`ip` is not installed (Debian: apt-get install iproute2)"
    return ""


@contextmanager
def far_host() -> Iterator[Cable]:
    """A second host, for as long as the block lasts; skips, saying why, where there can be none."""
    reason = _missing()
    if reason:
        pytest.skip(reason)
    name = f"septet{os.getpid()}"
    near = f"sp{os.getpid()}"
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"a network namespace may not be made here (CAP_SYS_ADMIN): {error.stderr.strip()}")
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", "far", "netns", name)
        _ip("addr", "add", f"{OURS}/30", "dev", near)
        _ip("link", "set", near, "up")
        _ip("-n", name, "addr", "add", f"{THEIRS}/30", "dev", "far")
        _ip("-n", name, "link", "set", "far", "up")
        yield Cable(name)
    finally:
        # The cable goes with either of its ends; the namespace with the last socket in it.
        subprocess.run(["ip", "link", "del", near], check=False, capture_output=True)
        _ip("netns", "del", name)
        assert not Path("/run/netns", name).exists()
