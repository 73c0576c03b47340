"""Metrics at scrape time: totals are read from a source, so that counting costs the data path nothing more."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol, TypeAlias

import structlog
from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as PrometheusMetric
from prometheus_client.registry import Collector

import septet
from septet.errors import SeptetError
from septet.ingress.http.listener import Limits, Listener, Receive, Scope, Send
from septet.observe.names import PREFIX, SPEC, Kind, Metric

log = structlog.get_logger("septet.metrics")

OTHER: Final = "other"
MAX_VALUES: Final = 1000


class Histogram(Struct, frozen=True):
    """Observations by bucket.

    `bounds` are the upper bounds, ascending, in the unit of the metric; `counts` has one more entry, for what
    is above the last, and is not cumulative; `total` is the sum of all that was observed.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float

    def __add__(self, other: Histogram) -> Histogram:
        if self.bounds != other.bounds:
            raise SeptetError("Histograms of one family have different bounds", "metrics.bounds")
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return Histogram(self.bounds, counts, self.total + other.total)


Value: TypeAlias = float | Histogram
Sample: TypeAlias = tuple[tuple[str, ...], Value]


class Family(Struct, frozen=True):
    """The samples of one metric of `SPEC`, named without prefix; label values in the order of its labels."""

    name: str
    kind: Kind
    samples: Sequence[Sample]


class Source(Protocol):
    """Whoever holds the totals."""

    def families(self) -> Iterable[Family]:
        """What there is to report now; a family that is left out is not exposed."""
        ...


class SourceCollector(Collector):
    """Turns a source's families into Prometheus ones, and keeps labels within bounds.

    A family that `SPEC` does not know, or knows otherwise, is an error rather than a guess.
    """

    def __init__(self, source: Source, max_values: int = MAX_VALUES) -> None:
        self._source = source
        self._max_values = max_values
        # Which values have their own time series: kept, so that none moves to `other` between scrapes.
        self._known: dict[tuple[str, int], set[str]] = {}

    def describe(self) -> Iterable[PrometheusMetric]:
        """Nothing, so that registering does not scrape."""
        return ()

    def collect(self) -> Iterator[PrometheusMetric]:
        """One scrape."""
        yield _build_info()
        for family in self._source.families():
            metric = SPEC.get(family.name)
            if metric is None or metric.kind != family.kind:
                raise SeptetError(f"No {family.kind} is named {family.name!r}", "metrics.unknown")
            yield _FAMILIES[metric.kind](metric, self._folded(metric, family.samples))

    def _folded(self, metric: Metric, samples: Sequence[Sample]) -> dict[tuple[str, ...], Value]:
        folded: dict[tuple[str, ...], Value] = {}
        for given, value in samples:
            if len(given) != len(metric.labels):
                raise SeptetError(f"{metric.name} has the labels {metric.labels}, not {given}", "metrics.labels")
            labels = tuple(self._bounded(metric.name, position, label) for position, label in enumerate(given))
            before = folded.get(labels)
            folded[labels] = value if before is None else _merged(metric, before, value)
        return folded

    def _bounded(self, name: str, position: int, value: str) -> str:
        known = self._known.setdefault((name, position), set())
        if value in known:
            return value
        if len(known) >= self._max_values:
            return OTHER
        known.add(value)
        return value


def _merged(metric: Metric, one: Value, two: Value) -> Value:
    if isinstance(one, Histogram) or isinstance(two, Histogram):
        if isinstance(one, Histogram) and isinstance(two, Histogram):
            return one + two
        raise SeptetError(f"{metric.name} mixes histograms and numbers", "metrics.kind")
    return max(one, two) if metric.merge == "max" else one + two


Folded: TypeAlias = dict[tuple[str, ...], Value]


def _counter(metric: Metric, samples: Folded) -> PrometheusMetric:
    family = CounterMetricFamily(PREFIX + metric.name, metric.help, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, _number(metric, value))
    return family


def _gauge(metric: Metric, samples: Folded) -> PrometheusMetric:
    family = GaugeMetricFamily(PREFIX + metric.name, metric.help, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, _number(metric, value))
    return family


def _histogram(metric: Metric, samples: Folded) -> PrometheusMetric:
    family = HistogramMetricFamily(PREFIX + metric.name, metric.help, labels=metric.labels)
    for labels, value in samples.items():
        if not isinstance(value, Histogram) or len(value.counts) != len(value.bounds) + 1:
            raise SeptetError(f"{metric.name} needs one count more than bounds", "metrics.kind")
        buckets: list[tuple[str, float]] = []
        below = 0
        for bound, count in zip((*value.bounds, float("inf")), value.counts, strict=True):
            below += count
            buckets.append(("+Inf" if bound == float("inf") else str(float(bound)), below))
        family.add_metric(labels, buckets, value.total)
    return family


_FAMILIES: Final[dict[Kind, Callable[[Metric, Folded], PrometheusMetric]]] = {
    "counter": _counter,
    "gauge": _gauge,
    "histogram": _histogram,
}


def _number(metric: Metric, value: Value) -> float:
    if isinstance(value, Histogram):
        raise SeptetError(f"{metric.name} is a {metric.kind}, not a histogram", "metrics.kind")
    return value


def _build_info() -> PrometheusMetric:
    labels = (septet.__version__, platform.python_version(), platform.python_implementation())
    return _gauge(SPEC["build_info"], {labels: 1})


def registry(source: Source, *, max_values: int = MAX_VALUES) -> CollectorRegistry:
    """A registry of its own with the source, the process and the garbage collector."""
    found = CollectorRegistry()
    found.register(SourceCollector(source, max_values))
    ProcessCollector(registry=found)
    GCCollector(registry=found)
    return found


class MetricsServer:
    """`GET /metrics` on its own listener, on the loop that runs `start`."""

    def __init__(self, registry: CollectorRegistry, listen: str) -> None:
        self._registry = registry
        self._listener = Listener(self._answer, listen, Limits(connections=64))

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._listener.host

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return self._listener.port

    async def start(self) -> None:
        """Binds and serves; an address in use raises OSError."""
        await self._listener.start()

    async def stop(self, seconds: float = 1.0) -> None:
        """Lets a scrape under way finish for at most `seconds`."""
        await self._listener.stop(seconds)

    async def _answer(self, scope: Scope, _receive: Receive, send: Send) -> None:
        status, content_type, body = self._scrape(scope)
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        if status == 405:
            headers.append((b"allow", b"GET, HEAD"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _scrape(self, scope: Scope) -> tuple[int, bytes, bytes]:
        plain = b"text/plain; charset=utf-8"
        if scope["path"] != "/metrics":
            return 404, plain, b"See /metrics\n"
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, plain, b"GET only\n"
        accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
        try:
            encode, content_type = choose_encoder(accept.decode("latin-1"))
            return 200, content_type.encode(), encode(self._registry)
        except Exception:
            log.exception("metrics.scrape_failed")
            return 500, plain, b"The scrape failed; the log says why\n"
