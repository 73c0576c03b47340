"""The engine's counts as metric families; asked for when somebody scrapes, so traffic pays nothing."""

from __future__ import annotations

from collections.abc import Iterable

from septet._septet import Engine
from septet.delivery.webhooks import Webhooks
from septet.ingress.http.server import HttpServer
from septet.observe.metrics import Family, Histogram
from septet.store import now


class Measures:
    """`septet.observe.metrics.Source` over the engine."""

    def __init__(self, engine: Engine, webhooks: Webhooks, http: HttpServer) -> None:
        self._engine = engine
        self._webhooks = webhooks
        self._http = http

    def families(self) -> Iterable[Family]:
        """Every family of the contract."""
        for name, kind, rows in self._engine.families(now()):
            if kind == "histogram":
                yield Family(name, kind, [(labels, _histogram(value)) for labels, value in rows])
            else:
                yield Family(name, kind, [(labels, float(value)) for labels, value in rows])
        attempts = [(labels, float(count)) for labels, count in self._webhooks.attempts.items()]
        yield Family("webhook_attempts_total", "counter", attempts)
        answers = [((str(status),), float(count)) for status, count in self._http.answers.items()]
        yield Family("http_responses_total", "counter", answers)


def _histogram(value: tuple[list[float], list[int], float]) -> Histogram:
    bounds, counts, total = value
    return Histogram(tuple(bounds), tuple(counts), total)
