"""The SMPP server with TLS, against the TLS of the loop, which is not the node's."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from septet.node import Node
from tests.certificates import Issuer
from tests.support import (
    ACCOUNT,
    HOST,
    LISTEN,
    PERSON,
    Api,
    Esme,
    bound,
    carrier,
    eventually,
    linked,
    on_loop,
    running,
    smsc,
)

RBINDFAIL = 0x0D


def served(issuer: Issuer, listen: str = "127.0.0.1:0", **keys: str) -> str:
    """`[smpp.tls]`; the keys are strings."""
    rest = "".join(f"{key} = {value!r}\n" for key, value in keys.items())
    return f"[smpp.tls]\nlisten = ['{listen}']\ncert = '{issuer.folder}/{HOST}.pem'\n{rest}"


def port(node: Node) -> int:
    return node.smpp.listening_tls[0].port


async def bad(api: Api, reason: str) -> int:
    """How many streams were bad for this reason, so far."""
    line = f'septet_bad_pdus_total{{peer="unauthenticated",reason="{reason}"}} '
    return sum(int(float(row.removeprefix(line))) for row in (await api.scrape()).splitlines() if row.startswith(line))


async def saying(port: int, octets: bytes) -> Esme:
    """A connection that sends these octets, whatever they are."""
    esme = await Esme.connect(port)
    assert esme.peer.transport is not None
    esme.peer.transport.write(octets)
    return esme


@on_loop
async def test_a_message_there_and_its_receipt_back(tmp_path: Path, issuer: Issuer) -> None:
    account = served(issuer) + ACCOUNT + "tls_required = true\n"
    async with linked(tmp_path, account, receipts=True) as (_north, node, _api):
        esme = await Esme.connect(port(node), tls=issuer.client())
        assert await esme.bind() == 0
        long = "x" * 4000
        sequences = [esme.submit(text=f"m{n}") for n in range(200)] + [esme.submit(to=PERSON, text=long[:254])]
        assert set(await esme.statuses(sequences)) == {0}
        await eventually(lambda: len(esme.delivered) == 201, "every receipt")
        esme.close()
        plain = await Esme.connect(node.smpp.listening[0].port)
        assert await plain.bind() == RBINDFAIL, "this account binds over TLS only"
        plain.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@on_loop
async def test_versions(tmp_path: Path, issuer: Issuer, version: ssl.TLSVersion) -> None:
    async with running(served(issuer) + ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(port(node), tls=issuer.client(most=version))
        assert await esme.bind() == 0
        esme.close()


@on_loop
async def test_an_older_version_than_the_least_is_refused(
    tmp_path: Path, issuer: Issuer, logged: list[dict[str, object]]
) -> None:
    async with running(served(issuer, min_version="1.3") + ACCOUNT, tmp_path) as (node, api):
        with pytest.raises(ssl.SSLError):
            await Esme.connect(port(node), tls=issuer.client(most=ssl.TLSVersion.TLSv1_2))
        await eventually(lambda: not node.wires, "the connection to be gone")
        assert await bad(api, "tls_failed") == 1
        [line] = [line for line in logged if line["event"] == "esme.tls_failed"]
        assert "protocol" in str(line["error"])


@on_loop
async def test_a_client_certificate_is_asked_for_and_bound_to_an_account(
    tmp_path: Path, issuer: Issuer, logged: list[dict[str, object]]
) -> None:
    text = served(issuer, client_ca=str(issuer.ca)) + ACCOUNT + 'tls_subject = "acme.test"\n'
    async with running(text, tmp_path) as (node, api):
        right = await Esme.connect(port(node), tls=issuer.client(issuer.issue("acme.test")))
        assert await right.bind() == 0
        wrong = await Esme.connect(port(node), tls=issuer.client(issuer.issue("other.test")))
        assert await wrong.bind() == RBINDFAIL
        plain = await Esme.connect(node.smpp.listening[0].port)
        assert await plain.bind() == RBINDFAIL, "over plain TCP there is no certificate"
        refused = [line["reason"] for line in logged if line["event"] == "esme.refused"]
        assert refused == ["tls_subject", "tls_required"]
        (tmp_path / "b").mkdir()
        stranger = Issuer.make(tmp_path / "b", "stranger")
        # TLS 1.3 lets a client believe that it is connected until it reads.
        for cert in (None, stranger.issue("acme.test"), issuer.issue("acme.test", expired=True)):
            esme = await Esme.connect(port(node), tls=issuer.client(cert))
            await eventually(lambda esme=esme: esme.closed, "the connection to be closed")  # type: ignore[misc]
        assert await bad(api, "tls_failed") == 3
        for esme in (right, wrong, plain):
            esme.close()


@on_loop
async def test_a_client_certificate_may_be_left_out_where_it_is_optional(tmp_path: Path, issuer: Issuer) -> None:
    other = '\n[[account]]\nid = "other"\nsystem_id = "other"\npassword = "demo1234"\n'
    text = served(issuer, client_ca=str(issuer.ca), client_cert="optional") + ACCOUNT + 'tls_subject = "acme.test"\n'
    async with running(text + other, tmp_path) as (node, _api):
        esmes = [await Esme.connect(port(node), tls=issuer.client()) for _ in range(2)]
        assert await esmes[0].bind("other") == 0
        assert await esmes[1].bind("demo") == RBINDFAIL
        for esme in esmes:
            esme.close()


@on_loop
async def test_plain_smpp_on_the_port_with_tls(tmp_path: Path, issuer: Issuer, logged: list[dict[str, object]]) -> None:
    async with running(served(issuer) + ACCOUNT, tmp_path) as (node, api):
        esme = await Esme.connect(port(node))
        esme.peer.send("bind_transceiver", system_id="demo", password="demo1234", interface_version=0x34)
        await eventually(lambda: esme.closed, "the connection to be closed")
        assert await bad(api, "plain_on_tls") == 1
        [line] = [line for line in logged if line["event"] == "esme.tls_failed"]
        assert (line["peer"], line["error"]) == (HOST, "the other end does not speak TLS here")


@on_loop
async def test_tls_on_the_port_without(tmp_path: Path, issuer: Issuer, logged: list[dict[str, object]]) -> None:
    async with running(served(issuer) + ACCOUNT, tmp_path) as (node, api):
        with pytest.raises((ssl.SSLError, OSError)):
            await Esme.connect(node.smpp.listening[0].port, tls=issuer.client())
        assert await bad(api, "tls_on_plain") == 1
        [line] = [line for line in logged if line["event"] == "esme.tls_failed"]
        assert "this port does not" in str(line["error"])


@on_loop
async def test_a_handshake_that_never_ends_takes_a_place_for_no_longer_than_a_bind_may(
    tmp_path: Path, issuer: Issuer
) -> None:
    head = LISTEN.replace("[smpp]\n", "[smpp]\nsession_init = 0.5\nmax_sessions = 2\n")
    async with running(served(issuer) + ACCOUNT, tmp_path, head) as (node, _api):
        silent = await Esme.connect(port(node))
        dripping = await saying(port(node), b"\x16\x03\x01\x02\x00\x01")
        await eventually(lambda: node.smpp.connections == 2, "both to be counted")
        third = await Esme.connect(node.smpp.listening[0].port)
        await eventually(lambda: third.closed, "the one too many to be closed")
        await eventually(lambda: silent.closed and dripping.closed, "both to be closed")
        await eventually(lambda: not node.smpp.connections, "their places to be free")
        esme = await Esme.connect(port(node), tls=issuer.client())
        assert await esme.bind() == 0
        esme.close()


@on_loop
async def test_a_peer_that_leaves_in_the_middle_of_its_handshake_harms_nobody(tmp_path: Path, issuer: Issuer) -> None:
    async with running(served(issuer) + ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(port(node), tls=issuer.client())
        assert await esme.bind() == 0
        for octets in (b"", b"\x16", b"\x16\x03\x01\x00\x02\x01\x00", b"\x15\x03\x03\x00\x02\x02\x28", bytes(100)):
            leaving = await saying(port(node), octets)
            assert leaving.peer.transport is not None
            leaving.peer.transport.close()
        await eventually(lambda: len(node.wires) == 1, "all of them to be gone")
        await esme.response(esme.peer.send("enquire_link"))
        esme.close()


@on_loop
async def test_unbind_ends_with_a_word_of_tls_too(tmp_path: Path, issuer: Issuer) -> None:
    async with running(served(issuer) + ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(port(node), tls=issuer.client())
        assert await esme.bind() == 0
        await esme.response(esme.peer.send("unbind"))
        # A connection that is cut without close_notify would be an error here.
        await eventually(lambda: esme.closed, "the connection to be closed")
        assert not node.wires


@on_loop
async def test_what_comes_after_the_last_word_of_tls_is_not_written(tmp_path: Path, issuer: Issuer) -> None:
    async with running(served(issuer) + ACCOUNT, tmp_path) as (node, _api):
        esme = await Esme.connect(port(node), tls=issuer.client())
        assert await esme.bind() == 0
        [wire] = node.wires.values()
        wire.close()
        node.engine.unbind(wire.session, node.now())
        wire.write()
        await eventually(lambda: esme.closed and not node.wires, "the connection to be gone")


@on_loop
async def test_ipv6(tmp_path: Path, issuer: Issuer) -> None:
    head = LISTEN.replace('listen = ["127.0.0.1:0"]', 'listen = ["[::1]:0", "127.0.0.1:0"]')
    async with running(served(issuer, "[::1]:0") + ACCOUNT, tmp_path, head) as (node, _api):
        assert [listen.host for listen in node.smpp.listening] == ["::1", "127.0.0.1"]
        assert str(node.smpp.listening_tls[0]).startswith("[::1]:")
        esmes = [
            await Esme.connect(node.smpp.listening[0].port, "::1"),
            await Esme.connect(node.smpp.listening[1].port),
            await Esme.connect(port(node), "::1", issuer.client()),
        ]
        assert [await esme.bind() for esme in esmes] == [0, 0, 0]
        for esme in esmes:
            esme.close()


@pytest.mark.parametrize("seconds", [0, 45])
@on_loop
async def test_small_pdus_leave_at_once_and_silence_is_asked_after(tmp_path: Path, seconds: int) -> None:
    head = LISTEN.replace("[smpp]\n", f"[smpp]\ntcp_keepalive = {seconds}\n")
    async with (
        smsc() as north,
        running(ACCOUNT + carrier("north", north.port, tcp_keepalive=seconds), tmp_path, head) as (node, _api),
    ):
        await bound(node)
        esme = await Esme.connect(node.smpp.listening[0].port)
        assert await esme.bind() == 0
        for wire in node.wires.values():
            assert wire.transport is not None
            sock = wire.transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == (seconds > 0)
            idle = getattr(socket, "TCP_KEEPIDLE", None)
            if seconds and idle is not None:
                assert sock.getsockopt(socket.IPPROTO_TCP, idle) == seconds
        assert len(node.wires) == 2
        esme.close()
