from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from septet.cli import main
from septet.node import Node
from tests.support import ACCOUNT, ADMIN_KEY, HOST, bound, carrier, on_loop, route, running, smsc


def world(port: int) -> str:
    return ACCOUNT + carrier("north", port) + route("north")


async def dlq(node: Node, *arguments: str) -> int:
    url = f"http://{HOST}:{node.http.port}"
    return await asyncio.to_thread(main, ["dlq", *arguments, "--url", url, "--key", ADMIN_KEY])


@on_loop
async def test_a_dead_letter_is_listed_shown_and_replayed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with smsc(receipts=True) as north, running(world(north.port), tmp_path) as (node, api):
        await bound(node)
        north.answer = lambda _pdu: 0x0B
        ids = [await api.post(f"m{n}") for n in range(3)]
        for id in ids:
            await api.until(id, "rejected")
        capsys.readouterr()
        assert await dlq(node, "list", "--json", "--account", "demo", "--carrier", "north") == 0
        listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [each["id"] for each in listed] == sorted(ids, reverse=True)
        assert await dlq(node, "list", "--status", "failed") == 0
        assert await dlq(node, "list", "--carrier", "south") == 0
        assert capsys.readouterr().out == ""
        assert await dlq(node, "show", ids[0]) == 0
        assert json.loads(capsys.readouterr().out)["status"] == "rejected"
        north.answer = lambda _pdu: 0
        assert await dlq(node, "replay", "--all-matching") == 0
        for id in ids:
            await api.until(id, "delivered")
        assert len(north.submits) == 6
        assert await dlq(node, "replay", ids[0]) == 1
        assert f"not_dead: {ids[0]}: it has ended as delivered" in capsys.readouterr().out


@on_loop
async def test_the_list_is_the_operators(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(world(9), tmp_path) as (node, api):
        assert (await api("GET", "/v1/dlq"))[0] == 403
        assert (await api("POST", "/v1/dlq/replay", {"ids": ["X"]}))[0] == 403
        assert await dlq(node, "replay") == 2
        assert await dlq(node, "replay", "00000000000000000000") == 1
        assert "not_found" in capsys.readouterr().out
