from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet.message import EVENT_OF_STATUS, Draft, EventType, Status


def draft(**fields: Any) -> Draft:
    return msgspec.convert({"from": "12345", "to": "46701234567"} | fields, Draft)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"])))
def test_a_text_is_kept_as_it_was_written(text: str) -> None:
    encoded = msgspec.json.encode(draft(text=text))
    assert msgspec.json.decode(encoded, type=Draft).text == text


@given(st.binary(max_size=140))
def test_octets_survive(data: bytes) -> None:
    assert draft(data=data.hex()).body == data


@pytest.mark.parametrize("sender", ["12345", "+46701234567", "ACME", "ACME Shop", "Jean & Co.", "1" * 20])
def test_a_sender(sender: str) -> None:
    assert draft(text="", **{"from": sender}).from_ == sender


@pytest.mark.parametrize("sender", ["", "A" * 12, "1" * 21, "Åsa", "a\nb", "12345\n"])
def test_no_sender(sender: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        draft(text="", **{"from": sender})


@pytest.mark.parametrize(
    ("udh", "octets", "fits"),
    [("050003010201", 134, True), ("050003010201", 135, False), ("", 134 * 255, True), ("", 134 * 255 + 1, False)],
)
def test_binary_content_is_bounded(udh: str, octets: int, fits: bool) -> None:
    fields = {"data": "00" * octets} | ({"udh": udh} if udh else {})
    if fits:
        assert len(draft(**fields).body or b"") == octets
    else:
        with pytest.raises(msgspec.ValidationError):
            draft(**fields)


def test_events_come_of_known_statuses() -> None:
    statuses = {status for group in get_args(Status) for status in get_args(group) or (group,)}
    assert EVENT_OF_STATUS.keys() <= statuses
    assert set(EVENT_OF_STATUS.values()) <= set(get_args(EventType))
