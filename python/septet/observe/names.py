"""Every metric in one table: its name, kind, labels, and what it says. The documentation is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]
Merge: TypeAlias = Literal["sum", "max"]

PREFIX: Final = "septet_"


class Metric(Struct, frozen=True):
    """One metric, named without the prefix.

    `merge` says how samples become one when their labels are folded into `other`.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    merge: Merge = "sum"


SPEC: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric(
            "messages_total",
            "counter",
            ("direction", "account", "carrier", "outcome"),
            "Messages by direction (mt, mo) and outcome (accepted, refused, or a final status).",
        ),
        Metric("segments_total", "counter", ("carrier",), "Segments written to a carrier."),
        Metric(
            "submit_responses_total",
            "counter",
            ("carrier", "status"),
            "Responses to submit_sm, by command_status.",
        ),
        Metric("receipts_total", "counter", ("carrier", "state"), "Delivery receipts from carriers, by state."),
        Metric(
            "receipts_unmatched_total",
            "counter",
            ("carrier",),
            "Receipts whose message is not known, after the time one may be early.",
        ),
        Metric("alerts_total", "counter", ("carrier",), "alert_notifications: a phone can be reached again."),
        Metric("queries_total", "counter", ("carrier",), "query_sm written about messages without a receipt."),
        Metric(
            "queries_failed_total", "counter", ("carrier",), "query_sm that the carrier refused or answered unreadably."
        ),
        Metric("cancels_total", "counter", ("carrier",), "cancel_sm passed on to the carrier, one for each segment."),
        Metric("cancels_failed_total", "counter", ("carrier",), "Those of them that it refused or never answered."),
        Metric("replaces_total", "counter", ("carrier",), "replace_sm passed on to the carrier."),
        Metric("replaces_failed_total", "counter", ("carrier",), "Those of them that it refused or never answered."),
        Metric(
            "receipts_duplicate_total",
            "counter",
            ("carrier",),
            "Receipts that told what was known already, or came after the end of a message that still lives.",
        ),
        Metric("link_up", "gauge", ("carrier", "link"), "1 while a link is bound, else 0."),
        Metric(
            "link_window_used",
            "gauge",
            ("carrier",),
            "Submits that wait for their response, over all links of the carrier.",
        ),
        Metric("queue_depth", "gauge", ("carrier",), "Messages accepted and not yet submitted."),
        Metric(
            "queue_oldest_seconds",
            "gauge",
            ("carrier",),
            "Age of the oldest message in the queue that may be sent, in seconds; 0 if there is none.",
            "max",
        ),
        Metric("accept_seconds", "histogram", (), "From submit_sm in to its response out, in seconds."),
        Metric(
            "submit_seconds",
            "histogram",
            ("carrier",),
            "From submit_sm out to its response in, in seconds.",
        ),
        Metric(
            "delivery_seconds",
            "histogram",
            ("carrier",),
            "From accepted to the final receipt, in seconds.",
        ),
        Metric("store_commit_seconds", "histogram", (), "One group commit of the store, in seconds."),
        Metric("store_log_waiting", "gauge", (), "Ended messages that wait in the live file to be moved to their day."),
        Metric(
            "store_trouble",
            "gauge",
            ("kind",),
            "1 while the store has this trouble: failed (nothing can be committed), low (the reserve is in use), "
            "log_failed (the log waits in the live file). With the first two, nothing new is let in.",
        ),
        Metric(
            "throttled_total",
            "counter",
            ("scope", "id"),
            "Times a rate held traffic back; scope is account or carrier.",
        ),
        Metric("keyword_matches_total", "counter", ("number", "keyword"), "Keyword matches, by rule."),
        Metric("optouts_total", "counter", ("number",), "Opt-outs, by the number they were sent to."),
        Metric("blocked_total", "counter", ("reason",), "Messages not sent because of a rule."),
        Metric(
            "webhook_attempts_total",
            "counter",
            ("account", "outcome"),
            "Webhook requests: delivered, failed (will be tried again) or dead.",
        ),
        Metric(
            "bad_pdus_total",
            "counter",
            ("peer", "reason"),
            "PDUs that could not be read; peer is an account, a carrier or unauthenticated.",
        ),
        Metric("http_responses_total", "counter", ("status",), "Answers of the HTTP API, by status."),
        Metric(
            "build_info",
            "gauge",
            ("version", "python", "implementation"),
            "Always 1; the labels name the build.",
            "max",
        ),
    )
}
"""The table, by name without prefix."""


def documentation() -> str:
    """`docs/metrics.md`, made from the table.

    >>> "| `septet_link_up` | gauge |" in documentation()
    True
    """
    rows = "\n".join(
        f"| `{PREFIX}{metric.name}` | {metric.kind} | "
        f"{', '.join(f'`{label}`' for label in metric.labels) or '–'} | {metric.help} |"
        for metric in SPEC.values()
    )
    return f"{_INTRODUCTION}\n{rows}\n{_NOTES}"


_INTRODUCTION: Final = """# Metrics

<!-- Made from python/septet/observe/names.py by `python -m septet.observe.names`; do not edit. -->

`GET /metrics` on the address of `[metrics] listen` answers in the Prometheus text format, or in
OpenMetrics if the `Accept` header asks for it. Times are in seconds.

| name | kind | labels | what it says |
|---|---|---|---|"""

_NOTES: Final = """
No label holds a subscriber's number or a text. `number` is one of the configured own addresses, `keyword`
the id of a rule, `peer` the id of an account or a carrier, or `unauthenticated`. A label that has had 1,000
distinct values gives every further one as `other`: what they count is added up, and of ages the highest is
shown.

`septet_queue_depth` and `septet_link_window_used` are both 0 exactly when every accepted message has its
response from the carrier.

The `process_*` and `python_gc_*` metrics of the Python client are served beside these.
"""


if __name__ == "__main__":
    print(documentation(), end="")  # noqa: T201 - this is what the command is for
