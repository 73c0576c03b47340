"""A running node's HTTP API, as the commands use it: every failure is one line that says what and where."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

from septet.errors import SeptetError

_TIMEOUT = 30


def add_url(parser: ArgumentParser) -> None:
    """The option that says where the node is."""
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the node's API listens (%(default)s)")


def usable(url: str, key: str | None, variable: str) -> str | None:
    """What is wrong with the address or the key that a command was given.

    >>> usable("http://127.0.0.1:8080", "", "SEPTET_API_KEY")
    'no API key: give --key or set SEPTET_API_KEY'
    """
    if not key:
        return f"no API key: give --key or set {variable}"
    if not url.startswith(("http://", "https://")):
        return f"--url {url} must start with http:// or https://"
    return None


def bad_answer(url: str) -> SeptetError:
    """Something else than a node listens there."""
    return SeptetError(f"{url}: the answer is not one of a Septet node", "cli.bad_answer")


def call(url: str, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request; its answer is a JSON object."""
    with opened(url, key, body) as response:
        try:
            answer = json.load(response)
        except ValueError:
            answer = None
    if not isinstance(answer, dict):
        raise bad_answer(url)
    return answer


@contextlib.contextmanager
def opened(url: str, key: str, body: dict[str, Any] | None = None) -> Iterator[HTTPResponse]:
    """One request whose answer is read in the block."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            yield cast("HTTPResponse", response)
    except urllib.error.HTTPError as error:
        raise SeptetError(f"{url}: {_problem(error)}", "cli.refused") from None
    except urllib.error.URLError as error:
        raise SeptetError(
            f"{url}: {getattr(error.reason, 'strerror', None) or error.reason}; is the node running there?",
            "cli.unreachable",
        ) from None
    except BrokenPipeError:
        raise  # of standard output, while the answer is read
    except (OSError, HTTPException) as error:
        raise SeptetError(
            f"{url}: {getattr(error, 'strerror', None) or error or 'the connection broke'}; is the node well?",
            "cli.unreachable",
        ) from None


def _problem(error: urllib.error.HTTPError) -> str:
    """A problem document (RFC 9457) in one line."""
    try:
        document = json.load(error)
        told = [str(document[name]) for name in ("code", "title", "detail") if document.get(name)]
    except (ValueError, OSError, HTTPException, TypeError, AttributeError):
        told = []
    return f"{error.code} " + (": ".join(told) or error.reason)
