"""Where webhooks may connect to: a public name must not lead into a private network.

The check is made on the address that is about to be connected to, so a name that changes its address
between a look-up and the connection gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from septet.errors import SeptetError

Reach: TypeAlias = Literal["public", "local"]

# `ipaddress.is_global` lets several of these through, so they are listed.
_NEVER: Final = (
    "0.0.0.0/8",  # this host on this network (RFC 1122 3.2.1.3)
    "169.254.0.0/16",  # link local, and the metadata services of clouds
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
    "::/128",  # unspecified
    "fe80::/10",  # link local
    "ff00::/8",  # multicast
)
_PRIVATE: Final = (
    "10.0.0.0/8",  # RFC 1918
    "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
    "127.0.0.0/8",  # loopback
    "172.16.0.0/12",  # RFC 1918
    "192.0.0.0/24",  # IETF protocol assignments
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",  # RFC 1918
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "::/96",  # loopback, and the deprecated form of embedded IPv4
    "::ffff:0:0:0/96",  # IPv4 translated (RFC 2765)
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",  # NAT64, local
    "100::/64",  # discard
    "2001::/23",  # IETF protocol assignments, Teredo among them
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "3fff::/20",  # documentation
    "5f00::/16",  # segment routing
    "fc00::/7",  # unique local
    "fec0::/10",  # site local, deprecated
)
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_DENIED: Final[dict[Reach, tuple[_Network, ...]]] = {
    "local": tuple(map(ipaddress.ip_network, _NEVER)),
    "public": tuple(map(ipaddress.ip_network, _NEVER + _PRIVATE)),
}


class ForbiddenTargetError(OSError):
    """The name leads to an address that webhooks must not reach."""


def reach(url: str) -> Reach:
    """How far the host of a URL may lead: what names a private address openly may reach it.

    >>> reach("http://127.0.0.1:9000/hook"), reach("https://example.com/hook")
    ('local', 'public')
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
        usable = parts.scheme in {"http", "https"}
    except ValueError:
        host, usable = None, False
    if host is None or not usable:
        raise SeptetError(f"{url!r} is no http or https URL", "webhook.bad_url")
    if host == "localhost":
        return "local"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "public"
    return "local"


def allowed(address: str, within: Reach) -> bool:
    """Whether an address may be connected to.

    >>> allowed("10.0.0.1", "public"), allowed("10.0.0.1", "local"), allowed("169.254.169.254", "local")
    (False, True, False)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.version == 6 and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not any(found in network for network in _DENIED[within] if network.version == found.version)


def guarded_socket(within: Reach) -> Any:
    """A socket factory for aiohttp that refuses what `allowed` does."""

    def create(info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allowed(address[0], within):
            raise ForbiddenTargetError(f"{address[0]} is no address that this webhook may reach")
        return socket.socket(family, kind, protocol)

    return create
