from __future__ import annotations

import socket

import pytest

from septet.delivery.targets import ForbiddenTargetError, allowed, guarded_socket, reach
from septet.errors import SeptetError

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:53aa:64c::1",
]
MAPPED = ["::ffff:127.0.0.1", "::ffff:10.0.0.1"]
NEVER = ["0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "fe80::1%eth0", "ff02::1"]  # noqa: S104 - none is bound


@pytest.mark.parametrize("address", [*PRIVATE, *MAPPED])
def test_a_private_address_is_reached_only_by_its_own_name(address: str) -> None:
    assert not allowed(address, "public")
    assert allowed(address, "local")


@pytest.mark.parametrize("address", [*NEVER, "::ffff:169.254.169.254"])
def test_some_addresses_are_never_reached(address: str) -> None:
    assert not allowed(address, "public")
    assert not allowed(address, "local")


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8"])
def test_a_public_address_is_always_reached(address: str) -> None:
    assert allowed(address, "public")
    assert allowed(address, "local")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:9000/hook", "local"),
        ("http://127.0.0.1/", "local"),
        ("http://[::1]:9000/", "local"),
        ("http://192.168.0.9/", "local"),
        ("https://example.com/", "public"),
        ("http://2130706433/", "public"),
        ("http://0x7f.1/", "public"),
        ("http://localhost.example.com/", "public"),
    ],
)
def test_only_an_address_written_out_is_local(url: str, expected: str) -> None:
    assert reach(url) == expected


@pytest.mark.parametrize("url", ["", "example.com", "ftp://example.com/", "http://", "http://[::1", "http://a:b/"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(SeptetError):
        reach(url)


def test_the_socket_of_a_forbidden_address_is_never_made() -> None:
    create = guarded_socket("public")
    with pytest.raises(ForbiddenTargetError):
        create((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)))
    create((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("8.8.8.8", 80))).close()
