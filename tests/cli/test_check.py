"""`septet check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from septet import cli

QUICKSTART = str(Path(__file__).parents[2] / "examples" / "quickstart.toml")


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.toml"
    path.write_text("[node]\nnmae = 'x'\n[[route]]\ncarriers = [{ id = 'north' }]\n")
    return str(path)


def test_a_good_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "-c", QUICKSTART]) == 0
    assert capsys.readouterr().out == f"{QUICKSTART}: ok (1 account, 2 carriers, 1 number, 2 routes, 3 keywords)\n"


def test_every_problem_is_a_line(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "-c", bad]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "node.nmae: unknown key; did you mean `name`?",
        'route[0].carriers[0].id: no carrier "north"; there is no [[carrier]] yet',
    ]


def test_json(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "-c", bad, "--json"]) == 2
    shown = json.loads(capsys.readouterr().out)
    assert shown["ok"] is False
    assert shown["problems"][0] == {
        "path": "node.nmae",
        "message": "unknown key",
        "suggestion": "did you mean `name`?",
    }
    assert cli.main(["check", "-c", QUICKSTART, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "-c", str(tmp_path / "none.toml")]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err
