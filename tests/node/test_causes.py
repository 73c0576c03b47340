"""What a carrier's error code means, in its own words and in the configuration's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from septet import config
from septet.node.causes import Causes

TOML = """
[[carrier]]
id = "north"
host = "127.0.0.1"
system_id = "s"
password = "p"
[carrier.quirks]
error_codes = [
    { code = "027", name = "absent_subscriber", text = "The phone is off." },
    { code = "0e7", name = "barred" },
    { code = "11", in = "network_error_code", name = "teleservice_not_provisioned" },
    { code = "0x00000401", in = "command_status", name = "no_credit" },
    { code = "1026", in = "command_status", name = "bad_sender" },
]
"""
CAUSES = Causes(config.parse(TOML, Path()))


def view(**given: Any) -> dict[str, Any]:
    return {"carrier": "north", "error": 0, "err": "", "network_error": None} | given


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({}, {}),
        ({"err": "27", "error": 27}, {"err": "27", "name": "absent_subscriber", "text": "The phone is off."}),
        ({"err": "0E7", "error": 231}, {"err": "0E7", "name": "barred"}),
        ({"err": "99", "error": 99}, {"err": "99"}),
        (
            {"network_error": (3, 11), "error": 11},
            {"network": "gsm", "network_error_code": 11, "name": "teleservice_not_provisioned"},
        ),
        ({"network_error": (9, 1)}, {"network": "9", "network_error_code": 1}),
        ({"err": "27", "network_error": (1, 11)}, {"err": "27", "network": "ansi-136", "network_error_code": 11}),
        ({"error": 0x401}, {"name": "no_credit"}),
        ({"error": 0x402}, {"name": "bad_sender"}),
        ({"error": 27}, {}),
        ({"carrier": "south", "err": "27"}, {"err": "27"}),
    ],
)
def test_a_cause_is_told_in_the_carriers_words_and_in_ours(given: dict[str, Any], cause: dict[str, Any]) -> None:
    told = CAUSES.of(view(**given))
    assert cause.items() <= told.items()
    assert told.keys() - cause.keys() <= {"name", "text"}
    if "name" not in cause and len(cause) < 3:
        assert "name" not in told
