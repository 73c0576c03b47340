"""The command as a whole: exit codes, one line for an error, pipes and interrupts."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from septet import cli, errors
from septet.cli import check

QUICKSTART = str(Path(__file__).parents[2] / "examples" / "quickstart.toml")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "septet", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_runs_as_a_module() -> None:
    found = run("version")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith("septet ")


@pytest.mark.parametrize(
    "arguments",
    [(), ("nonsense",), ("check",), ("check", "--nonsense"), ("send", "--to")],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1 and "--help" in shown.err


def test_help_has_an_example_for_every_command_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["--help"]) == 0
    assert "example:" in capsys.readouterr().out
    for name in ("check", "hash-password", "send", "version"):
        assert cli.main([name, "--help"]) == 0
        assert "example:\n  " in (shown := capsys.readouterr().out) and f"septet {name}" in shown


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (errors.SeptetError("no such thing"), 1, "septet: no such thing\n"),
        (
            errors.ConfigError([errors.Problem("a", "b"), errors.Problem("c", "d")]),
            2,
            "a: b\nc: d\n",
        ),
        (
            FileNotFoundError(2, "No such file or directory", "x.toml"),
            1,
            "septet: x.toml: No such file or directory\n",
        ),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_becomes_a_line_and_an_exit_code(
    error: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(options: Namespace) -> int:
        raise error

    monkeypatch.setattr(check, "run", fail)
    assert cli.main(["check", "-c", "x.toml"]) == code
    assert capsys.readouterr().err == line


def test_a_reader_that_has_gone_is_no_traceback() -> None:
    command = [sys.executable, "-m", "septet", "check", "-c", QUICKSTART]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (1, "")
