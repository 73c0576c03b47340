from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from septet.cli import main
from septet.node import Node
from tests.support import (
    ACCOUNT,
    ADMIN_KEY,
    API_KEY,
    HOST,
    PERSON,
    carrier,
    eventually,
    linked,
    on_loop,
    running,
)

TEXT = "meet me at six"


def started(node: Node, *arguments: str, key: str = ADMIN_KEY) -> asyncio.Task[int]:
    """The command in a thread of its own: it waits for octets as it would in a terminal."""
    url = f"http://{HOST}:{node.http.port}"
    return asyncio.create_task(asyncio.to_thread(main, ["trace", *arguments, "--url", url, "--key", key]))


async def watched(node: Node) -> None:
    await eventually(lambda: node.traces.watchers, "somebody to watch")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), ["north/0 → submit_sm", 'destination_addr="4670*****67"', 'text="…"', "north/0 ← submit_sm_resp"]),
        (("--reveal",), [f'destination_addr="{PERSON}"', f'text="{TEXT}"']),
        (
            ("--full",),
            ["data_coding              0  default alphabet", 'text                     "…"', '  message_id  "c1"'],
        ),
    ],
)
@on_loop
async def test_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], told: list[str]
) -> None:
    async with linked(tmp_path) as (_north, node, api):
        command = started(node, "--link", "north", "--count", "2", *options)
        await watched(node)
        await api.post(TEXT)
        assert await command == 0
    shown = capsys.readouterr()
    for each in told:
        assert each in shown.out
    assert "watching north: north/0" in shown.err
    assert ("--reveal" in options) == (TEXT in shown.out)


@on_loop
async def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with linked(tmp_path) as (_north, node, api):
        command = started(node, "--link", "north/0", "--count", "1", "--json")
        await watched(node)
        await api.post(TEXT)
        assert await command == 0
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    assert [line["command"] for line in lines if "way" in line] == ["submit_sm"]


@on_loop
async def test_the_life_of_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with linked(tmp_path, receipts=True) as (_north, node, api):
        id = await api.post(TEXT)
        await api.until(id, "delivered")
        assert await started(node, id, key=API_KEY) == 0
        out = capsys.readouterr().out
        assert f"{id} mt from 12345 to 4670*****67: delivered" in out
        assert [line.split()[1] for line in out.splitlines() if line.startswith("  20")] == [
            "accepted",
            "submitted",
            "delivered",
        ]
        assert await started(node, id, "--json") == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["id"] == id
        assert await started(node, "nobody") == 1
        assert "404 not_found" in capsys.readouterr().err


@on_loop
async def test_what_goes_wrong_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(ACCOUNT + carrier("north", 9), tmp_path) as (node, _api):
        for arguments, key, told in (
            (("--link", "south"), ADMIN_KEY, "404 not_found"),
            (("--account", "demo"), API_KEY, "403 forbidden"),
        ):
            assert await started(node, *arguments, key=key) == 1
            error = capsys.readouterr().err.splitlines()
            assert len([line for line in error if line.startswith("septet: ")]) == 1
            assert told in error[-1]
        command = started(node, "--account", "demo")
        await watched(node)
        await node.stop()
        assert await command == 1
        assert "the node has ended the trace" in capsys.readouterr().err


def test_usage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEPTET_ADMIN_KEY", raising=False)
    assert main(["trace"]) == 2
    assert main(["trace", "--link", "north", "--account", "demo", "--key", "k"]) == 2
    assert main(["trace", "--link", "north"]) == 2
    assert "set SEPTET_ADMIN_KEY" in capsys.readouterr().err
    monkeypatch.setenv("SEPTET_ADMIN_KEY", "k")
    assert main(["trace", "--link", "north", "--url", "http://127.0.0.1:9"]) == 1
    assert "is the node running there?" in capsys.readouterr().err
