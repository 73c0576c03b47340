"""`septet hash-password`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from septet import cli
from septet.config import SecretHash


def read(text: str) -> SecretHash:
    return SecretHash.read(text.strip(), Path(), {})


@pytest.mark.parametrize("line", ["demo1234", "demo1234\n", "demo1234\r\nmore\n"])
def test_it_hashes_the_first_line_of_its_input(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    assert cli.main(["hash-password"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("$argon2id$") and "demo1234" not in shown
    assert read(shown).matches("demo1234")


def test_a_key_gets_a_hash_that_is_quick_to_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("demo-key\n"))
    assert cli.main(["hash-password", "--api-key", "--json"]) == 0
    hashed = json.loads(capsys.readouterr().out)["hash"]
    assert hashed.startswith("sha256:") and read(hashed).matches("demo-key")


def test_it_takes_no_secret_from_the_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["hash-password", "demo1234"]) == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_nothing_is_not_hashed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert cli.main(["hash-password"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "nothing to hash" in shown.err
