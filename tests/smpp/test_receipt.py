"""`septet.parse_receipt` against receipts as carriers write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import septet
from septet import SeptetError
from tests.smpp.vectors import load

PARTS = ("id", "sub", "dlvrd", "submit_date", "done_date", "stat", "err", "text")


@pytest.mark.parametrize("vector", [v for v in load("smpp_receipts") if v["receipt"]], ids=lambda v: v["clause"])
@pytest.mark.parametrize("form", [str, str.encode])
def test_vectors(vector: Any, form: Any) -> None:
    receipt = septet.parse_receipt(form(vector["body"]))
    assert {part: getattr(receipt, part) for part in PARTS if getattr(receipt, part) is not None} == vector["receipt"]


@pytest.mark.parametrize("vector", [v for v in load("smpp_receipts") if not v["receipt"]], ids=lambda v: v["clause"])
def test_what_is_no_receipt_is_an_error(vector: Any) -> None:
    with pytest.raises(SeptetError) as caught:
        septet.parse_receipt(vector["body"])
    assert caught.value.code == "receipt.not_a_receipt"


def outcome(body: bytes | str) -> str | None:
    try:
        return septet.parse_receipt(body).id
    except SeptetError as error:
        return error.code


@given(st.binary(max_size=200) | st.text(max_size=200) | st.text("id:stat done e\0", max_size=60))
def test_anything_is_a_receipt_with_an_id_or_the_documented_error(body: bytes | str) -> None:
    assert outcome(body)


@given(st.text("0123456789abcdef-", min_size=1, max_size=64), st.binary(max_size=30))
def test_an_id_is_kept_as_it_is_written(message_id: str, text: bytes) -> None:
    assert outcome(b"id:%b stat:DELIVRD text:%b" % (message_id.encode(), text)) == message_id


def test_octets_that_are_no_utf8_are_kept_one_by_one() -> None:
    assert septet.parse_receipt(b"id:1 stat:DELIVRD text:\xe5\x00").text == "å\x00"


def test_receipts_compare_and_show_their_parts() -> None:
    receipt = septet.parse_receipt("id:1 stat:DELIVRD")
    assert receipt == septet.parse_receipt(b"ID:1 Stat:DELIVRD")
    assert receipt != septet.parse_receipt("id:2 stat:DELIVRD")
    assert "id='1'" in repr(receipt) and "text=None" in repr(receipt)


def test_a_body_is_text_or_octets() -> None:
    with pytest.raises(TypeError):
        septet.parse_receipt(5)  # type: ignore[arg-type]
