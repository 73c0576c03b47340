"""Certificates for one test run, issued by an authority that nobody else trusts."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization


@dataclass(frozen=True)
class Issuer:
    """An authority; `ca` is its certificate's file, `issue` writes others into the same folder."""

    folder: Path
    authority: trustme.CA
    ca: Path

    @classmethod
    def make(cls, folder: Path, name: str = "ca") -> Issuer:
        authority = trustme.CA(organization_name=name)
        path = folder / f"{name}.pem"
        authority.cert_pem.write_to_path(path)
        return cls(folder, authority, path)

    def issue(self, *names: str, expired: bool = False, common_name: str | None = None) -> Path:
        """A file with a certificate for these names, and its key."""
        not_after = datetime.now(UTC) - timedelta(days=1) if expired else None
        made = self.authority.issue_cert(*names, not_after=not_after, common_name=common_name)
        path = self.folder / f"{names[0].replace(':', '_')}{'-expired' if expired else ''}.pem"
        # In PKCS #8, the one form of a key that Java reads.
        key = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
        octets = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(octets + b"".join(blob.bytes() for blob in made.cert_chain_pems))
        return path

    def server(self, cert: Path, *, clients: bool = False) -> ssl.SSLContext:
        """What a peer listens with."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(cert)
        if clients:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(self.ca)
        return made

    def client(self, cert: Path | None = None, *, most: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """What a peer connects with."""
        made = ssl.create_default_context(cafile=self.ca)
        if cert is not None:
            made.load_cert_chain(cert)
        if most is not None:
            made.maximum_version = most
        return made
