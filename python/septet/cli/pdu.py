"""`septet pdu decode` and `septet pdu encode`: PDUs in words, and words into PDUs."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from septet.cli.command import declare
from septet.dissector import build, describe, describe_bad, full
from septet.dissector.building import words
from septet.errors import SeptetError
from septet.smpp import BadPdu, Framer

if TYPE_CHECKING:
    from septet.cli.command import Subparsers

_MAX_PDU = 1 << 20
# What people paste around hexadecimal digits: blanks, colons, C's \x and 0x.
_BETWEEN = re.compile(r"\\x|0x|[\s:,]", re.IGNORECASE)


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "pdu",
        _missing,
        help="decode PDUs into words, or encode words into a PDU",
        example="septet pdu decode 00000010000000150000000000000001",
    )
    actions = parser.add_subparsers(metavar="ACTION")
    decoding = declare(
        actions,
        "decode",
        _decode,
        help="show every field of PDUs given in hexadecimal, several one after the other too",
        example="septet pdu decode '00 00 00 10 80 00 00 00 00 00 00 03 00 00 00 05'",
    )
    decoding.add_argument("hex", nargs="*", metavar="HEX", help="the octets; without any, or with -, standard input")
    decoding.add_argument("--json", action="store_true", help="print a JSON object for each PDU, a line each")
    encoding = declare(
        actions,
        "encode",
        _encode,
        help="print the octets of a PDU in hexadecimal",
        example="septet pdu encode submit_sm source_addr=12345 destination_addr=46701234567 text=Hello",
    )
    encoding.add_argument(
        "command",
        metavar="COMMAND|JSON",
        help="an operation's name, or a JSON object as `pdu decode --json` prints it; - reads such objects from "
        "standard input",
    )
    encoding.add_argument(
        "pairs",
        nargs="*",
        metavar="NAME=VALUE",
        help="fields and TLVs by name or 0xTAG, and sequence, status, text; octets in hexadecimal",
    )
    encoding.add_argument("--json", action="store_true", help="print a JSON object for each PDU, a line each")


def _missing(_options: Namespace) -> int:
    return _usage("name an action: decode or encode")


def _usage(message: str) -> int:
    print(f"septet pdu: {message}; see `septet pdu --help`", file=sys.stderr)
    return 2


def _decode(options: Namespace) -> int:
    text = " ".join(options.hex)
    if text in ("", "-"):
        text = sys.stdin.read()
    digits = _BETWEEN.sub("", text)
    wrong = re.search(r"[^0-9a-fA-F]", digits)
    if wrong:
        return _usage(f"{wrong[0]!r} is no hexadecimal digit")
    if len(digits) % 2 or not digits:
        return _usage(f"{len(digits)} hexadecimal digits are no whole octets" if digits else "there are no octets")
    console = Console(highlight=False, soft_wrap=True)
    code = 0
    for said in dissected(bytes.fromhex(digits)):
        if "error" in said:
            code = 1
        if options.json:
            print(json.dumps(said, ensure_ascii=False))
            continue
        head, *rest = full(said)
        console.print(Text(head, style="bold red" if "error" in said else "bold"))
        for line in rest:
            console.print(Text(line))
    return code


def dissected(octets: bytes) -> Iterator[dict[str, Any]]:
    """Every PDU of a stream, with the octet that it begins at; what cannot be read has an error.

    >>> [said["command"] for said in dissected(bytes.fromhex("00000010000000150000000000000001" * 2))]
    ['enquire_link', 'enquire_link']
    """
    framer, at = Framer(max_pdu=_MAX_PDU), 0
    while at < len(octets):
        length = int.from_bytes(octets[at : at + 4])
        found = framer.feed(octets[at : at + max(length, 16)])
        if not found:
            yield _incomplete(octets[at:], max(length, 16)) | {"at": at}
            return
        [pdu] = found
        said = describe_bad(pdu) if isinstance(pdu, BadPdu) else describe(pdu)
        yield said | {"at": at, "length": length}
        if isinstance(pdu, BadPdu) and pdu.fatal:
            return
        at += length


def _incomplete(octets: bytes, length: int) -> dict[str, Any]:
    """The beginning of a PDU: as much of a header as there is."""
    known = {
        name: int.from_bytes(octets[at : at + 4])
        for name, at in (("command_id", 4), ("status", 8), ("sequence", 12))
        if len(octets) >= at + 4
    }
    detail = f"the PDU has {length} octets, only {len(octets)} are here"
    error = {"code": "smpp.incomplete", "detail": detail, "offset": len(octets)}
    return {"command": "incomplete", **known, "error": error, "octets": octets.hex()}


def _encode(options: Namespace) -> int:
    try:
        if options.command == "-" or options.command.lstrip().startswith(("{", "[")):
            if options.pairs:
                return _usage("JSON and NAME=VALUE do not go together")
            text = sys.stdin.read() if options.command == "-" else options.command
            objects = list(_objects(text))
        else:
            objects = [words(options.command, options.pairs)]
        # All or nothing: half an answer would be taken for a whole one.
        encoded = [build(said).encode() for said in objects]
    except (SeptetError, TypeError, OverflowError) as error:
        return _usage(str(error))
    except ValueError as error:
        return _usage(f"this is not JSON: {error}")
    for octets in encoded:
        print(json.dumps({"hex": octets.hex(), "length": len(octets)}) if options.json else octets.hex())
    return 0


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """Objects one after the other, or an array of them."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, Mapping):
                raise SeptetError("a PDU is a JSON object", "pdu.wrong")
            yield one
