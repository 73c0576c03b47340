"""The structures: frozen, and what an account answers about itself."""

from __future__ import annotations

import pytest

from septet.config import Account, Network, Node, Secret, SecretHash


def test_a_configuration_does_not_change_under_its_reader() -> None:
    with pytest.raises(AttributeError):
        Node().name = "other"  # type: ignore[misc]


def test_an_account_without_a_network_admits_every_address() -> None:
    assert Account(id="a").admits("203.0.113.9")
    inside = Account(id="a", allow_from=(Network.read("10.0.0.0/8"), Network.read("::1")))
    assert inside.admits("10.9.9.9") and inside.admits("::1") and not inside.admits("203.0.113.9")


def test_an_account_without_a_secret_knows_none() -> None:
    assert not Account(id="a").knows_password("") and not Account(id="a").knows_key("")


def test_an_account_knows_its_secrets_plain_or_hashed() -> None:
    plain = Account(id="a", password=Secret("p"), api_key=Secret("k"))
    hashed = Account(
        id="a",
        password_hash=SecretHash.of_password("p"),
        api_key_hash=SecretHash.of_key("k"),
    )
    for account in (plain, hashed):
        assert account.knows_password("p") and account.knows_key("k")
        assert not account.knows_password("k") and not account.knows_key("p")
