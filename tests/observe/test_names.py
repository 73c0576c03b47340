from __future__ import annotations

from pathlib import Path

import pytest

from septet.observe.names import SPEC, Metric, documentation

CONTRACT = {
    "messages_total": ("direction", "account", "carrier", "outcome"),
    "segments_total": ("carrier",),
    "submit_responses_total": ("carrier", "status"),
    "receipts_total": ("carrier", "state"),
    "receipts_unmatched_total": ("carrier",),
    "link_up": ("carrier", "link"),
    "link_window_used": ("carrier",),
    "queue_depth": ("carrier",),
    "queue_oldest_seconds": ("carrier",),
    "accept_seconds": (),
    "submit_seconds": ("carrier",),
    "delivery_seconds": ("carrier",),
    "store_commit_seconds": (),
    "throttled_total": ("scope", "id"),
    "keyword_matches_total": ("number", "keyword"),
    "optouts_total": ("number",),
    "blocked_total": ("reason",),
    "webhook_attempts_total": ("account", "outcome"),
    "bad_pdus_total": ("peer", "reason"),
}


@pytest.mark.parametrize("name", CONTRACT)
def test_names_and_labels_that_dashboards_rely_on(name: str) -> None:
    assert SPEC[name].labels == CONTRACT[name]


@pytest.mark.parametrize("metric", SPEC.values(), ids=lambda metric: metric.name)
def test_names_follow_the_conventions(metric: Metric) -> None:
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    if metric.kind == "histogram":
        assert metric.name.endswith("_seconds")
    assert metric.help.endswith(".")


def test_the_documentation_is_up_to_date() -> None:
    written = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert written.read_text(encoding="utf-8") == documentation(), "python -m septet.observe.names > docs/metrics.md"
