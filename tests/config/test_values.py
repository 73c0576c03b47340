"""Secrets, hashes, listen addresses and networks."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from septet.config import Listen, Network, Secret, SecretHash


def test_a_secret_shows_in_no_form_of_text() -> None:
    for secret in (Secret("hush"), SecretHash.of_key("hush")):
        for text in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
            assert "hush" not in text and secret.reveal() not in text


def test_secrets_compare_by_kind_and_value() -> None:
    assert Secret("a") == Secret("a") and hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b") and Secret("a") != SecretHash("a")
    assert pickle.loads(pickle.dumps(Secret("a"))).matches("a")


def test_a_plain_secret_matches_itself_only() -> None:
    assert Secret("å").matches("å")
    assert not Secret("å").matches("a")
    assert not Secret("$argon2id$x").matches("x")


@pytest.mark.parametrize("hashed", [SecretHash.of_password("s3cret"), SecretHash.of_key("s3cret")])
def test_a_hash_matches_what_it_was_made_of(hashed: SecretHash) -> None:
    again = SecretHash.read(hashed.reveal(), Path(), {})
    assert again.matches("s3cret") and not again.matches("s3cre")


def test_whatever_a_peer_sends_is_compared_and_no_error() -> None:
    for secret in (Secret("x"), SecretHash.of_key("x"), SecretHash.of_password("x")):
        for candidate in ("", "\ud800", "\0", "x" * 100_000):
            assert not secret.matches(candidate)


def test_a_password_is_hashed_with_argon2id_and_a_salt() -> None:
    one, other = (
        SecretHash.of_password("x").reveal(),
        SecretHash.of_password("x").reveal(),
    )
    assert one.startswith("$argon2id$") and one != other


@pytest.mark.parametrize("text", ["md5", "$argon2id$", "sha256:xyz", "sha256:", "$2b$12$abc"])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no hash"):
        SecretHash.read(text, Path(), {})


def test_a_secret_from_the_environment_may_look_like_anything() -> None:
    assert Secret.read("env:KEY", Path(), {"KEY": "env:OTHER"}).reveal() == "env:OTHER"


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:2775", ("127.0.0.1", 2775)),
        ("localhost:0", ("localhost", 0)),
        ("[::]:65535", ("::", 65535)),
        ("[2001:DB8::1]:1", ("2001:db8::1", 1)),
    ],
)
def test_listen_addresses(text: str, listen: tuple[str, int]) -> None:
    found = Listen.read(text)
    assert found == listen
    assert Listen.read(str(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", ":80", "host", "host:", "host:-1", "host:99999", "::1:80", "[x]:80", "h:٣"],
)
def test_bad_listen_addresses(text: str) -> None:
    with pytest.raises(ValueError):
        Listen.read(text)


def test_a_network_holds_an_ipv4_peer_seen_through_ipv6() -> None:
    assert "::ffff:10.1.2.3" in Network.read("10.0.0.0/8")
    assert "10.1.2.3" in Network.read("10.1.2.3")
    assert "11.1.2.3" not in Network.read("10.0.0.0/8")
    assert "::1" not in Network.read("0.0.0.0/0")
