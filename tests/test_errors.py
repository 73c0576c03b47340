"""Every exception has a code."""

from __future__ import annotations

from septet.errors import ConfigError, Problem, SeptetError


def test_an_error_carries_its_code_and_offset() -> None:
    error = SeptetError("bad octet", "smpp.bad_length", 4)
    assert (str(error), error.code, error.offset) == ("bad octet", "smpp.bad_length", 4)


def test_a_config_error_is_a_septet_error_with_every_problem() -> None:
    error = ConfigError([Problem("a.b", "is missing", "add it"), Problem("", "no TOML")])
    assert isinstance(error, SeptetError)
    assert error.code == "config.invalid"
    assert str(error).splitlines() == ["a.b: is missing; add it", "no TOML"]
