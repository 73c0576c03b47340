"""Standard Webhooks signatures, version 1: HMAC-SHA256 over id, timestamp and body."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from septet.errors import SeptetError

_PREFIX: Final = "whsec_"


def secret_key(secret: str) -> bytes:
    """The octets of a secret: base64 after `whsec_`, anything else as it stands.

    >>> secret_key("whsec_c2VjcmV0"), secret_key("secret")
    (b'secret', b'secret')
    """
    key = secret.encode()
    if secret.startswith(_PREFIX):
        encoded = secret.removeprefix(_PREFIX)
        try:
            key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise SeptetError("A webhook secret has whsec_ without base64 after it", "webhook.bad_secret") from None
    if not key:
        raise SeptetError("A webhook needs a secret, to sign its events with", "webhook.no_secret")
    return key


def sign(key: bytes, id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`.

    >>> sign(b"secret", "evt_1", 0, b"{}")
    'v1,5gx4NEL3LNFMTwRtvzWjzFL9EQ1lw3OH4XCanWKjBdM='
    """
    digest = hmac.digest(key, b"%s.%d.%s" % (id.encode(), timestamp, body), "sha256")
    return "v1," + base64.b64encode(digest).decode()
