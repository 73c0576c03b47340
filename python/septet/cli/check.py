"""`septet check`: is this configuration good?"""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from septet import config
from septet.cli.command import declare

if TYPE_CHECKING:
    from septet.cli.command import Subparsers


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "check",
        run,
        help="check a configuration file and report everything that is wrong in it",
        example="septet check -c examples/quickstart.toml",
    )
    parser.add_argument("-c", "--config", required=True, metavar="FILE", help="the configuration file")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: Namespace) -> int:
    """Check it: 0 if it is good, else 2 and a line for each problem."""
    try:
        found = config.load(options.config)
    except config.ConfigError as error:
        if options.json:
            problems = [problem._asdict() for problem in error.problems]
            print(json.dumps({"ok": False, "file": options.config, "problems": problems}))
        else:
            print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    counts = {name: len(getattr(found, name)) for name in ("account", "carrier", "number", "route", "keyword")}
    if options.json:
        print(json.dumps({"ok": True, "file": options.config, "problems": [], **counts}))
    else:
        listed = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
        print(f"{options.config}: ok ({listed})")
    return 0
