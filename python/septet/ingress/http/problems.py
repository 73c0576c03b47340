"""RFC 9457 problem documents: the one shape of every error this API answers with."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from septet.errors import SeptetError

CONTENT_TYPE: Final = b"application/problem+json"


class FieldError(Struct, frozen=True):
    """What is wrong with one field; `path` as in `messages[3].to`."""

    path: str
    detail: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """Why a request, or one message of a batch, was refused.

    `code` is stable, `detail` is for people. `retry_after` (seconds) becomes a Retry-After header.

    >>> problem("recipient_opted_out", "46701234567 has opted out").status
    403
    """

    status: int
    code: str
    title: str
    detail: str
    type: Annotated[str, Meta(description="Names the code; need not resolve.")]
    errors: list[FieldError] | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET
    reasons: Annotated[list[str] | UnsetType, Meta(description="Why it is not ready.")] = UNSET
    messages: Annotated[list[Any] | UnsetType, Meta(description="Of a batch of which nothing was accepted.")] = UNSET


class Refused(SeptetError):  # noqa: N818 - an answer, not a fault
    """Raised by the service when the whole request is refused."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, problem.code)
        self.problem = problem


CODES: Final[dict[str, tuple[int, str]]] = {
    "bad_json": (400, "The body is not JSON"),
    "bad_request": (400, "The request is malformed"),
    "unauthenticated": (401, "A valid API key is needed"),
    "forbidden": (403, "This key may not do that"),
    "recipient_opted_out": (403, "The recipient has opted out"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "The path does not know this method"),
    "request_timeout": (408, "The request took too long to arrive"),
    "too_late": (409, "The message has left"),
    "not_dead": (409, "The message is no dead letter"),
    "defined_in_file": (409, "The configuration file defines it"),
    "idempotency_in_progress": (409, "A request with this key is in progress"),
    "body_too_large": (413, "The body is too large"),
    "batch_too_large": (413, "The batch is too large"),
    "unsupported_media_type": (415, "The body must be application/json"),
    "invalid_field": (422, "A field is not as it should be"),
    "idempotency_mismatch": (422, "The key was used with another body"),
    "none_accepted": (422, "No message of the batch was accepted"),
    "no_route": (422, "No route leads to this number"),
    "over_rate": (429, "The account sends faster than it may"),
    "queue_full": (429, "The queue is full"),
    "headers_too_large": (431, "The header fields are too large"),
    "internal_error": (500, "Something went wrong in the node"),
    "not_supported_yet": (501, "This version cannot do that yet"),
    "not_ready": (503, "The node is not ready"),
    "overloaded": (503, "The node is overloaded"),
}
"""Every code of this API, its status and its title; the documentation is made from it."""


def problem(
    code: str,
    detail: str = "",
    *,
    errors: list[FieldError] | UnsetType = UNSET,
    retry_after: int | UnsetType = UNSET,
    reasons: list[str] | UnsetType = UNSET,
    messages: list[Any] | UnsetType = UNSET,
) -> Problem:
    """A problem with the status and the title that `CODES` gives its code."""
    status, title = CODES[code]
    return Problem(
        status=status,
        code=code,
        title=title,
        detail=detail or title,
        type=f"urn:septet:problem:{code}",
        errors=errors,
        retry_after=retry_after,
        reasons=reasons,
        messages=messages,
    )


_encode = msgspec.json.Encoder().encode


def body(problem: Problem) -> bytes:
    """The document as JSON."""
    return _encode(problem)


def invalid(path: str, detail: str) -> Problem:
    """A problem with one field."""
    where = f"{path}: {detail}" if path else detail
    return problem("invalid_field", where, errors=[FieldError(path=path, detail=detail)])


def from_validation(error: msgspec.ValidationError, prefix: str = "") -> Problem:
    """The path and the fault out of msgspec's one-line message.

    >>> class S(Struct):
    ...     to: str
    >>> try:
    ...     msgspec.json.decode(b'[{"to": 1}]', type=list[S])
    ... except msgspec.ValidationError as error:
    ...     from_validation(error).errors
    [FieldError(path='[0].to', detail='Expected `str`, got `int`')]
    """
    text, _, path = str(error).partition(" - at `$")
    path = prefix + path.removesuffix("`")
    if text.startswith("`"):  # our own checks open with the name of the field
        path += "." + text[1:].partition("`")[0]
    for opening in ("Object missing required field `", "Object contains unknown field `"):
        if text.startswith(opening):
            path += "." + text[len(opening) :].removesuffix("`")
    return invalid(path.removeprefix("."), text)


def from_error(error: SeptetError, path: str = "") -> Problem:
    """A field that the codec refuses; the error keeps its own code.

    >>> found = from_error(SeptetError("U+2602 at 3", "text.not_encodable"), "text")
    >>> found.status, found.code, found.detail
    (422, 'text.not_encodable', 'text: U+2602 at 3')
    """
    found = invalid(path, str(error))
    return msgspec.structs.replace(found, code=error.code, type=f"urn:septet:problem:{error.code}")
