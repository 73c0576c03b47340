"""Links with TLS, against the TLS of the loop, which is not the node's."""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from septet.smpp import Pdu
from tests.certificates import Issuer
from tests.support import ACCOUNT, ADMIN_KEY, HOST, bound, carrier, eventually, on_loop, route, running, smsc


def with_tls(port: int, **keys: object) -> str:
    """A carrier with TLS."""
    table = ", ".join(
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(str(value))}" for key, value in keys.items()
    )
    return carrier("north", port) + f"tls = {{ {table} }}\n"


@on_loop
async def test_a_message_and_its_receipt(tmp_path: Path, issuer: Issuer) -> None:
    tls = issuer.server(issuer.folder / f"{HOST}.pem")
    async with (
        smsc(receipts=True, tls=tls) as north,
        running(ACCOUNT + with_tls(north.port, ca=issuer.ca) + route("north"), tmp_path) as (node, api),
    ):
        await bound(node)
        ids = [await api.post(f"m{n}") for n in range(50)]
        for id in ids:
            await api.until(id, "delivered")
        [shown] = (await api("GET", "/v1/carriers", key=ADMIN_KEY))[1]["carriers"]
        assert shown["links"] == [{"id": "0", "state": "bound", "address": f"{HOST}:{north.port}", "tls": "TLSv1.3"}]
        north.cut()
        await eventually(lambda: len(north.binds) == 2, "the second bind")


@pytest.mark.parametrize(
    ("names", "expired", "known", "told"),
    [
        ((HOST,), True, True, "certificate has expired"),
        (("other.test",), False, True, "IP address mismatch"),
        ((HOST,), False, False, "unable to get local issuer certificate"),
    ],
    ids=["expired", "another name", "unknown issuer"],
)
@on_loop
async def test_a_certificate_that_is_not_accepted_is_said_once_an_attempt_and_backs_off(
    tmp_path: Path,
    issuer: Issuer,
    logged: list[dict[str, Any]],
    names: tuple[str, ...],
    expired: bool,
    known: bool,
    told: str,
) -> None:
    cert = issuer.issue(*names, expired=expired)
    if not known:
        (tmp_path / "b").mkdir()
        issuer = Issuer.make(tmp_path / "b", "stranger")
    async with smsc(tls=issuer.server(cert)) as north:
        text = with_tls(north.port, ca=issuer.ca)
        async with running(text.replace("0.05", "0.1").replace("max = 0.1", "max = 5.0"), tmp_path) as (node, api):
            link = node.lanes[0].links[0]
            # The carrier's loop makes no connection of a handshake that fails.
            await eventually(lambda: len([e for e in logged if e["event"] == "link.tls_failed"]) == 3, "three attempts")
            lines = [line for line in logged if line["event"].startswith("link.")]
            assert {line["event"] for line in lines} == {"link.tls_failed"}
            assert told in lines[0]["error"]
            assert (lines[0]["carrier"], lines[0]["address"]) == ("north", f"{HOST}:{north.port}")
            assert link._backoff.attempts >= 2  # noqa: SLF001 - nothing else tells a long pause from luck
            assert not link.connected and not north.bound
            scraped = await api.scrape()
            assert 'septet_bad_pdus_total{peer="north",reason="tls_failed"} 3.0' in scraped
            assert (await api("GET", "/healthz"))[0] == 200


@pytest.mark.parametrize(
    "keys",
    [{"server_name": "smpp.north.test"}, {"verify": False}, {"server_name": "smpp.north.test", "min_version": "1.3"}],
)
@on_loop
async def test_a_name_of_its_own_or_none_looked_at(tmp_path: Path, issuer: Issuer, keys: dict[str, Any]) -> None:
    cert = issuer.issue("smpp.north.test")
    ca = {} if keys.get("verify") is False else {"ca": issuer.ca}
    async with (
        smsc(tls=issuer.server(cert)) as north,
        running(with_tls(north.port, **ca, **keys), tmp_path) as (node, _),
    ):
        await bound(node)


@on_loop
async def test_a_carrier_that_asks_for_our_certificate(tmp_path: Path, issuer: Issuer) -> None:
    tls = issuer.server(issuer.folder / f"{HOST}.pem", clients=True)
    async with (
        smsc(tls=tls) as north,
        running(with_tls(north.port, ca=issuer.ca, cert=issuer.issue("us.test")), tmp_path) as (node, _api),
    ):
        await bound(node)


@on_loop
async def test_what_a_carrier_says_of_our_certificate_is_told(
    tmp_path: Path, issuer: Issuer, logged: list[dict[str, Any]]
) -> None:
    """The loop's server closes without a word, so this one is of the standard library's blocking sockets."""
    tls = issuer.server(issuer.folder / f"{HOST}.pem", clients=True)
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            taken, _peer = listener.accept()
            with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN"):
                tls.wrap_socket(taken, server_side=True)

        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(serve)
            async with running(with_tls(listener.getsockname()[1], ca=issuer.ca), tmp_path) as (_node, api):
                await eventually(lambda: any(e["event"] == "link.tls_failed" for e in logged), "it to be refused")
                [line, *_] = [line for line in logged if line["event"] == "link.tls_failed"]
                assert "certificate required" in line["error"]
                assert (await api("GET", "/healthz"))[0] == 200
            served.result(15)


class Plain(asyncio.Protocol):
    """A carrier without TLS: keeps what it hears, and answers it with `answer`, or closes if there is none."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if self.answer:
            self.transport.write(self.answer)
        else:
            self.transport.close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Pdu("generic_nack", status=2).encode(), "the other end does not speak TLS here"),
        (b"", "the connection ended before the handshake did"),
    ],
)
@on_loop
async def test_a_carrier_that_speaks_no_tls_never_gets_a_password(
    tmp_path: Path, issuer: Issuer, logged: list[dict[str, Any]], answer: bytes, told: str
) -> None:
    made: list[Plain] = []

    def make() -> Plain:
        made.append(Plain(answer))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(make, HOST, 0)
    async with server, running(with_tls(server.sockets[0].getsockname()[1], ca=issuer.ca), tmp_path):
        await eventually(lambda: any(e["event"] == "link.tls_failed" for e in logged), "it to be refused")
        assert {e["error"] for e in logged if e["event"] == "link.tls_failed"} == {told}
        assert not any(e["event"] == "link.down" for e in logged), "one line an attempt"
    assert not any(b"secret" in each.heard for each in made)


@on_loop
async def test_a_link_renews_its_certificate_without_a_restart(tmp_path: Path, issuer: Issuer) -> None:
    mine = issuer.issue("us.test", expired=True)
    tls = issuer.server(issuer.folder / f"{HOST}.pem", clients=True)
    async with (
        smsc(tls=tls) as north,
        running(with_tls(north.port, ca=issuer.ca, cert=mine), tmp_path) as (node, _api),
    ):
        await eventually(lambda: node.lanes[0].links[0]._backoff.attempts >= 2, "two refusals")  # noqa: SLF001
        assert not north.binds
        mine.write_bytes(issuer.issue("us.test").read_bytes())
        await bound(node)
