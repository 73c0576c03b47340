"""`septet segments TEXT`: what a text costs and why."""

from __future__ import annotations

import json
import sys
import unicodedata
from argparse import Namespace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from septet.cli.command import declare
from septet.codec import analyze

if TYPE_CHECKING:
    from septet.cli.command import Subparsers
    from septet.codec import Analysis

UNITS = {"gsm7": "septets", "ucs2": "UTF-16 units"}


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "segments",
        run,
        help="show what a text costs: encoding, units, segments, and what forces UCS-2",
        example="septet segments 'Your table is booked – see you at 8'",
    )
    parser.add_argument("text", metavar="TEXT", help="the text, or - to read it from standard input")
    parser.add_argument(
        "--reference-bits", type=int, choices=(8, 16), default=8, help="width of the concatenation reference"
    )
    parser.add_argument("--transliterate", action="store_true", help="replace typographic signs by plain ones first")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: Namespace) -> int:
    """Print the analysis."""
    text = sys.stdin.read() if options.text == "-" else options.text
    cost = analyze(text, reference_bits=options.reference_bits, transliterate=options.transliterate)
    if options.json:
        print(json.dumps(as_json(cost), ensure_ascii=False))
    else:
        show(cost, Console())
    return 0


def as_json(cost: Analysis) -> dict[str, object]:
    """The analysis as `--json` prints it.

    >>> as_json(analyze("é"))["segment_units"]
    [1]
    """
    return {
        "encoding": cost.encoding,
        "language": cost.language,
        "units": cost.units,
        "segments": cost.segments,
        "segment_units": list(cost.segment_units),
        "forced_by": list(cost.forced_by),
    }


def show(cost: Analysis, console: Console) -> None:
    """The analysis as a table."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    table.add_row("encoding", cost.encoding)
    table.add_row("units", f"{cost.units} {UNITS[cost.encoding]}")
    each = " + ".join(str(units) for units in cost.segment_units)
    table.add_row("segments", f"{cost.segments} ({each})" if cost.segments > 1 else "1")
    for row, character in enumerate(cost.forced_by):
        table.add_row("UCS-2 because of" if row == 0 else "", Text(describe(character)))
    console.print(table)


def describe(character: str) -> str:
    """A character with its code point and name.

    >>> describe("–")
    '– U+2013 EN DASH'
    """
    shown = character if character.isprintable() else repr(character)
    name = unicodedata.name(character, "")
    return f"{shown} U+{ord(character):04X} {name}".rstrip()
