"""TLS: its keys, and the contexts that are made of them. A check of the configuration makes them too, so that a file
that cannot be used is an error before the node runs."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from septet.config.values import Listen
from septet.errors import SeptetError

Version: TypeAlias = Literal["1.2", "1.3"]
ServerName = Annotated[str, Meta(pattern=r"^[^\s/]{1,253}\Z", description="a host name or an IP address")]

_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_VERIFY: Final = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


class SmppTls(Struct, frozen=True, kw_only=True):
    """The SMPP server with TLS, on ports of its own. A renewed file is used from the next connection on.

    listen: addresses to listen on
    cert: the server's certificate and those that lead to its root, in PEM; relative to the configuration file
    key: its private key in PEM, without a pass phrase; default: in the file `cert`
    client_ca: certificates, in PEM, of whoever issues those of the clients
    client_cert: none is asked for, or it is verified if there is one, or required; default: required with a `client_ca`
    min_version: the oldest version of TLS that is spoken
    """

    listen: tuple[Listen, ...]
    cert: Path
    key: Path | None = None
    client_ca: Path | None = None
    client_cert: Literal["none", "optional", "required"] = "none"
    min_version: Version = "1.2"


class CarrierTls(Struct, frozen=True, kw_only=True):
    """TLS to a carrier; `tls = {}` is enough where its certificate is issued by one whom the system trusts.

    ca: certificates, in PEM, of whoever issues the carrier's; default: those that the system trusts
    cert: our own certificate in PEM, if the carrier asks for one
    key: its private key in PEM, without a pass phrase; default: in the file `cert`
    server_name: the name that must be in the carrier's certificate; default: the host it is reached by
    verify: whether its certificate is verified; without that, anybody on the way can read and change everything
    min_version: the oldest version of TLS that is spoken
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: ServerName | None = None
    verify: bool = True
    min_version: Version = "1.2"


class HttpTls(Struct, frozen=True, kw_only=True):
    """HTTPS instead of HTTP. A renewed file needs a restart.

    cert: the server's certificate and those that lead to its root, in PEM; relative to the configuration file
    key: its private key in PEM, without a pass phrase; default: in the file `cert`
    min_version: the oldest version of TLS that is spoken
    """

    cert: Path
    key: Path | None = None
    min_version: Version = "1.2"


Table: TypeAlias = SmppTls | CarrierTls | HttpTls


class TlsFileError(SeptetError):
    """A file cannot be used; `key` names it in its table."""

    def __init__(self, key: str, path: Path, reason: str) -> None:
        super().__init__(f"{path.name} {reason}", "config.tls_file")
        self.key = key


def context(table: Table) -> ssl.SSLContext:
    """The context of a table, its files read now; `TlsFileError` if one cannot be used."""
    client = isinstance(table, CarrierTls)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if client else ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = _VERSIONS[table.min_version]
    # A renegotiation would be work that the peer chooses the moment of, and a write that must wait for a read.
    made.options |= ssl.OP_NO_RENEGOTIATION
    if table.cert is not None:
        _show(made, table.cert, table.key)
    if isinstance(table, CarrierTls):
        if not table.verify:
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
        elif table.ca is None:
            made.load_default_certs(ssl.Purpose.SERVER_AUTH)
        else:
            _trust(made, "ca", table.ca)
    elif isinstance(table, SmppTls) and table.client_ca is not None:
        _trust(made, "client_ca", table.client_ca)
        made.verify_mode = _VERIFY[table.client_cert]
    return made


def files(table: Table) -> list[Path]:
    """The files that a table names."""
    names = ("cert", "key", "client_ca", "ca")
    return [path for name in names if (path := getattr(table, name, None)) is not None]


def _read(key: str, path: Path) -> str:
    try:
        return path.read_bytes().decode("ascii", "replace")
    except OSError as error:
        raise TlsFileError(key, path, f"cannot be read: {error.strerror}") from None


def _show(made: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    """Takes our own certificate in."""
    if "-----BEGIN CERTIFICATE-----" not in _read("cert", cert):
        raise TlsFileError("cert", cert, "holds no certificate in PEM")
    name, keeper = ("cert", cert) if key is None else ("key", key)
    text = _read(name, keeper)
    if "PRIVATE KEY-----" not in text:
        raise TlsFileError(name, keeper, "holds no private key in PEM")
    if "ENCRYPTED" in text:
        raise TlsFileError(name, keeper, "has a pass phrase; write it without one, readable by the node alone")
    try:
        made.load_cert_chain(cert, keeper, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsFileError(name, keeper, f"is not the key of the certificate in {cert.name}") from None
        raise TlsFileError("cert", cert, f"cannot be used: {_told(error)}") from None


def _trust(made: ssl.SSLContext, key: str, path: Path) -> None:
    _read(key, path)
    try:
        made.load_verify_locations(path)
    except ssl.SSLError as error:
        raise TlsFileError(key, path, f"holds no certificates that can be used: {_told(error)}") from None


def _told(error: ssl.SSLError) -> str:
    return (error.reason or "it is not PEM").lower().replace("_", " ")
