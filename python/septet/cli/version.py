"""`septet version`: which version this is."""

from __future__ import annotations

import json
import platform
from argparse import Namespace
from typing import TYPE_CHECKING

import septet
from septet.cli.command import declare

if TYPE_CHECKING:
    from septet.cli.command import Subparsers


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "version",
        run,
        help="print the version",
        example="septet version --json",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: Namespace) -> int:
    """Print it."""
    if options.json:
        print(json.dumps({"version": septet.__version__, "python": platform.python_version()}))
    else:
        print(f"septet {septet.__version__}")
    return 0
