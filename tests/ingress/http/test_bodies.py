from __future__ import annotations

import msgspec
import pytest

from septet.ingress.http.bodies import AnalyzeRequest, Batch, Cancelled


@pytest.mark.parametrize("bits", [8, 16])
def test_a_reference_has_8_or_16_bits(bits: int) -> None:
    assert msgspec.convert({"text": "", "reference_bits": bits}, AnalyzeRequest).reference_bits == bits


@pytest.mark.parametrize("bits", [0, 7, 32])
def test_a_reference_of_another_width(bits: int) -> None:
    with pytest.raises(msgspec.ValidationError, match="reference_bits"):
        msgspec.convert({"text": "", "reference_bits": bits}, AnalyzeRequest)


def test_a_batch_has_nothing_beside_its_messages() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"messages": [], "x": 1}, Batch)


def test_what_is_cancelled_says_so() -> None:
    assert msgspec.json.encode(Cancelled("m1")) == b'{"id":"m1","status":"cancelled"}'
