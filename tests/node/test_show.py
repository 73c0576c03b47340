from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from septet import config
from septet.message import MessageView
from septet.node.causes import Causes
from septet.node.show import detailed, listed, moment

VIEW: dict[str, Any] = {
    "id": "0123456789ABCDEFGHJK",
    "direction": "mt",
    "account": "demo",
    "carrier": "north",
    "from": "12345",
    "to": "46701234567",
    "text": "Hej",
    "data": None,
    "encoding": "gsm7",
    "segments": 1,
    "status": "delivered",
    "error": 0,
    "err": "",
    "network_error": None,
    "params": {},
    "client_ref": "r1",
    "tags": ["a"],
    "keyword": "",
    "incomplete": False,
    "created": 1_700_000_000_123,
    "updated": 1_700_000_001_000,
    "events": [(1_700_000_000_500, "submitted", 1, 0, None), (1_700_000_001_000, "delivered", 1, 7, "DELIVRD")],
}

NOTHING = Causes(config.parse("", Path()))


def test_a_moment_is_utc_in_milliseconds() -> None:
    assert moment(0) == "1970-01-01T00:00:00.000Z"
    assert moment(1_700_000_000_005) == "2023-11-14T22:13:20.005Z"


def test_what_a_message_lacks_is_left_out() -> None:
    shown = listed(VIEW, NOTHING)
    assert shown["text"] == "Hej" and shown["carrier"] == "north" and shown["tags"] == ["a"]
    assert shown["created_at"] == "2023-11-14T22:13:20.123Z"
    assert not {"data", "keyword", "error", "cause", "params", "incomplete", "events"} & shown.keys()


def test_binary_errors_and_missing_parts_are_told() -> None:
    shown = listed(VIEW | {"text": None, "data": "00ff", "error": 8, "incomplete": True}, NOTHING)
    assert "text" not in shown
    assert (shown["data"], shown["error"], shown["incomplete"]) == ("00ff", "8", True)


def test_an_empty_text_is_a_text() -> None:
    assert listed(VIEW | {"text": ""}, NOTHING)["text"] == ""


def test_events_begin_with_the_acceptance() -> None:
    assert detailed(VIEW, NOTHING)["events"] == [
        {"at": "2023-11-14T22:13:20.123Z", "event": "accepted"},
        {"at": "2023-11-14T22:13:20.500Z", "event": "submitted", "detail": "segment 1"},
        {"at": "2023-11-14T22:13:21.000Z", "event": "delivered", "detail": "segment 1, receipt DELIVRD, error 7"},
    ]


@pytest.mark.parametrize(
    ("status", "events"), [("received", ["received"]), ("handed_over", ["received", "handed_over"])]
)
def test_an_inbound_message_is_received_first(status: str, events: list[str]) -> None:
    shown = detailed(VIEW | {"direction": "mo", "status": status, "events": []}, NOTHING)
    assert [event["event"] for event in shown["events"]] == events


def test_the_api_describes_all_that_is_shown() -> None:
    shown = detailed(
        VIEW | {"data": "00", "err": "8", "params": {"a": "b"}, "keyword": "12345/INFO", "incomplete": True}, NOTHING
    )
    described = {field.encode_name for field in msgspec.structs.fields(MessageView)}
    assert shown.keys() <= described
    assert msgspec.convert(shown, MessageView).keyword == "12345/INFO"
