"""Logs: one event a line, JSON or for a console; names of events are stable, numbers are masked."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import structlog

EVENTS: Final[Mapping[str, str]] = {
    "node.starting": "the configuration is read and the listeners are about to open",
    "node.ready": "the store is replayed and every listener is open",
    "node.stopping": "no new work is taken",
    "node.stopped": "everything is closed",
    "config.reloaded": "a changed configuration is in force",
    "config.rejected": "a changed configuration has errors; the old one stays in force",
    "store.replayed": "unfinished work is resumed",
    "smpp.bound": "an ESME bound",
    "smpp.bind_refused": "an ESME was not let in",
    "smpp.closed": "an ESME's session ended",
    "smpp.bad_pdu": "a peer sent octets that are no PDU",
    "link.up": "a link to a carrier is bound",
    "link.down": "a link to a carrier is lost; it is tried again",
    "carrier.paused": "a carrier takes no traffic for now",
    "message.blocked": "a rule kept a message from being sent",
    "http.internal_error": "a request failed for a reason in the node",
    "webhook.failed": "a webhook was not taken; it is tried again",
    "webhook.dead": "a webhook was given up",
    "webhook.internal_error": "a webhook failed for a reason in the node",
    "metrics.scrape_failed": "a scrape failed for a reason in the node",
}
"""The names that an alert may rely on."""


def mask(number: str) -> str:
    """A number fit for a log: country and network stay, the subscriber does not.

    Up to six digits (a short code) and names stay as they are: they are no subscribers.

    >>> mask("+46701234567"), mask("12345"), mask("ACME")
    ('+4670*****67', '12345', 'ACME')
    """
    sign, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    if len(digits) < 7 or not digits.isdecimal():
        return number
    return (
        f"{sign}{digits[:4]}{'*' * (len(digits) - 6)}{digits[-2:]}"
        if len(digits) > 8
        else (f"{sign}{digits[:2]}{'*' * (len(digits) - 4)}{digits[-2:]}")
    )


def setup(stream: TextIO | None = None, *, level: str = "info", json: bool | None = None) -> None:
    """Sends every log, structlog's and the standard library's, to `stream` (stderr) in one form.

    `json` None means: for people if the stream is a terminal, else JSON. A second call replaces the first.
    """
    out = stream if stream is not None else sys.stderr
    as_json = not out.isatty() if json is None else json
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    render: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=out.isatty())]
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
