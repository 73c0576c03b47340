"""`septet segments TEXT`: what a text costs and why."""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from septet.codec import analyze
from septet.errors import SeptetError

if TYPE_CHECKING:
    from septet.codec import Analysis

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

UNITS = {"gsm7": "septets", "ucs2": "UTF-16 units"}


def add(subparsers: Subparsers) -> None:
    """Adds the command to the parser of `septet`."""
    parser = subparsers.add_parser(
        "segments",
        help="what a text costs: encoding, units, segments, and what forces UCS-2",
        description="What a text costs: encoding, units, segments, and what forces UCS-2.",
        epilog="example: septet segments 'Your table is booked – see you at 8'",
    )
    parser.add_argument("text", metavar="TEXT", help="the text, or - to read it from standard input")
    parser.add_argument(
        "--reference-bits", type=int, choices=(8, 16), default=8, help="width of the concatenation reference"
    )
    parser.add_argument("--transliterate", action="store_true", help="replace typographic signs by plain ones first")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the analysis; 0, or 1 with a line on stderr if the text cannot be a message."""
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    try:
        cost = analyze(text, reference_bits=arguments.reference_bits, transliterate=arguments.transliterate)
    except SeptetError as error:
        print(f"septet segments: {error}", file=sys.stderr)
        return 1
    if arguments.json:
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
