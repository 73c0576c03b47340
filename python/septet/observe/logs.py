"""Logs: one event a line, JSON or for a console; names of events are stable, numbers are masked."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import structlog

EVENTS: Final[Mapping[str, str]] = {
    "carrier.down": "no link of a carrier is bound any more; what waits for it goes to others where it may",
    "carrier.relieved": "what waited for a carrier that is down has gone to another",
    "esme.bound": "an ESME bound",
    "esme.internal_error": "a bind could not be decided for a reason in the node",
    "esme.refused": "an ESME was not let in",
    "esme.tls_failed": "a connection was closed because TLS failed, or came to the wrong port",
    "http.internal_error": "a request failed for a reason in the node",
    "link.bound": "a link to a carrier is bound",
    "link.connect_failed": "a carrier cannot be reached; it is tried again",
    "link.down": "a link to a carrier is lost; it is tried again",
    "lookup.failed": "the log cannot be read, so questions of ESMEs about ended messages were answered ESME_RSYSERR",
    "link.tls_failed": "TLS with a carrier failed, such as for its certificate; it is tried again",
    "metrics.scrape_failed": "a scrape failed for a reason in the node",
    "node.few_descriptors": "the process may open fewer files than `smpp.max_sessions` needs; more connections fail",
    "node.internal_error": "a part failed for a reason in the node; the others go on",
    "node.quit": "a second signal: it ends without waiting for open windows",
    "node.reload_ignored": "SIGHUP: a changed configuration needs a restart in this version",
    "node.started": "the store is replayed and every listener is open",
    "node.stopped": "everything is closed",
    "outbind.accepted": "a carrier connected and said outbind; the node binds to it",
    "outbind.failed": "an ESME that waits for an outbind cannot be reached; it is tried again",
    "outbind.refused": "somebody connected and said outbind, but is no carrier that may",
    "store.failed": "the store cannot commit; nothing more is acknowledged until it can",
    "store.recovered": "the store commits again",
    "store.corrupt": "the store's file is damaged",
    "store.set_aside": "the damaged file is kept under another name; what could be read of it is in a new one",
    "store.page_unreadable": "messages that wait in the store cannot be read back yet; it is tried again",
    "store.reading_failed": "what was wanted of the store was not read for a reason in the node; it is tried again",
    "store.note": "the store removed a day of the log by its age, or set a damaged one aside",
    "tls.renewal_failed": "a changed certificate file cannot be used; the one before stays in use",
    "tls.renewed": "changed certificate files are in use",
    "webhook.dead": "a webhook was given up",
    "webhook.failed": "a webhook was not taken; it is tried again",
    "webhook.internal_error": "a webhook failed for a reason in the node",
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
