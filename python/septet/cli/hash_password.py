"""`septet hash-password`: a hash to put into the configuration instead of the secret."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from septet.cli.command import declare
from septet.config import SecretHash
from septet.errors import SeptetError

if TYPE_CHECKING:
    from septet.cli.command import Subparsers


def add(subparsers: Subparsers) -> None:
    """Declare the command."""
    parser = declare(
        subparsers,
        "hash-password",
        run,
        help="hash a password for password_hash, or with --api-key a random key for api_key_hash; "
        "read from a prompt or from standard input, never from the arguments, which other users can see",
        example="printf %s demo1234 | septet hash-password",
    )
    parser.add_argument(
        "--api-key",
        action="store_true",
        help="hash an API key: SHA-256, as it is checked on each call",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: Namespace) -> int:
    """Read the secret and print its hash."""
    secret = _prompted() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise SeptetError(
            "nothing to hash: give the secret at the prompt or on standard input",
            "cli.no_secret",
        )
    hashed = SecretHash.of_key(secret) if options.api_key else SecretHash.of_password(secret)
    print(json.dumps({"hash": hashed.reveal()}) if options.json else hashed.reveal())
    return 0


def _prompted() -> str:
    secret = getpass.getpass("Secret: ")
    if getpass.getpass("Again: ") != secret:
        raise SeptetError("the two are not the same: try again", "cli.secrets_differ")
    return secret
