from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from septet.config import CarrierTls, Config, ConfigError, Listen, SmppTls, parse
from septet.config.tls import TlsFileError, context, files
from tests.certificates import Issuer

CARRIER = '[[carrier]]\nid = "north"\nhost = "north.test"\nsystem_id = "s"\npassword = "p"\n'


def problems(text: str, folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(text, folder)
    return [str(problem) for problem in error.value.problems]


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    made = Issuer.make(tmp_path)
    made.issue("smpp.test")
    return made


def test_paths_are_relative_to_the_file(issuer: Issuer, tmp_path: Path) -> None:
    text = '[smpp]\ntls = { listen = ["[::1]:3550"], cert = "smpp.test.pem", client_ca = "ca.pem" }\n'
    config: Config = parse(text, tmp_path)
    tls = config.smpp.tls
    assert tls is not None
    assert (tls.listen, tls.cert, tls.key) == ((Listen("::1", 3550),), tmp_path / "smpp.test.pem", None)
    assert tls.client_cert == "required", "where an issuer is named, its certificates are asked for"
    assert files(tls) == [tmp_path / "smpp.test.pem", tmp_path / "ca.pem"]
    assert parse(CARRIER + "tls = {}", tmp_path).carrier[0].tls == CarrierTls()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('cert = "nobody.pem"', "cert: nobody.pem cannot be read: No such file or directory"),
        ('cert = "other.key"', "cert: other.key holds no certificate in PEM"),
        ('cert = "ca.pem"', "cert: ca.pem holds no private key in PEM"),
        ('cert = "smpp.test.pem", key = "ca.pem"', "key: ca.pem holds no private key in PEM"),
        ('cert = "smpp.test.pem", key = "other.key"', "key: other.key is not the key of the certificate"),
        ('cert = "smpp.test.pem", key = "locked.key"', "key: locked.key has a pass phrase"),
        ('cert = "broken.pem", key = "other.key"', "cert: broken.pem cannot be used: "),
        ('cert = "smpp.test.pem", client_ca = "other.key"', "client_ca: other.key holds no certificates"),
        ('cert = "smpp.test.pem", client_cert = "required"', "client_ca: is missing"),
        ('cert = "smpp.test.pem", client_ca = "ca.pem", client_cert = "none"', "client_ca: given beside client_cert"),
        ('cert = "smpp.test.pem", min_version = "1.1"', 'min_version: must be one of "1.2", "1.3", not "1.1"'),
        ('cert = "smpp.test.pem", client_crt = "none"', "client_crt: unknown key; did you mean `client_cert`?"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_key(issuer: Issuer, tmp_path: Path, keys: str, told: str) -> None:
    other = issuer.authority.issue_cert("other.test").private_key_pem.bytes()
    (tmp_path / "other.key").write_bytes(other)
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "locked.key").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n")
    found = problems(f'[smpp]\ntls = {{ listen = ["127.0.0.1:3550"], {keys} }}\n', tmp_path)
    assert any(line.startswith(f"smpp.tls.{told}") for line in found), found
    assert len(found) == 1


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('ca = "nobody.pem"', "tls.ca: nobody.pem cannot be read"),
        ('key = "smpp.test.pem"', "tls.key: given without cert"),
        ('ca = "ca.pem", verify = false', "tls.ca: given beside verify = false"),
        ('server_name = "a b"', "tls.server_name: must be a host name or an IP address"),
    ],
)
def test_a_carriers_table_is_checked_as_well(issuer: Issuer, tmp_path: Path, keys: str, told: str) -> None:
    found = problems(f"{CARRIER}tls = {{ {keys} }}\n", tmp_path)
    assert found[0].startswith(f"carrier.north.{told}"), found


def test_what_an_account_asks_for_must_be_there(issuer: Issuer, tmp_path: Path) -> None:
    account = '\n[[account]]\nid = "acme"\nsystem_id = "acme"\npassword = "p"\n'
    assert problems(account + "tls_required = true\n", tmp_path) == [
        "account.acme.tls_required: there is no smpp.tls; add it"
    ]
    tls = '[smpp]\ntls = { listen = ["127.0.0.1:3550"], cert = "smpp.test.pem" }\n'
    assert problems(tls + account + 'tls_subject = "acme.test"\n', tmp_path) == [
        "account.acme.tls_subject: smpp.tls asks for no client certificates; add smpp.tls.client_ca"
    ]
    assert parse(tls + account + "tls_required = true\n", tmp_path).account[0].tls_required


def test_an_address_belongs_to_one_listener(issuer: Issuer, tmp_path: Path) -> None:
    text = '[smpp]\nlisten = ["127.0.0.1:9"]\ntls = { listen = ["127.0.0.1:9"], cert = "smpp.test.pem" }\n'
    assert problems(text, tmp_path) == [
        "smpp.tls.listen: 127.0.0.1:9 is already that of smpp.listen; give each its own port"
    ]


def test_what_a_context_insists_on(issuer: Issuer, tmp_path: Path) -> None:
    link = context(CarrierTls(ca=issuer.ca))
    assert link.check_hostname and link.verify_mode == ssl.CERT_REQUIRED
    assert link.minimum_version == ssl.TLSVersion.TLSv1_2
    assert link.options & ssl.OP_NO_RENEGOTIATION
    trusting = context(CarrierTls(verify=False))
    assert (trusting.check_hostname, trusting.verify_mode) == (False, ssl.CERT_NONE)
    listen = (Listen("127.0.0.1", 0),)
    cert = tmp_path / "smpp.test.pem"
    assert context(SmppTls(listen=listen, cert=cert)).verify_mode == ssl.CERT_NONE
    asked = SmppTls(listen=listen, cert=cert, client_ca=issuer.ca, client_cert="optional", min_version="1.3")
    assert context(asked).verify_mode == ssl.CERT_OPTIONAL
    assert context(asked).minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_a_locked_key_asks_nobody_for_its_pass_phrase(issuer: Issuer, tmp_path: Path, form: PrivateFormat) -> None:
    made = issuer.authority.issue_cert("x.test")
    (tmp_path / "x.pem").write_bytes(made.cert_chain_pems[0].bytes())
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    locked = key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"s"))
    (tmp_path / "locked.key").write_bytes(locked)
    table = CarrierTls(cert=tmp_path / "x.pem", key=tmp_path / "locked.key")
    with pytest.raises(TlsFileError, match=r"locked\.key has a pass phrase"):
        context(table)
