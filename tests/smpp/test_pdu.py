"""`septet.smpp.Pdu` and `decode` against the specification's vectors and over drawn PDUs."""

import doctest
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet import SeptetError, smpp
from tests.smpp.strategies import LAYOUTS, TLVS, given_fields, pdus
from tests.smpp.vectors import load, octets

VECTORS = load("smpp")


@pytest.mark.parametrize("vector", [v for v in VECTORS if "error" not in v], ids=lambda v: v["clause"])
def test_vectors(vector: Any) -> None:
    data = bytes.fromhex(vector["hex"])
    pdu = smpp.decode(data)
    assert (pdu.command, pdu.command_id) == (vector["command"], vector["command_id"])
    assert (pdu.status, pdu.sequence) == (vector["status"], vector["sequence"])
    assert list(pdu.fields.items()) == [(name, octets(value)) for name, value in vector["fields"].items()]
    assert pdu.tlvs == [(tag, bytes.fromhex(value)) for tag, value in vector["tlvs"]]
    assert pdu.encode() == data


@pytest.mark.parametrize("vector", [v for v in VECTORS if "error" in v], ids=lambda v: v["clause"])
def test_what_is_no_pdu_is_an_error_with_a_place(vector: Any) -> None:
    with pytest.raises(SeptetError) as caught:
        smpp.decode(bytes.fromhex(vector["hex"]))
    assert (caught.value.code, caught.value.offset) == (vector["error"], vector["offset"])


def test_the_vectors_have_every_operation() -> None:
    assert {v["command"] for v in VECTORS if "error" not in v} == set(LAYOUTS)


@given(given_fields(), TLVS)
def test_what_is_given_comes_back(drawn: tuple[str, dict[str, Any]], tlvs: list[tuple[int, bytes]]) -> None:
    command, fields = drawn
    back = smpp.decode(smpp.Pdu(command, fields=fields, tlvs=tlvs).encode())
    assert {name: value for name, value in back.fields.items() if name in fields} == fields
    counts = {"sm_length": "short_message", "number_of_dests": "dest_address", "no_unsuccess": "unsuccess_sme"}
    for name in set(back.fields) - set(fields):
        assert back.fields[name] == len(fields[counts[name]])
    assert back.tlvs == tlvs


@given(pdus())
def test_decode_and_encode_undo_each_other(pdu: smpp.Pdu) -> None:
    data = pdu.encode()
    assert smpp.decode(data) == pdu
    assert smpp.decode(bytearray(data)).encode() == data


@given(st.data(), st.integers(0, 0x7FFFFFFF))
def test_many_are_what_each_is(data: st.DataObject, first: int) -> None:
    command, _ = data.draw(given_fields())
    several = data.draw(st.lists(st.fixed_dictionaries({}, optional=LAYOUTS[command]), max_size=4))
    pdus = smpp.Framer().feed(smpp.encode_many(command, several, sequence=first))
    numbers = [first + at if first + at <= 0x7FFFFFFF else first + at - 0x7FFFFFFF for at in range(len(several))]
    assert pdus == [smpp.Pdu(command, sequence=n, fields=f) for n, f in zip(numbers, several, strict=True)]


def test_one_that_does_not_fit_refuses_them_all() -> None:
    with pytest.raises(SeptetError, match="sorce_addr"):
        smpp.encode_many("submit_sm", [{"source_addr": "1"}, {"sorce_addr": "1"}])
    assert smpp.encode_many("submit_sm", []) == b""


def test_fields_may_be_any_mapping_and_their_names_any_equal_text() -> None:
    pdu = smpp.Pdu("submit_sm", fields={"short_message": b"Hi", str(b"source_addr", "ascii"): "46"})
    assert smpp.Pdu("submit_sm", fields=pdu.fields) == pdu
    assert smpp.Pdu("submit_sm", fields=MappingProxyType(dict(pdu.fields))) == pdu
    assert pdu.fields[str(b"source_addr", "ascii")] == "46"
    with pytest.raises(TypeError):
        smpp.Pdu("submit_sm", fields=[("source_addr", "46")])  # type: ignore[arg-type]


def test_a_count_is_of_what_is_given_even_once() -> None:
    pdu = smpp.Pdu("submit_multi", fields={"dest_address": iter([{"dl_name": "a"}, {"dl_name": "b"}])})
    assert pdu.fields["number_of_dests"] == 2
    with pytest.raises(SeptetError, match="number_of_dests is more than 255"):
        smpp.Pdu("submit_multi", fields={"dest_address": [{"dl_name": "a"}] * 256})


def again(data: bytes) -> bytes | SeptetError:
    try:
        return smpp.decode(data).encode()
    except SeptetError as error:
        return error


@given(st.binary(max_size=80), st.sampled_from(sorted(LAYOUTS)))
def test_any_octets_are_a_pdu_or_the_documented_error(body: bytes, command: str) -> None:
    header = smpp.Pdu(command, fields=None).encode()[4:16]
    data = (16 + len(body)).to_bytes(4, "big") + header + body
    outcome = again(data)
    if isinstance(outcome, SeptetError):
        assert outcome.code in {"smpp.bad_field", "smpp.truncated"}
        assert outcome.offset is not None and 16 <= outcome.offset <= len(data)
    else:
        assert outcome == data


def test_fields_are_a_mapping_that_reads_like_a_dict() -> None:
    fields = smpp.Pdu("query_sm", fields={"message_id": "77"}).fields
    assert isinstance(fields, Mapping)
    assert dict(fields) == fields == {**fields}
    assert list(fields) == ["message_id", "source_addr_ton", "source_addr_npi", "source_addr"] == list(fields.keys())
    assert list(fields.values()) == ["77", 0, 0, ""]
    assert (len(fields), "message_id" in fields, "text" in fields, 3 in fields) == (4, True, False, False)
    assert (fields.get("message_id"), fields.get("text"), fields.get("text", 5)) == ("77", None, 5)
    with pytest.raises(KeyError, match="text"):
        fields["text"]


def test_a_response_that_refuses_has_no_body_unless_it_is_given() -> None:
    assert len(smpp.Pdu("submit_sm_resp", status=0x58).encode()) == 16
    assert len(smpp.Pdu("submit_sm_resp", status=0x58, fields={"message_id": ""}).encode()) == 17
    assert len(smpp.Pdu("deliver_sm_resp").encode()) == 17


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"source_addr": "4" * 21}, "source_addr is too long"),
        ({"source_addr": "4\x006"}, "source_addr is too long or holds a NUL"),
        ({"source_addr": "Жук"}, "beyond U+00FF"),
        ({"source_addr": 46}, "source_addr is a str"),
        ({"short_message": "text"}, "short_message is bytes"),
        ({"short_message": bytes(256)}, "sm_length is more than 255"),
        ({"short_message": b"abc", "sm_length": 2}, "sm_length does not count"),
        ({"esm_class": 256}, "esm_class is more than 255"),
        ({"esm_class": -1}, "esm_class is an int"),
        ({"sorce_addr": "1"}, "no field"),
    ],
)
def test_what_does_not_fit_is_named(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(SeptetError) as caught:
        smpp.Pdu("submit_sm", fields=fields)
    assert caught.value.code == "smpp.bad_field"
    assert says in str(caught.value)


@pytest.mark.parametrize("one", [{"destination": "46"}, {"dl_name": "a", "dest_addr_ton": 1}])
def test_a_slip_in_a_destination_is_an_error(one: dict[str, Any]) -> None:
    with pytest.raises(SeptetError, match="is not part of this"):
        smpp.Pdu("submit_multi", fields={"dest_address": [one]})


@pytest.mark.parametrize("command", ["submit_sms", 0x999])
def test_an_unknown_operation_is_an_error(command: Any) -> None:
    with pytest.raises(SeptetError) as caught:
        smpp.Pdu(command)
    assert caught.value.code == "smpp.unknown_command"


def test_an_operation_may_be_given_by_its_id() -> None:
    assert smpp.Pdu(4) == smpp.Pdu("submit_sm")
    with pytest.raises(TypeError):
        smpp.Pdu(None)  # type: ignore[arg-type]


def test_the_examples_in_the_documentation() -> None:
    examples = [example for found in doctest.DocTestFinder().find(smpp) for example in found.examples]
    result = doctest.testmod(smpp)
    assert (result.attempted, result.failed) == (len(examples), 0)


@pytest.mark.parametrize("name", smpp.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    assert getattr(smpp, name).__doc__
