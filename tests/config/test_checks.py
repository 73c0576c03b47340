"""What no single key can show: duplicates, references to nothing, contradictions."""

from __future__ import annotations

import pytest

from septet import config
from septet.config import ConfigError, Problem

CARRIER = """
[[carrier]]
id = "north"
host = "127.0.0.1"
system_id = "septet"
password = "secret"
"""
ACCOUNT = """
[[account]]
id = "acme"
system_id = "acme"
password = "demo1234"
"""


def problems(text: str) -> dict[str, Problem]:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, "/nowhere", env={})
    found = {problem.path: problem for problem in caught.value.problems}
    assert len(found) == len(caught.value.problems), "a path was reported twice"
    return found


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (
            "[http]\nlisten = '127.0.0.1:2775'",
            "http.listen",
            "already that of smpp.listen",
        ),
        (
            "[node]\nvalidity = 99\nvalidity_max = 9",
            "node.validity",
            "more than validity_max",
        ),
        (
            CARRIER + "reconnect_min = 90",
            "carrier.north.reconnect_min",
            "more than reconnect_max",
        ),
        (CARRIER + "interface_version = '3.3'", "carrier.north.bind", "3.3 has no transceiver"),
        (
            (both := CARRIER + "outbind = { system_id = 'mc', password = 'x' }\n") + both.replace("north", "south"),
            "carrier.south.outbind",
            'that of carrier "north"',
        ),
        (CARRIER.replace("secret", "ninechars"), "carrier.north.password", "8 octets"),
        (CARRIER + CARRIER, "carrier[1].id", '"north" is already that of carrier[0]'),
        ("[[account]]\nid='a'\npassword='x'", "account.a.system_id", "is missing"),
        ("[[account]]\nid='a'\nsystem_id='x'", "account.a.password", "is missing"),
        (ACCOUNT + "mo = 'both'", "account.acme.mo", "no webhook"),
        (ACCOUNT + "throughput = 5\nburst = 0", "account.acme.burst", "at least 1"),
        (
            ACCOUNT + ACCOUNT.replace('id = "acme"', 'id = "b"', 1),
            "account.b.system_id",
            "already that of account.acme",
        ),
        (
            "[[number]]\naddress='+12'\n[[number]]\naddress='12'",
            "number[1].address",
            "already that of number[0]",
        ),
        ("[[number]]\naddress='Septet'", "number.Septet.kind", "cannot be of kind"),
        (
            "[[number]]\naddress='12'\ncarrier='x'",
            "number.12.carrier",
            'no carrier "x"',
        ),
        (
            CARRIER + "[[route]]\ncarriers=[{id='north'}]\nto=['nordic']",
            "route[0].to[0]",
            "not supported yet",
        ),
        (
            CARRIER + "[[route]]\ncarriers=[{id='north'}]\nto=[]",
            "route[0].to",
            "matches nothing",
        ),
        (CARRIER + "[[route]]\ncarriers=[]", "route[0].carriers", "is empty"),
        (
            CARRIER + "[[route]]\ncarriers=[{id='north'}]\nfailover=['x']",
            "route[0].failover[0]",
            'no carrier "x"',
        ),
        (
            CARRIER + "bind='receiver'\n[[route]]\ncarriers=[{id='north'}]",
            "route[0].carriers[0].id",
            "cannot send",
        ),
        (
            CARRIER + "[[route]]\ncarriers=[{id='north'},{id='north'}]",
            "route[0].carriers[1].id",
            "already that of",
        ),
        ("[[keyword]]\nnumber='1'\nwords=['A']", "keyword[0].number", 'no number "1"'),
        (
            "[[number]]\naddress='1'\n[[keyword]]\nnumber='1'\nwords=['A']",
            "keyword[0].account",
            "is shared",
        ),
        (
            ACCOUNT + "[[number]]\naddress='1'\naccount='acme'\n[[keyword]]\nnumber='1'\nwords=['Info','INFO!']",
            "keyword[0].words[1]",
            "already in keyword[0].words",
        ),
        (
            ACCOUNT + "[[number]]\naddress='1'\naccount='acme'\n[[keyword]]\nnumber='1'\nwords=['?']",
            "keyword[0].words[0]",
            "no letter or digit",
        ),
    ],
)
def test_a_problem_names_its_key(text: str, path: str, message: str) -> None:
    found = problems(text)
    assert list(found) == [path]
    assert message in str(found[path])


@pytest.mark.parametrize(
    ("secret", "good"),
    [("whsec_c2VjcmV0", True), ("whsec_c2VjcmV0MQ", True), ("plain", True), ("whsec_", False), ("whsec_å", False)],
)
def test_a_webhook_secret_can_sign(secret: str, good: bool) -> None:
    text = ACCOUNT + f"webhook = {{ url = 'https://example.com/hook', secret = '{secret}' }}"
    if good:
        (account,) = config.parse(text, ".", env={}).account
        assert account.webhook is not None and account.webhook.secret.matches(secret)
    else:
        assert list(problems(text)) == ["account.acme.webhook.secret"]


def test_two_accounts_may_not_share_an_api_key_in_whatever_form() -> None:
    hashed = config.SecretHash.of_key("k1").reveal()
    found = problems(f"[[account]]\nid='a'\napi_key='k1'\n[[account]]\nid='b'\napi_key_hash='{hashed}'")
    assert found["account.b.api_key_hash"].message == "the same key as account.a.api_key"
    found = problems("[http]\nadmin_key='k1'\n[[account]]\nid='a'\napi_key='k1'")
    assert "k1" not in str(found["account.a.api_key"])


def test_a_password_beside_its_hash_is_refused() -> None:
    hashed = config.SecretHash.of_password("x").reveal()
    assert list(problems(ACCOUNT + f"password_hash = '{hashed}'")) == ["account.acme.password"]


def test_words_are_checked_per_number_and_mode() -> None:
    text = (
        ACCOUNT
        + "[[number]]\naddress='1'\naccount='acme'\n[[number]]\naddress='2'\naccount='acme'\n"
        + "[[keyword]]\nnumber='1'\nwords=['GO']\n[[keyword]]\nnumber='2'\nwords=['GO']\n"
        + "[[keyword]]\nnumber='1'\nwords=['GO']\nmode='anywhere'\nid='else'\n"
    )
    assert [keyword.id for keyword in config.parse(text, ".", env={}).keyword] == [
        "1/GO",
        "2/GO",
        "else",
    ]


def test_what_refers_to_a_refused_table_is_not_told_too() -> None:
    text = CARRIER + "prot = 1\n[[route]]\ncarriers = [{ id = 'north' }]\n"
    assert list(problems(text)) == ["carrier.north.prot"]
