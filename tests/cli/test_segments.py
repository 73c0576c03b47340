"""`septet segments` as a user runs it."""

import io
import json

import pytest

from septet.cli import main


def run(*words: str) -> int:
    return main(["segments", *words])


def test_the_table_says_what_forces_ucs2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("50 € – [today]") == 0
    out = capsys.readouterr().out
    assert "ucs2" in out and "14 UTF-16 units" in out and "– U+2013 EN DASH" in out


def test_several_segments_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("x" * 161) == 0
    assert "2 (153 + 8)" in capsys.readouterr().out


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--reference-bits", "16", "x" * 161) == 0
    assert json.loads(capsys.readouterr().out) == {
        "encoding": "gsm7",
        "language": None,
        "units": 161,
        "segments": 2,
        "segment_units": [152, 9],
        "forced_by": [],
        "replaced": {},
    }


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("“hi”"))
    assert run("--json", "--transliterate", "-") == 0
    assert json.loads(capsys.readouterr().out)["encoding"] == "gsm7"


def test_a_text_too_long_fails_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("x" * 40_000) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "255 segments" in captured.err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    assert "septet segments 'Your table" in capsys.readouterr().out
