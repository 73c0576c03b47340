"""What the subcommands share: how one is declared."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    Subparsers = _SubParsersAction[ArgumentParser]


def declare(
    subparsers: Subparsers,
    name: str,
    func: Callable[[Namespace], int],
    *,
    help: str,
    example: str,
) -> ArgumentParser:
    """Add a subcommand with an example under its help."""
    parser: ArgumentParser = subparsers.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(func=func)
    return parser
