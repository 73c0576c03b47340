"""smpp34 (Rust under asyncio, from PyPI) as a server: it answers each submit_sm, stores nothing and sends nothing on.

python -m bench.side.peers.smpp34 LISTEN_PORT
"""

from __future__ import annotations

import asyncio
import itertools
import sys

import smpp34

HERE = "127.0.0.1"


async def serve(port: int) -> None:
    """Answers until it is ended."""
    server = smpp34.Server(host=HERE, port=port, system_id="smpp34")
    await server.start()
    ids = itertools.count(1)
    while True:
        event = await server.next()
        if isinstance(event, smpp34.SubmitSmEvent):
            event.accept(message_id=str(next(ids)))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
