from __future__ import annotations

from pathlib import Path

from tests.support import ACCOUNT, Esme, bound, carrier, eventually, on_loop, route, running, smsc


def waits(port: int) -> str:
    """The account, whose ESME listens there."""
    table = f'{{ host = "127.0.0.1", port = {port}, system_id = "node", password = "word", pause = 0.05 }}'
    return ACCOUNT + f"outbind = {table}\n"


@on_loop
async def test_an_esme_that_waits_is_connected_to_and_gets_its_receipts(tmp_path: Path) -> None:
    esme = Esme()
    server = await esme.listen()
    account = waits(server.sockets[0].getsockname()[1])
    async with (
        smsc(receipts=True) as north,
        running(account + carrier("north", north.port) + route("north"), tmp_path) as (node, _api),
    ):
        await eventually(lambda: esme.outbinds, "the outbind")
        assert esme.outbinds == [("node", "word")]
        assert await esme.bind() == 0
        await bound(node)
        assert await esme.statuses([esme.submit()]) == [0]
        await eventually(lambda: esme.delivered, "the receipt")
        # It leaves: the node comes again.
        esme.peer.cut()
        await eventually(lambda: len(esme.outbinds) == 2, "another outbind")
    server.close()


@on_loop
async def test_an_esme_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    esme = Esme()
    server = await esme.listen()
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with running(waits(port), tmp_path) as (_node, _api):
        server = await esme.listen(port)
        await eventually(lambda: esme.outbinds, "the outbind")
    server.close()
