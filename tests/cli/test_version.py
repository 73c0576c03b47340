"""`septet version`."""

from __future__ import annotations

import json

import pytest

import septet
from septet import cli


def test_it_prints_the_package_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out == f"septet {septet.__version__}\n"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == septet.__version__
