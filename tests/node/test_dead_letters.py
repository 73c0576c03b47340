from __future__ import annotations

from pathlib import Path

from septet.node.dead_letters import STATUSES
from tests.support import ACCOUNT, ADMIN_KEY, bound, carrier, on_loop, route, running, smsc


@on_loop
async def test_pages_reach_every_letter_and_a_replay_outlives_the_node(tmp_path: Path) -> None:
    async with smsc(receipts=True) as north:
        text = ACCOUNT + carrier("north", north.port) + route("north")
        async with running(text, tmp_path) as (node, api):
            await bound(node)
            north.answer = lambda _pdu: 0x0B
            ids = [await api.post(f"m{n}") for n in range(5)]
            for id in ids:
                await api.until(id, STATUSES[1])
            found: list[str] = []
            cursor: str | None = ""
            while cursor is not None:
                _status, page = await api("GET", f"/v1/dlq?limit=2{cursor and f'&cursor={cursor}'}", key=ADMIN_KEY)
                assert len(page["messages"]) <= 2
                found += [each["id"] for each in page["messages"]]
                cursor = page["cursor"]
            assert found == sorted(ids, reverse=True)
            north.answer = lambda _pdu: None
            _status, answer = await api("POST", "/v1/dlq/replay", {"ids": [ids[0], ids[0], "nobody"]}, key=ADMIN_KEY)
            first, second, third = answer["messages"]
            assert (first["status"], second["code"], third["code"]) == ("queued", "not_dead", "not_found")
            north.answer = lambda _pdu: 0
        async with running(text, tmp_path) as (_node, api):
            await api.until(ids[0], "delivered")
