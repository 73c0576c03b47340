"""How a subcommand is declared."""

from __future__ import annotations

import argparse

from septet.cli.command import declare


def test_a_declared_command_runs_its_function_and_shows_its_example() -> None:
    parser = argparse.ArgumentParser(prog="septet")
    added = declare(
        parser.add_subparsers(),
        "greet",
        lambda _: 7,
        help="greet someone",
        example="septet greet Ann",
    )
    assert parser.parse_args(["greet"]).func(None) == 7
    assert added.format_help().endswith("example:\n  septet greet Ann\n")
    assert "Greet someone." in added.format_help()
