"""The body of `POST /v1/messages`: one message or a batch, decoded straight into drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from septet.ingress.http import problems
from septet.ingress.http.bodies import MAX_BATCH, Batch
from septet.ingress.http.problems import Problem, Refused, problem
from septet.message import Accepted, Draft

_decode_draft = msgspec.json.Decoder(Draft).decode
_decode_batch = msgspec.json.Decoder(Batch).decode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode

_BATCH_KEY: Final = b'"messages"'


def parse(body: bytes) -> Draft | list[Draft | Problem]:
    """A draft, or of a batch a draft or a problem for each message; `Refused` if the whole is unusable.

    >>> parse(b'{"from": "12345", "to": "46701234567", "text": "Hi"}').to
    '46701234567'
    """
    try:
        # A single message holds these octets only as a whole value ("text": "messages"): rare, so
        # the batch is tried first and the object looked at again.
        if _BATCH_KEY in body:
            try:
                return _bounded(_decode_batch(body).messages)
            except msgspec.ValidationError:
                batch = _item_by_item(body)
                if batch is not None:
                    return batch
        return _decode_draft(body)
    except msgspec.ValidationError as error:
        # Types are checked as the octets come, so what follows may not even be JSON.
        _refuse_unless_json(body)
        raise Refused(problems.from_validation(error)) from None
    except (ValueError, RecursionError) as error:
        raise Refused(problem("bad_json", str(error))) from None


def _refuse_unless_json(body: bytes) -> None:
    try:
        _decode_any(body)
    except (ValueError, RecursionError) as error:
        raise Refused(problem("bad_json", str(error))) from None


def _bounded(drafts: Sequence[Draft | Problem]) -> list[Draft | Problem]:
    if not drafts:
        raise Refused(problems.invalid("messages", "must not be empty"))
    if len(drafts) > MAX_BATCH:
        raise Refused(problem("batch_too_large", f"{len(drafts)} messages, at most {MAX_BATCH}"))
    return list(drafts)


def _item_by_item(body: bytes) -> list[Draft | Problem] | None:
    """A batch with something wrong in it; None if the body is no batch."""
    _refuse_unless_json(body)
    fields = _decode_object(body)
    items = fields.pop("messages", None)
    if items is None:
        return None
    if fields:
        raise Refused(problems.invalid(next(iter(fields)), "unknown field beside `messages`"))
    try:
        raw = _decode_items(items)
    except msgspec.ValidationError as error:
        raise Refused(problems.from_validation(error, "messages")) from None
    if len(raw) > MAX_BATCH:
        raise Refused(problem("batch_too_large", f"{len(raw)} messages, at most {MAX_BATCH}"))
    return _bounded([_item(index, item) for index, item in enumerate(raw)])


def _item(index: int, item: msgspec.Raw) -> Draft | Problem:
    try:
        return _decode_draft(item)
    except msgspec.ValidationError as error:
        return problems.from_validation(error, f"messages[{index}]")


def none_accepted(answers: Sequence[Accepted | Problem]) -> Problem | None:
    """The problem of a batch as a whole, with each one's; None if something was accepted."""
    found = [answer for answer in answers if isinstance(answer, Problem)]
    if len(found) < len(answers):
        return None
    first = found[0]
    alike = all(each.code == first.code for each in found)
    waits = [each.retry_after for each in found if isinstance(each.retry_after, int)]
    whole = problem("none_accepted") if not alike else first
    return msgspec.structs.replace(
        whole,
        detail=first.detail if len(found) == 1 else f"None of {len(found)} messages was accepted",
        retry_after=max(waits) if alike and waits else msgspec.UNSET,
        messages=found,
    )
