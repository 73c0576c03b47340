"""What a configuration string can stand for: a secret, its hash, a listen address, a network."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import argon2

_ARGON2 = argon2.PasswordHasher()
_SHA256_HEX = 64


class Secret:
    """A string that no repr, log line or traceback shows.

    >>> Secret("demo1234")
    Secret(…)
    >>> Secret("demo1234").matches("demo1234")
    True
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @classmethod
    def read(cls, text: str, base_dir: Path, env: Mapping[str, str]) -> Self:
        """Resolve a plain string, `env:NAME` or `file:PATH` (relative to `base_dir`; one final newline is dropped)."""
        scheme, _, rest = text.partition(":")
        if scheme == "env":
            if rest not in env:
                raise ValueError(f"environment variable {rest} is not set")
            text = env[rest]
        elif scheme == "file":
            try:
                text = (base_dir / rest).read_text(encoding="utf-8")
            except (OSError, UnicodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
                raise ValueError(f"secret file {rest} cannot be read: {reason}") from None
            text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise ValueError("the secret is empty")
        return cls._checked(text)

    @classmethod
    def _checked(cls, text: str) -> Self:
        return cls(text)

    def reveal(self) -> str:
        """The string itself: for the wire and for nothing else."""
        return self._value

    def matches(self, candidate: str) -> bool:
        """Whether `candidate` is the secret; takes the same time whatever it is."""
        return hmac.compare_digest(_octets(self._value), _octets(candidate))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._value == other._value

    def __hash__(self) -> int:
        return hash((type(self), self._value))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class SecretHash(Secret):
    """A secret known only by its hash: `$argon2id$…`, or `sha256:` and 64 hex digits for a random API key.

    SHA-256 is no fit for a password that a person chose; for a random key it is as safe, and a request
    is answered without the tens of milliseconds that Argon2 takes by design.

    >>> SecretHash.of_key("demo-key").matches("demo-key")
    True
    """

    __slots__ = ()

    @classmethod
    def of_password(cls, password: str) -> Self:
        """The Argon2id hash of a password."""
        return cls(_ARGON2.hash(password))

    @classmethod
    def of_key(cls, key: str) -> Self:
        """The SHA-256 hash of a random key."""
        return cls("sha256:" + hashlib.sha256(_octets(key)).hexdigest())

    @classmethod
    def _checked(cls, text: str) -> Self:
        try:
            if text.startswith("sha256:"):
                if len(bytes.fromhex(text[7:])) * 2 != _SHA256_HEX:
                    raise ValueError
            else:
                argon2.extract_parameters(text)
        except (ValueError, argon2.exceptions.InvalidHashError):
            raise ValueError("is no hash that `septet hash-password` writes") from None
        return cls(text)

    def matches(self, candidate: str) -> bool:
        """Whether `candidate` hashes to this. With Argon2 this takes tens of milliseconds: not on the event loop."""
        if self._value.startswith("sha256:"):
            return hmac.compare_digest(SecretHash.of_key(candidate).reveal(), self._value.lower())
        try:
            return _ARGON2.verify(self._value, _octets(candidate))
        except argon2.exceptions.VerificationError:
            return False


def _octets(text: str) -> bytes:
    """A peer's string may hold lone surrogates, which plain UTF-8 refuses to encode."""
    return text.encode("utf-8", "surrogatepass")


class Listen(NamedTuple):
    """Where a server listens. Port 0 takes any free port.

    >>> Listen.read("[::1]:2775")
    Listen(host='::1', port=2775)
    """

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse `HOST:PORT`; an IPv6 address stands in brackets."""
        host, colon, port = text.rpartition(":")
        if not colon or not host:
            raise ValueError('must be "HOST:PORT", for example "127.0.0.1:2775"')
        if host.startswith("[") and host.endswith("]"):
            host = str(ipaddress.IPv6Address(host[1:-1]))
        elif ":" in host:
            raise ValueError('an IPv6 address stands in brackets, for example "[::1]:2775"')
        if not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise ValueError("the port must be an integer from 0 to 65535")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Network:
    """A range of peer addresses, in CIDR notation.

    >>> "127.0.0.9" in Network.read("127.0.0.0/8")
    True
    """

    range: ipaddress.IPv4Network | ipaddress.IPv6Network

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse an address or a CIDR range; host bits must be zero."""
        return cls(ipaddress.ip_network(text))

    def __contains__(self, host: str) -> bool:
        address = ipaddress.ip_address(host)
        # A dual-stack listener shows an IPv4 peer as ::ffff:a.b.c.d.
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address) in self.range

    def __str__(self) -> str:
        return str(self.range)
