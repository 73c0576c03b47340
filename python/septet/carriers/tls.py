"""TLS between a socket and a session: octets in, octets out. It has no socket, so a handshake that never ends is a
connection like any other: counted from its first octet and bounded by the session's own timers."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import structlog

from septet.config.tls import Table, TlsFileError, context, files

log = structlog.get_logger("septet.tls")

# A record holds at most so many octets (RFC 8446, 5.1).
_RECORD: Final = 1 << 14
_ALERT, _HANDSHAKE = 0x15, 0x16


class TlsFailedError(Exception):
    """The peer and we do not agree; `reason` is one of the engine's reasons for a bad stream."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def is_hello(octets: bytes) -> bool:
    """Whether a stream begins as TLS does: no PDU is that long."""
    return octets.startswith(b"\x16\x03")


class Renewed:
    """The context of a table. When one of its files has changed it is made anew, so no certificate needs a restart."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._stamp = self._look()
        self._context = context(table)

    def _look(self) -> list[tuple[Path, int, int]]:
        found = []
        for path in files(self._table):
            with contextlib.suppress(OSError):
                stat = path.stat()
                found.append((path, stat.st_mtime_ns, stat.st_size))
        return found

    def get(self) -> ssl.SSLContext:
        """The context of the files as they are; of a change that cannot be used, the one before."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._context = context(self._table)
            except TlsFileError as error:
                log.warning("tls.renewal_failed", error=str(error))
            else:
                log.info("tls.renewed", files=[path.name for path, *_ in stamp])
        return self._context


class Tls:
    """One connection's TLS. `server_name` is whom a client wants to reach; None makes it the server's end."""

    def __init__(self, made: ssl.SSLContext, server_name: str | None = None) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        server = server_name is None
        self._object = made.wrap_bio(self._in, self._out, server_side=server, server_hostname=server_name)
        self._heard = False
        self.established = False
        self.ended = False

    def start(self) -> None:
        """A client's first words."""
        self._shake()

    def pending(self) -> bytes:
        """What is to be written to the socket."""
        return self._out.read()

    def receive(self, octets: bytes) -> bytes:
        """Takes what came from the socket; gives what it says. `TlsFailedError` ends the connection."""
        if not self._heard and octets:
            self._heard = True
            if octets[0] not in (_ALERT, _HANDSHAKE):
                raise TlsFailedError("plain_on_tls", "the other end does not speak TLS here")
        self._in.write(octets)
        try:
            return b"".join(self._read()) if self.established or self._shake() else b""
        except ssl.SSLError as error:
            self.established = False
            raise TlsFailedError("tls_failed", told(error)) from None

    def _shake(self) -> bool:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.established = True
        return True

    def _read(self) -> Iterator[bytes]:
        while not self.ended:
            try:
                octets = self._object.read(_RECORD)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                octets = b""
            self.ended = not octets
            yield octets

    def send(self, octets: bytes) -> None:
        """Encrypts octets for `pending`. Only where `established`."""
        self._object.write(octets)

    def close(self) -> None:
        """Says that nothing more comes, and nothing does."""
        if self.established:
            self.established = False
            # It waits for the other end's word, which nothing here needs.
            with contextlib.suppress(ssl.SSLError):
                self._object.unwrap()

    def version(self) -> str | None:
        """As in `TLSv1.3`; None before it is established."""
        return self._object.version() if self.established else None

    def names(self) -> set[str]:
        """Common name and alternative names of the other end's certificate, if it was verified."""
        shown: Any = self._object.getpeercert() or {} if self.established else {}
        names = {value for part in shown.get("subject", ()) for key, value in part if key == "commonName"}
        return names | {str(value) for _kind, value in shown.get("subjectAltName", ())}


def told(error: ssl.SSLError) -> str:
    """What OpenSSL says, for people.

    >>> told(ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1006)"))
    'tlsv1 alert unknown ca'
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    text = str(error.args[-1] if error.args else error)
    return text.rpartition("] ")[2].partition(" (_ssl")[0] or type(error).__name__
