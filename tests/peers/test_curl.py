"""curl: the HTTP API as a person at a terminal meets it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.node.harness import API_KEY, HOST, NUMBER, Node, wait_until

pytestmark = pytest.mark.peer


@pytest.fixture(autouse=True, scope="module")
def _curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")


def curl(url: str, *options: str) -> tuple[int, str, Any]:
    """Status, content type and JSON body of the answer."""
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", *options]
    command += ["--write-out", "\n%{http_code} %{content_type}", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    body, _, status = done.stdout.rpartition("\n")
    code, _, content_type = status.partition(" ")
    return int(code), content_type, json.loads(body) if "json" in content_type else body


def post(node: Node, body: str, *, key: str = API_KEY) -> tuple[int, str, Any]:
    headers = ["--header", f"Authorization: Bearer {key}", "--header", "Content-Type: application/json"]
    return curl(f"http://{HOST}:{node.http}/v1/messages", *headers, "--data", body)


def test_ready(node: Node) -> None:
    assert curl(f"http://{HOST}:{node.http}/readyz")[0] == 200
    assert curl(f"http://{HOST}:{node.http}/healthz")[0] == 200


def test_message_is_sent_and_becomes_delivered(node: Node) -> None:
    status, _, answer = post(node, json.dumps({"from": NUMBER, "to": "46701110001", "text": "Hello from curl"}))
    assert (status, answer["encoding"], answer["segments"]) == (202, "gsm7", 1)
    url = f"http://{HOST}:{node.http}/v1/messages/{answer['id']}"

    def message() -> Any:
        return curl(url, "--header", f"Authorization: Bearer {API_KEY}")[2]

    wait_until(lambda: message()["status"] == "delivered", "delivered")
    assert message()["id"] == answer["id"]
    assert [m["text"] for m in node.received() if m["to"] == "46701110001"] == ["Hello from curl"]


@pytest.mark.parametrize(
    "body",
    [
        '{"from": "12345", "to": "46701110002"',
        '["not", "an", "object"]',
        '{"from": "12345", "to": 46, "text": "x"}',
        '{"from": "12345", "text": "to whom?"}',
        '{"from": "12345", "to": "46701110002", "text": "x", "nonsense": 1}',
    ],
    ids=["cut", "array", "wrong type", "missing field", "unknown field"],
)
def test_wrong_body_is_a_problem_document(node: Node, body: str) -> None:
    status, content_type, problem = post(node, body)
    assert 400 <= status < 500
    assert content_type.startswith("application/problem+json")
    assert problem["status"] == status
    assert problem["code"]


def test_wrong_key_is_refused(node: Node) -> None:
    status, content_type, problem = post(node, '{"from": "12345", "to": "46701110002", "text": "x"}', key="wrong")
    assert status == 401
    assert content_type.startswith("application/problem+json")
    assert problem["code"]
