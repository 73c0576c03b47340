"""`septet segments` as a user runs it."""

import argparse
import io
import json
from collections.abc import Callable

import pytest
from septet.cli import segments

Run = Callable[..., int]


@pytest.fixture
def run() -> Run:
    parser = argparse.ArgumentParser(prog="septet")
    segments.add(parser.add_subparsers())

    def call(*words: str) -> int:
        arguments = parser.parse_args(["segments", *words])
        return int(arguments.func(arguments))

    return call


def test_the_table_says_what_forces_ucs2(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("50 € – [today]") == 0
    out = capsys.readouterr().out
    assert "ucs2" in out and "14 UTF-16 units" in out and "– U+2013 EN DASH" in out


def test_several_segments_are_listed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("x" * 161) == 0
    assert "2 (153 + 8)" in capsys.readouterr().out


def test_json_is_one_object(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--reference-bits", "16", "x" * 161) == 0
    assert json.loads(capsys.readouterr().out) == {
        "encoding": "gsm7",
        "language": None,
        "units": 161,
        "segments": 2,
        "segment_units": [152, 9],
        "forced_by": [],
    }


def test_standard_input(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("“hi”"))
    assert run("--json", "--transliterate", "-") == 0
    assert json.loads(capsys.readouterr().out)["encoding"] == "gsm7"


def test_a_text_too_long_fails_in_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("x" * 40_000) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and "255 segments" in captured.err


def test_help_has_an_example(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run("--help")
    assert "example: septet segments" in capsys.readouterr().out
