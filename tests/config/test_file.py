"""`load` and `parse`: defaults, resolved values, and every problem of a file at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from septet import config
from septet.config import Config, ConfigError, Problem

EXAMPLES = Path(__file__).parents[2] / "examples"

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


def parse(text: str, tmp_path: Path = Path("/nowhere"), **env: str) -> Config:
    return config.parse(text, tmp_path, env=env)


def problems(text: str, tmp_path: Path = Path("/nowhere"), **env: str) -> dict[str, Problem]:
    with pytest.raises(ConfigError) as caught:
        parse(text, tmp_path, **env)
    found = {problem.path: problem for problem in caught.value.problems}
    assert len(found) == len(caught.value.problems), "a path was reported twice"
    return found


def test_an_empty_file_is_a_node_with_every_default(tmp_path: Path) -> None:
    found = parse("", tmp_path)
    assert found.node.data_dir == tmp_path / "data"
    assert (found.store.engine, found.store.durability) == ("sqlite", "full")
    assert found.smpp.listen == (("127.0.0.1", 2775),)
    assert found.http.listen == ("127.0.0.1", 8080)
    assert found.metrics.listen == ("127.0.0.1", 9464)
    assert found.http.max_body == 4 * 1024 * 1024
    assert not (found.account or found.carrier or found.number)
    assert not (found.route or found.keyword)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_example_is_good(path: Path) -> None:
    assert config.load(path).carrier


def test_the_quickstart_keeps_the_names_that_scripts_rely_on() -> None:
    found = config.load(EXAMPLES / "quickstart.toml")
    (demo,) = found.account
    assert (demo.id, demo.system_id) == ("demo", "demo")
    assert demo.knows_password("demo1234") and demo.knows_key("demo-key")
    assert found.http.admin_key is not None and found.http.admin_key.matches("demo-admin")
    assert [number.address for number in found.number] == ["12345"]
    assert [(carrier.id, carrier.port) for carrier in found.carrier] == [
        ("north", 2776),
        ("south", 2777),
    ]
    assert found.node.data_dir == EXAMPLES.absolute() / "data"
    assert not demo.knows_password("demo-key") and not demo.knows_key("demo1234")


def test_the_contract_example_is_accepted(tmp_path: Path) -> None:
    hashed = config.SecretHash.of_password("demo1234").reveal()
    text = f"""
    [node]
    name = "edge-1"
    data_dir = "data"
    [store]
    engine = "sqlite"
    durability = "os"
    [smpp]
    listen = ["127.0.0.1:2775", "[::1]:2775"]
    [http]
    listen = "127.0.0.1:8080"
    admin_key = "env:SEPTET_ADMIN_KEY"
    [metrics]
    listen = "127.0.0.1:9464"
    [[account]]
    id = "acme"
    system_id = "acme"
    password_hash = "{hashed}"
    api_key = "file:key"
    max_binds = 4
    window = 1000
    throughput = 500
    over_rate = "reject"
    allow_from = ["127.0.0.0/8", "::1"]
    webhook = {{ url = "http://127.0.0.1:9000/hook", secret = "env:HOOK" }}
    [[carrier]]
    id = "north"
    type = "smpp"
    host = "127.0.0.1"
    port = 2776
    system_id = "septet"
    password = "secret"
    bind = "transceiver"
    binds = 1
    window = 100
    throughput = 0
    on_unknown = "resend"
    [[carrier]]
    id = "east"
    host = "smsc.example"
    system_id = "septet"
    password = "secret"
    [[number]]
    address = "+12345"
    kind = "short_code"
    country = "SE"
    account = "acme"
    carrier = "north"
    optout = "node"
    [[route]]
    to = ["+46", "47"]
    from = "+12345"
    account = "acme"
    carriers = [{{ id = "north", weight = 80 }}, {{ id = "east", weight = 20 }}]
    failover = ["east"]
    [[keyword]]
    number = "12345"
    words = ["INFO", "DETAILS"]
    account = "acme"
    reply = "Open 9–17. Reply STOP to opt out."
    """
    (tmp_path / "key").write_text("k-123\n")
    found = parse(text, tmp_path, SEPTET_ADMIN_KEY="admin", HOOK="whsec_aHVzaA")
    (acme,) = found.account
    assert acme.knows_password("demo1234") and acme.knows_key("k-123")
    assert acme.burst == 500, "a burst that is not given is the throughput"
    assert acme.mo == "webhook", "an account with a webhook gets its inbound messages there"
    assert acme.admits("127.0.0.9") and acme.admits("::ffff:127.0.0.9") and acme.admits("::1")
    assert not acme.admits("10.0.0.1")
    assert found.smpp.listen[1] == ("::1", 2775)
    assert found.number[0].address == "12345"
    assert found.route[0].to == ("46", "47") and found.route[0].from_ == "12345"
    assert found.keyword[0].id == "12345/INFO"
    assert found.http.admin_key is not None and found.http.admin_key.reveal() == "admin"
    shown = repr(found)
    for secret in ("admin'", "whsec_aHVzaA", "k-123", hashed, "'secret'"):
        assert secret not in shown


def test_every_problem_is_reported_at_once() -> None:
    found = problems(
        CARRIER.replace('"127.0.0.1"', "5")
        + ACCOUNT
        + """
        throughput = -1
        wnidow = 3
        [node]
        validity = "3"
        [[number]]
        address = "12345"
        account = "acne"
        [[route]]
        carriers = [{ id = "nroth" }]
        """
    )
    assert found["carrier.north.host"].message == "must be a host name or an IP address, not 5"
    assert found["account.acme.throughput"].message == "must be an integer from 0 to 1000000, not -1"
    assert found["account.acme.wnidow"] == (
        "account.acme.wnidow",
        "unknown key",
        "did you mean `window`?",
    )
    assert found["node.validity"].suggestion == "write 3 without quotes"
    assert found["number.12345.account"].suggestion == "did you mean `acme`?"
    assert found["route[0].carriers[0].id"].suggestion == "did you mean `north`?"
    assert len(found) == 6


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("nod = 1", "nod", "unknown key"),
        ("node = 1", "node", "must be a table"),
        ("[account]\nid = 'x'", "account", "must be an array of tables"),
        ("account = [1]", "account[0]", "must be a table"),
        ("[smpp]\nlisten = '127.0.0.1:1'", "smpp.listen", "must be an array"),
        ("[smpp]\nlisten = ['::1:2775']", "smpp.listen[0]", "brackets"),
        ("[http]\nlisten = 'localhost'", "http.listen", "HOST:PORT"),
        ("[http]\nlisten = 'localhost:65536'", "http.listen", "0 to 65535"),
        ("[http]\nadmin_key = 'env:NOPE'", "http.admin_key", "NOPE is not set"),
        (
            "[http]\nadmin_key = 'file:nope'",
            "http.admin_key",
            "secret file nope cannot be read",
        ),
        ("[http]\nadmin_key = ''", "http.admin_key", "empty"),
        ("[node]\nunknown_grace = nan", "node.unknown_grace", "must be a number"),
        ("[node]\nunknown_grace = inf", "node.unknown_grace", "must be a number"),
        ("[node]\nunknown_grace = true", "node.unknown_grace", "must be a number"),
        ("[node]\nvalidity = 5.0e9", "node.validity", "must be an integer"),
        ("[store]\nengine = 'nats'", "store.engine", "not supported yet"),
        ("[store]\nengine = 'sqlight'", "store.engine", 'one of "sqlite", "memory"'),
        (CARRIER + "type = 'http'", "carrier.north.type", "not supported yet"),
        (CARRIER + "query_after = -1", "carrier.north.query_after", "must be"),
        (CARRIER + "on_unknown = 'drop'", "carrier.north.on_unknown", 'one of "resend", "hold"'),
        (CARRIER + "interface_version = '4.0'", "carrier.north.interface_version", 'one of "3.3", "3.4", "5.0"'),
        (CARRIER + "outbind = { system_id = 'x' }", "carrier.north.outbind.password", "is missing"),
        (CARRIER.replace('"secret"', "5"), "carrier.north.password", "env:NAME"),
        (CARRIER.replace('host = "127.0.0.1"', ""), "carrier.north.host", "is missing"),
        (CARRIER.replace("north", "no rth"), "carrier[0].id", "letters, digits"),
        (ACCOUNT + "password_hash = 'demo'", "account.acme.password_hash", "no hash"),
        (
            ACCOUNT + "api_key_hash = 'sha256:00'",
            "account.acme.api_key_hash",
            "no hash",
        ),
        (
            ACCOUNT + "allow_from = ['10.0.0.1/8']",
            "account.acme.allow_from[0]",
            "host bits",
        ),
        (ACCOUNT + "webhook = { url = 'ftp://x', secret = 's' }", "account.acme.webhook.url", "http"),
        (
            CARRIER + "[[route]]\ncarriers=[{id='north'}]\ntime='9-17'",
            "route[0].time",
            "not supported yet",
        ),
        (
            CARRIER + "[[route]]\ncarriers=[{id='north'}]\nmccmnc='24001'",
            "route[0].mccmnc",
            "not supported yet",
        ),
        (
            CARRIER + "[[route]]\ncarriers=['north']",
            "route[0].carriers[0]",
            "must be a table",
        ),
        (
            CARRIER + "[[route]]\ncarriers=[{id='north',weight=0}]",
            "route[0].carriers[0].weight",
            "from 1 to",
        ),
    ],
)
def test_a_problem_names_its_key(text: str, path: str, message: str) -> None:
    found = problems(text)
    assert list(found) == [path]
    assert message in str(found[path])


def test_broken_toml_is_one_problem_that_says_where() -> None:
    assert "line 2" in problems("[node]\nname = = 1")[""].message


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe5")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load(tmp_path / "latin.toml")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hush\r\n")
    (tmp_path / "node.toml").write_text("[node]\ndata_dir='d'\n[http]\nadmin_key='file:key'")
    found = config.load(tmp_path / "node.toml")
    assert found.node.data_dir == tmp_path / "d"
    assert found.http.admin_key is not None and found.http.admin_key.reveal() == "hush"
