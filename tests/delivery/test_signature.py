from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from septet.delivery.signature import secret_key, sign
from septet.errors import SeptetError

SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0LQ", "a plain secret"]


@pytest.mark.parametrize("secret", SECRETS)
@given(body=st.text(alphabet=st.characters(blacklist_categories=["Cs"])), id=st.from_regex(r"\A[!-~]{1,40}\Z"))
def test_the_reference_implementation_accepts_it(secret: str, body: str, id: str) -> None:
    now = int(time.time())
    reference = Webhook(secret if secret.startswith("whsec_") else secret.encode())
    signature = sign(secret_key(secret), id, now, body.encode())
    headers = {"webhook-id": id, "webhook-timestamp": str(now), "webhook-signature": signature}
    assert reference.verify(body, headers, json_parse=False) is None


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_***"])
def test_what_is_no_secret(secret: str) -> None:
    with pytest.raises(SeptetError):
        secret_key(secret)
