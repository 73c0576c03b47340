from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from septet import config
from septet.store.tables import tables

TOML = """
[smpp]
optout_status = 0x401
[[account]]
id = "a"
api_key = "k"
[[account]]
id = "b"
api_key = "l"
webhook = { url = "http://127.0.0.1:9000/hook", secret = "s3cret" }
[[carrier]]
id = "north"
host = "127.0.0.1"
system_id = "s"
password = "p"
binds = 3
[[carrier]]
id = "south"
host = "127.0.0.1"
system_id = "s"
password = "p"
[[carrier]]
id = "east"
host = "127.0.0.1"
port = 2776
system_id = "s"
password = "p"
[[number]]
address = "+12345"
account = "b"
carrier = "south"
[[route]]
to = ["+46"]
carriers = [{ id = "south", weight = 2 }]
failover = ["north"]
"""


@pytest.fixture
def compiled(tmp_path: Path) -> dict[str, Any]:
    return tables(config.parse(TOML, tmp_path))


def test_accounts_and_carriers_keep_their_places(compiled: dict[str, Any]) -> None:
    assert [account["id"] for account in compiled["accounts"]] == ["a", "b"]
    assert [carrier["id"] for carrier in compiled["carriers"]] == ["north", "south", "east"]
    assert compiled["carriers"][0]["binds"] == 3


def test_carriers_at_one_host_port_and_system_id_share_a_message_centre(compiled: dict[str, Any]) -> None:
    assert [carrier["centre"] for carrier in compiled["carriers"]] == [0, 0, 2]


def test_inbound_goes_to_the_webhook_where_there_is_one(compiled: dict[str, Any]) -> None:
    assert [(account["webhook"], account["mo"]) for account in compiled["accounts"]] == [
        (False, "smpp"),
        (True, "webhook"),
    ]
    assert {account["optout_status"] for account in compiled["accounts"]} == {0x401}


def test_routes_and_numbers_name_by_index(compiled: dict[str, Any]) -> None:
    [number] = compiled["numbers"]
    assert number[:3] == ("12345", 1, 1)
    # The file's routes first, then the carrier of each number.
    assert compiled["routes"] == [(None, None, ["46"], [(1, 2)], [0]), (1, "12345", [""], [(1, 1)], [])]


def test_the_secret_goes_out(compiled: dict[str, Any]) -> None:
    north = compiled["carriers"][0]
    assert north["password"] == "p"
