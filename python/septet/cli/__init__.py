"""The `septet` command: arguments in, exit code out. Each subcommand is a module with `add(subparsers)`."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from septet.errors import ConfigError, SeptetError

COMMANDS = (
    "serve",
    "check",
    "demo",
    "sim",
    "send",
    "trace",
    "dlq",
    "load",
    "segments",
    "pdu",
    "hash-password",
    "version",
)

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_EXAMPLE = """example:
  septet check -c examples/quickstart.toml
  septet serve -c examples/quickstart.toml

exit codes: 0 done, 1 failed, 2 wrong usage or configuration"""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    >>> main(["version"])
    septet 0.1.0
    0
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone; without this the interpreter would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return USAGE
    except SeptetError as error:
        print(f"septet: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"septet: {where}{error.strerror or error}", file=sys.stderr)
        return FAILED
    return code


def _run(arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog="septet",
        description="A two-way SMS routing node.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    wanted = arguments[0] if arguments and arguments[0] in COMMANDS else None
    # Only the command that runs is imported: `septet version` need not load the event loop.
    for name in (wanted,) if wanted else COMMANDS:
        module = f"septet.cli.{name.replace('-', '_')}"
        if importlib.util.find_spec(module):
            importlib.import_module(module).add(subparsers)
    try:
        options = parser.parse_args(arguments)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else DONE
    code: int = options.func(options)
    return code
