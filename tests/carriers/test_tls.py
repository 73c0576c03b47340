from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from septet.carriers.tls import Renewed, Tls, TlsFailedError, is_hello
from septet.config import CarrierTls, Listen, SmppTls
from septet.config.tls import context
from tests.certificates import Issuer


def pair(tmp_path: Path, **server: object) -> tuple[Tls, Tls]:
    """A client's end and a server's."""
    issuer = Issuer.make(tmp_path)
    table = SmppTls(listen=(Listen("127.0.0.1", 0),), cert=issuer.issue("north.test", "smpp.test"), **server)  # type: ignore[arg-type]
    mine = CarrierTls(ca=issuer.ca, cert=issuer.issue("acme.test", common_name="Acme"))
    return Tls(context(mine), "north.test"), Tls(context(table))


def shake(client: Tls, server: Tls, size: int = 1 << 20) -> None:
    """Lets them talk until both have nothing to say, `size` octets at a time."""
    client.start()
    while True:
        there, back = client.pending(), server.pending()
        if not there and not back:
            return
        for octets, end in ((there, server), (back, client)):
            for at in range(0, len(octets), size):
                assert end.receive(octets[at : at + size]) == b""


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_octets_cut_anywhere_say_the_same(tmp_path: Path, size: int) -> None:
    client, server = pair(tmp_path)
    shake(client, server, size)
    assert client.established and server.established
    assert client.version() == server.version() == "TLSv1.3"
    said = bytes(range(256)) * 300
    client.send(said)
    wire = client.pending()
    assert said[:40] not in wire
    assert b"".join(server.receive(wire[at : at + size * 100]) for at in range(0, len(wire), size * 100)) == said
    server.send(b"heard")
    assert client.receive(server.pending()) == b"heard"
    client.close()
    assert server.receive(client.pending()) == b""
    assert server.ended and not client.ended
    assert not client.established, "nothing more is written to it"


def test_names_are_those_of_a_verified_certificate_alone(tmp_path: Path) -> None:
    client, server = pair(tmp_path, client_ca=tmp_path / "ca.pem", client_cert="required")
    assert server.names() == set()
    shake(client, server)
    assert server.names() == {"Acme", "acme.test"}
    assert client.names() >= {"north.test", "smpp.test"}
    again = tmp_path / "again"
    again.mkdir()
    client, server = pair(again)
    shake(client, server)
    assert server.names() == set()


def test_what_is_no_tls_is_told_from_tls_that_fails(tmp_path: Path) -> None:
    _client, server = pair(tmp_path)
    with pytest.raises(TlsFailedError, match="does not speak TLS") as plain:
        server.receive(bytes.fromhex("00000010 00000015 00000000 00000001"))
    assert plain.value.reason == "plain_on_tls"
    (tmp_path / "b").mkdir()
    _client, server = pair(tmp_path / "b")
    with pytest.raises(TlsFailedError) as broken:
        server.receive(b"\x16\x03\x01\x00\x05hello")
    assert broken.value.reason == "tls_failed"
    assert not server.established


def test_an_octet_changed_on_the_way_ends_it(tmp_path: Path) -> None:
    client, server = pair(tmp_path)
    shake(client, server)
    client.send(b"pay 100")
    wire = bytearray(client.pending())
    wire[-1] ^= 1
    with pytest.raises(TlsFailedError, match=r"(?i)mac|decryption"):
        server.receive(bytes(wire))
    assert not server.established, "nothing more is written to it"


def test_a_hello_is_known_by_its_first_octets(tmp_path: Path) -> None:
    client, _server = pair(tmp_path)
    client.start()
    assert is_hello(client.pending())
    assert not is_hello(bytes.fromhex("00000010"))
    assert not is_hello(b"")


def test_a_renewed_certificate_is_used_and_a_broken_one_is_not(tmp_path: Path) -> None:
    issuer = Issuer.make(tmp_path)
    cert = issuer.issue("first.test")
    renewed = Renewed(SmppTls(listen=(Listen("127.0.0.1", 0),), cert=cert))
    first = renewed.get()
    assert renewed.get() is first

    def shown(made: ssl.SSLContext, name: str) -> set[str]:
        client, server = Tls(context(CarrierTls(ca=issuer.ca)), name), Tls(made)
        shake(client, server)
        return client.names()

    cert.write_text("half a")
    assert renewed.get() is first, "what works goes on"
    assert "first.test" in shown(renewed.get(), "first.test")
    cert.write_bytes(issuer.issue("second.test").read_bytes())
    assert "second.test" in shown(renewed.get(), "second.test")
    cert.unlink()
    assert "second.test" in shown(renewed.get(), "second.test")
