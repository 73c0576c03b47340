"""`septet send`, against a server that answers as it is told."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from septet import cli

ACCEPTED = {"id": "abc123", "encoding": "gsm7", "segments": 1}


class Node(ThreadingHTTPServer):
    """Answers each request with the next of `answers`, the last one for ever, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, Any]] = [(202, ACCEPTED)]
        self.asked: list[tuple[str, str, str | None, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Node

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, self.headers["Authorization"], body))
        status, answer = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = answer  # noqa: N815  # the name that the base class calls
    do_POST = answer  # noqa: N815  # the same

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def node() -> Iterator[Node]:
    with Node() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(node: Node, *more: str) -> int:
    wanted = [
        "send",
        "--url",
        node.url,
        "--from",
        "12345",
        "--to",
        "46701234567",
        "--text",
        "Hej å",
        *more,
    ]
    return cli.main(wanted if "--key" in more else [*wanted, "--key", "demo-key"])


def test_it_posts_one_message(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(node) == 0
    assert node.asked == [
        (
            "POST",
            "/v1/messages",
            "Bearer demo-key",
            {"from": "12345", "to": "46701234567", "text": "Hej å"},
        )
    ]
    assert capsys.readouterr().out == "abc123 accepted: gsm7, 1 segment(s)\n"


def test_the_key_may_come_from_the_environment(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEPTET_API_KEY", "from-env")
    assert cli.main(["send", "--url", node.url + "/", "--from", "1", "--to", "2", "--text", "x"]) == 0
    assert node.asked[0][1:3] == ("/v1/messages", "Bearer from-env")


def test_the_text_may_come_from_standard_input(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe"))
    assert send(node, "--text", "-") == 0
    assert node.asked[0][3]["text"] == "from a pipe"


def test_json_prints_the_answer(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(node, "--json") == 0
    assert json.loads(capsys.readouterr().out) == ACCEPTED


@pytest.mark.parametrize(
    ("status", "code"),
    [("delivered", 0), ("undeliverable", 1), ("blocked", 1), ("unknown", 1)],
)
def test_wait_asks_until_the_status_is_final(
    node: Node, status: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    node.answers = [
        (202, ACCEPTED),
        (200, {"id": "abc123", "status": "submitted"}),
        (200, {"id": "abc123", "status": status}),
    ]
    assert send(node, "--wait") == code
    assert [path for _, path, _, _ in node.asked] == [
        "/v1/messages",
        *["/v1/messages/abc123"] * 2,
    ]
    assert node.asked[0][3]["receipt"] is True
    assert capsys.readouterr().out == f"abc123 {status}\n"


def test_wait_gives_up(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.answers = [(202, ACCEPTED), (200, {"id": "abc123", "status": "queued"})]
    assert send(node, "--wait", "--timeout", "0") == 1
    assert "still queued after 0 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (
            403,
            {"code": "recipient_opted_out", "title": "Opted out"},
            "403 recipient_opted_out: Opted out",
        ),
        (
            422,
            {"code": "bad_field", "detail": "to: no digits"},
            "422 bad_field: to: no digits",
        ),
        (502, b"<html>", "502 Bad Gateway"),
        (500, [1], "500 Internal Server Error"),
        (200, b"hello", "not one of a Septet node"),
        (200, {"ok": True}, "not one of a Septet node"),
    ],
)
def test_a_refusal_is_one_line(
    node: Node, status: int, answer: Any, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    node.answers = [(status, answer)]
    assert send(node) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and told in shown.err


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        # Bound and not listening: the port stays ours, and a connection is refused.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert (
            cli.main(
                [
                    "send",
                    "--url",
                    url,
                    "--key",
                    "k",
                    "--from",
                    "1",
                    "--to",
                    "2",
                    "--text",
                    "x",
                ]
            )
            == 1
        )
    assert capsys.readouterr().err == f"septet: {url}/v1/messages: Connection refused; is the node running there?\n"


@pytest.mark.parametrize("more", [("--key", ""), ("--url", "file:///etc/passwd")])
def test_what_cannot_be_asked_is_wrong_usage(
    node: Node, more: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEPTET_API_KEY", raising=False)
    assert send(node, *more) == 2
    assert node.asked == []
