from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from septet.cli import main
from septet.cli.pdu import dissected
from septet.smpp import Pdu

ENQUIRE = "00000010000000150000000000000001"


@pytest.mark.parametrize(
    "form", [ENQUIRE, "00:00:00:10 00000015 0x00000000, 00000001\n", r"\x00\x00\x00\x10" + ENQUIRE[8:]]
)
def test_decode_takes_hexadecimal_as_people_paste_it(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdu", "decode", form]) == 0
    assert capsys.readouterr().out == "enquire_link  sequence 1  status ESME_ROK (0x00000000)  16 octets\n"


def test_decode_several_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = Pdu("submit_sm", sequence=2, fields={"short_message": b"Hi"}).encode()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{ENQUIRE}\n{octets.hex(' ')}\n"))
    assert main(["pdu", "decode", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["command"], first["at"], first["length"]) == ("enquire_link", 0, 16)
    assert (second["text"], second["at"], second["length"]) == ("Hi", 16, len(octets))


def test_one_that_cannot_be_read_does_not_hide_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = ENQUIRE.replace("00000015", "00000999")
    assert main(["pdu", "decode", unknown + ENQUIRE + "0000"]) == 1
    out = capsys.readouterr().out
    assert "at octet 4: command_id 0x00000999" in out
    assert "enquire_link  sequence 1  status ESME_ROK (0x00000000)  16 octets  at octet 16" in out
    assert "incomplete PDU  at octet 32" in out
    assert "the PDU has 16 octets, only 2 are here" in out


@pytest.mark.parametrize("length", ["00000000", "0000000f", "ffffffff"])
def test_a_length_that_cannot_be_true(length: str) -> None:
    [said] = dissected(bytes.fromhex(length + ENQUIRE[8:] + ENQUIRE))
    assert said["error"]["code"] in {"smpp.bad_length", "smpp.incomplete"}


@pytest.mark.parametrize("given", ["xyz", "123", ""])
def test_what_is_no_hexadecimal(
    given: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["pdu", "decode", given]) == 2
    error = capsys.readouterr().err
    assert error.startswith("septet pdu: ") and error.count("\n") == 1


def test_encode_and_decode_agree() -> None:
    command = [sys.executable, "-m", "septet", "pdu"]
    words = ["source_addr=12345", "destination_addr=46701234567", "text=Grüße", "user_message_reference=7"]
    octets = subprocess.run(
        [*command, "encode", "submit_sm", *words], capture_output=True, text=True, check=True
    ).stdout
    shown = subprocess.run(
        [*command, "decode", "--json"], input=octets + octets, capture_output=True, text=True, check=True
    ).stdout
    assert [json.loads(line)["text"] for line in shown.splitlines()] == ["Grüße"] * 2
    again = subprocess.run([*command, "encode", "-"], input=shown, capture_output=True, text=True, check=True).stdout
    assert again == octets * 2


def test_encode_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdu", "encode", "--json", '[{"command": "enquire_link"}, {"command": "unbind", "sequence": 2}]']) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"hex": ENQUIRE, "length": 16}
    assert second["hex"] == "00000010000000060000000000000002"


@pytest.mark.parametrize(
    "given",
    [
        ["submit"],
        ["submit_sm", "colour=red"],
        ["{"],
        ["[5]"],
        ['{"command": "submit_sm", "fields": {"source_addr": 5}}'],
        ['{"command": "submit_sm", "fields": {"esm_class": 256}}'],
        ['{"command": "enquire_link"}', "sequence=1"],
    ],
)
def test_encode_refuses_in_one_line(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdu", "encode", *given]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("septet pdu: ") and shown.err.count("\n") == 1


def test_an_action_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdu"]) == 2
    assert "decode or encode" in capsys.readouterr().err
    assert main(["pdu", "decode", "--help"]) == 0
    assert "example:" in capsys.readouterr().out
