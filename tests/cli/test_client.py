from __future__ import annotations

import socket
import threading

import pytest

from septet.cli.client import call, usable
from septet.errors import SeptetError


def answering(octets: bytes) -> str:
    """The address of a server that answers one request with these octets and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as taken:
            taken.recv(65536)
            taken.sendall(octets)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1/x"


def body(text: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status.encode(), len(text), text)


def test_an_object_comes_back() -> None:
    assert call(answering(body(b'{"id": "m1"}')), "k") == {"id": "m1"}


@pytest.mark.parametrize(
    ("octets", "code", "told"),
    [
        (body(b"hello"), "cli.bad_answer", "not one of a Septet node"),
        (body(b"[]"), "cli.bad_answer", "not one of a Septet node"),
        (body(b'{"code": "not_found", "detail": "no such"}', "404 Not Found"), "cli.refused", "404 not_found: no such"),
        (body(b"<html>", "502 Bad Gateway"), "cli.refused", "502 Bad Gateway"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", "cli.unreachable", "is the node well?"),
        (b"", "cli.unreachable", "is the node"),
    ],
)
def test_whatever_goes_wrong_is_one_error(octets: bytes, code: str, told: str) -> None:
    with pytest.raises(SeptetError, match=told) as error:
        call(answering(octets), "k")
    assert error.value.code == code
    assert "\n" not in str(error.value)


def test_what_a_command_was_given() -> None:
    assert usable("http://x", "k", "V") is None
    assert usable("x", "k", "V") == "--url x must start with http:// or https://"
    assert usable("http://x", None, "V") == "no API key: give --key or set V"
