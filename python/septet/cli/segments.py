"""`septet segments TEXT`: what a text costs, where it is cut, why, and how to save a segment."""

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
from septet.codec import analyze, decode, segment

if TYPE_CHECKING:
    from septet.cli.command import Subparsers
    from septet.codec import Analysis

UNITS = {"gsm7": "septets", "ucs2": "UTF-16 units"}
LANGUAGES = ("tr", "es", "pt", "bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur")
SHADES = ("black on cyan", "black on green")
FORCING = "bold white on red"
SHOWN = 3


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "segments",
        run,
        help="draw a text's segments: encoding, units, boundaries, what forces UCS-2, how to save one",
        example="septet segments 'Your table is booked – see you at 8' --languages tr,es",
    )
    parser.add_argument("text", metavar="TEXT", help="the text, or - to read it from standard input")
    parser.add_argument(
        "--reference-bits", type=int, choices=(8, 16), default=8, help="width of the concatenation reference"
    )
    parser.add_argument(
        "--languages", default="", metavar="LIST", help=f"permitted national tables, of {','.join(LANGUAGES)}"
    )
    parser.add_argument("--transliterate", action="store_true", help="replace characters by plain ones first")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: Namespace) -> int:
    """Print the analysis."""
    text = sys.stdin.read() if options.text == "-" else options.text
    languages = tuple(name for name in options.languages.replace(" ", "").split(",") if name)
    cost = analyze(
        text, languages=languages, reference_bits=options.reference_bits, transliterate=options.transliterate
    )
    if options.json:
        print(json.dumps(as_json(cost), ensure_ascii=False))
        return 0
    parts = split(text, languages, options.reference_bits, transliterate=options.transliterate)
    console = Console()
    show(cost, console)
    console.print(drawing(parts, cost))
    for hint in hints(text, cost, languages, options.reference_bits):
        console.print(Text(f"→ {hint}", style="bold"))
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
        "replaced": dict(cost.replaced),
    }


def split(text: str, languages: tuple[str, ...], reference_bits: int, *, transliterate: bool) -> list[str]:
    """What each segment shows.

    >>> [len(part) for part in split("x" * 161, (), 8, transliterate=False)]
    [153, 8]
    """
    parts = segment(text, languages=languages, reference_bits=reference_bits, transliterate=transliterate)
    return [decode(part.body, part.data_coding, udh=part.udh) for part in parts]


def show(cost: Analysis, console: Console) -> None:
    """The analysis as a table."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column()
    table.add_row("encoding", cost.encoding if cost.language is None else f"{cost.encoding}, {tables(cost)}")
    table.add_row("units", f"{cost.units} {UNITS[cost.encoding]}")
    each = " + ".join(str(units) for units in cost.segment_units)
    table.add_row("segments", f"{cost.segments} ({each})" if cost.segments > 1 else "1")
    for row, character in enumerate(cost.forced_by):
        table.add_row("UCS-2 because of" if row == 0 else "", Text(describe(character)))
    for row, (old, new) in enumerate(cost.replaced):
        table.add_row("replaced" if row == 0 else "", Text(f"{describe(old)} by {new!r}"))
    console.print(table)


def tables(cost: Analysis) -> str:
    """The national language tables in words.

    >>> tables(analyze("ş", languages=["tr"]))
    'locking shift tr'
    """
    named = (("locking shift", cost.locking), ("single shift", cost.single))
    return " and ".join(f"{kind} {language}" for kind, language in named if language)


def drawing(parts: list[str], cost: Analysis) -> Text:
    """The text as it is cut: a row for each segment, shades that change, the characters that force UCS-2 in red.

    >>> print(drawing(["one – ", "two"], analyze("one – two")))
    ┃1┃one – ┃ 9
    ┃2┃two┃
    """
    drawn = Text()
    width = len(str(len(parts)))
    units = list(cost.segment_units) + [0] * len(parts)
    for number, part in enumerate(parts):
        if number:
            drawn.append("\n")
        drawn.append(f"┃{number + 1:>{width}}┃", style="bold")
        for character in part:
            style = FORCING if character in cost.forced_by else SHADES[number % 2]
            drawn.append(visible(character), style=style)
        drawn.append("┃", style="bold")
        if units[number]:
            drawn.append(f" {units[number]}", style="dim")
    return drawn


def visible(character: str) -> str:
    """A character as the drawing has it: one that breaks lines or shows nothing gets a sign.

    >>> visible(chr(10)), visible("a"), visible(chr(0x200B))
    ('↵', 'a', '·')
    """
    if character == "\n":
        return "↵"
    if character.isprintable() or unicodedata.category(character) in {"Mn", "Mc", "Zs"} or character == "\u200d":
        return character
    return "·"


def hints(text: str, cost: Analysis, languages: tuple[str, ...], reference_bits: int) -> list[str]:
    """How to save segments, the best way first; nothing where nothing can be saved.

    >>> hints("– " + "x" * 100, analyze("– " + "x" * 100), (), 8)
    ['replace – by - and it is 1 segment of GSM-7 (--transliterate)']
    """
    found: list[tuple[int, str]] = []
    plain = analyze(text, languages=languages, reference_bits=reference_bits, transliterate=True)
    if plain.segments < cost.segments and plain.replaced:
        pairs = [f"{old} by {new}" if new.strip() else f"{name(old)} by {new!r}" for old, new in plain.replaced]
        listed = ", ".join(pairs[:SHOWN]) + (f" and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else "")
        found.append((plain.segments, f"replace {listed} and it is {counted(plain)} (--transliterate)"))
    best: tuple[int, str] | None = None
    for language in LANGUAGES:
        if language in languages:
            continue
        national = analyze(text, languages=(*languages, language), reference_bits=reference_bits)
        if national.segments < (best[0] if best else cost.segments):
            chosen = ",".join((*languages, language))
            said = f"permit --languages {chosen} and it is {counted(national)}, where the route and the phone know it"
            best = (national.segments, said)
    if best:
        found.append(best)
    last = cost.segment_units[-1]
    if cost.segments > 1 and last <= max(1, cost.segment_units[0] // 10):
        shorter = f"{lacking(last, cost.encoding)} less and it is {cost.segments - 1} segments"
        found.append((cost.segments - 1, shorter if cost.segments > 2 else shortened(cost)))
    return [said for _, said in sorted(found, key=lambda item: item[0])]


def counted(cost: Analysis) -> str:
    """A number of segments and their encoding in words.

    >>> counted(analyze("x" * 161)), counted(analyze("ж"))
    ('2 segments of GSM-7', '1 segment of UCS-2')
    """
    encoding = "GSM-7" if cost.encoding == "gsm7" else "UCS-2"
    return f"{cost.segments} segment{'s' if cost.segments > 1 else ''} of {encoding}"


def shortened(cost: Analysis) -> str:
    """What two segments lack to be one: a single message has no concatenation header, so it holds more.

    >>> shortened(analyze("x" * 161))
    '1 septet less and it is 1 segment'
    """
    shifts = (cost.locking is not None) + (cost.single is not None)
    room = (160, 155, 152)[shifts] if cost.encoding == "gsm7" else 70
    return f"{lacking(cost.units - room, cost.encoding)} less and it is 1 segment"


def lacking(units: int, encoding: str) -> str:
    """A number of units in words.

    >>> lacking(1, "gsm7"), lacking(2, "ucs2")
    ('1 septet', '2 UTF-16 units')
    """
    word = UNITS[encoding]
    return f"{units} {word.removesuffix('s') if units == 1 else word}"


def name(character: str) -> str:
    """What to call a character that shows nothing.

    >>> name(chr(0xA0))
    'U+00A0 NO-BREAK SPACE'
    """
    return " ".join(f"U+{ord(c):04X} {unicodedata.name(c, '')}".rstrip() for c in character)


def describe(character: str) -> str:
    """A character with its code point and name.

    >>> describe("–")
    '– U+2013 EN DASH'
    """
    shown = character if character.isprintable() else repr(character)
    return f"{shown} {name(character)}"
