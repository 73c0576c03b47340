from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from septet.errors import SeptetError
from septet.observe.metrics import Family, Histogram, MetricsServer, Sample, Value, registry
from septet.observe.names import PREFIX, SPEC

BOUNDS = (0.001, 0.01, 0.1)


class Totals:
    """A source whose totals are set by hand."""

    def __init__(self, *families: Family) -> None:
        self.now: Sequence[Family] = families

    def families(self) -> Iterable[Family]:
        return self.now


def everything() -> Iterator[Family]:
    for metric in SPEC.values():
        if metric.name == "build_info":
            continue
        value: Value = Histogram(BOUNDS, (1, 2, 3, 4), 5.5) if metric.kind == "histogram" else 7.0
        yield Family(metric.name, metric.kind, [(tuple(f"a {label}" for label in metric.labels), value)])


def scrape(source: Totals, *accepts: str, path: str = "/metrics", method: str = "GET") -> list[tuple[int, str, str]]:
    async def run() -> list[tuple[int, str, str]]:
        server = MetricsServer(registry(source, max_values=3), "127.0.0.1:0")
        await server.start()
        url = f"http://127.0.0.1:{server.port}{path}"
        found = []
        async with aiohttp.ClientSession() as client:
            for accept in accepts or ("",):
                async with client.request(method, url, headers={"accept": accept}) as answer:
                    found.append((answer.status, answer.headers["content-type"], await answer.text()))
        await server.stop()
        return found

    return asyncio.run(run())


def samples(source: Totals) -> dict[tuple[str, tuple[str, ...]], float]:
    ((status, _, text),) = scrape(source)
    assert status == 200
    return {
        (sample.name.removeprefix(PREFIX), tuple(sample.labels.values())): sample.value
        for family in parse_text(text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("accept", "content_type", "parse"),
    [
        ("", "text/plain", parse_text),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text", parse_openmetrics),
    ],
)
def test_every_metric_of_the_table_is_exposed(accept: str, content_type: str, parse: Callable[..., object]) -> None:
    ((status, given, text),) = scrape(Totals(*everything()), accept)
    assert (status, given.partition(";")[0]) == (200, content_type)
    families = {family.name: family for family in parse(text)}  # type: ignore[attr-defined]
    for metric in SPEC.values():
        family = families[PREFIX + metric.name.removesuffix("_total")]
        assert family.type == metric.kind
        assert family.documentation == metric.help
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert labels == set(metric.labels)


def test_totals_are_read_anew_at_every_scrape() -> None:
    source = Totals(Family("segments_total", "counter", [(("north",), 1)]))
    assert samples(source)["segments_total", ("north",)] == 1
    source.now = [Family("segments_total", "counter", [(("north",), 5)])]
    assert samples(source)["segments_total", ("north",)] == 5


def test_buckets_are_cumulative() -> None:
    found = samples(Totals(Family("accept_seconds", "histogram", [((), Histogram(BOUNDS, (1, 2, 3, 4), 5.5))])))
    buckets = [found["accept_seconds_bucket", (bound,)] for bound in ("0.001", "0.01", "0.1", "+Inf")]
    assert buckets == [1, 3, 6, 10]
    assert (found["accept_seconds_count", ()], found["accept_seconds_sum", ()]) == (10, 5.5)


def test_values_past_the_limit_become_other_and_stay_there() -> None:
    def depths(*names: str) -> list[Sample]:
        return [((name,), index + 1.0) for index, name in enumerate(names)]

    found = samples(
        Totals(
            Family("segments_total", "counter", depths("a", "b", "c", "d", "e")),
            Family("queue_oldest_seconds", "gauge", depths("a", "b", "c", "d", "e")),
            Family("submit_seconds", "histogram", [((x,), Histogram((1.0,), (1, 1), 2.0)) for x in "abcde"]),
        )
    )
    assert found["segments_total", ("other",)] == 4 + 5
    assert found["queue_oldest_seconds", ("other",)] == 5
    assert found["submit_seconds_count", ("other",)] == 4
    assert found["segments_total", ("c",)] == 3


def test_a_value_keeps_its_series_between_scrapes() -> None:
    source = Totals(Family("segments_total", "counter", [((name,), 1) for name in "abc"]))
    held = registry(source, max_values=3)
    assert held.get_sample_value("septet_segments_total", {"carrier": "c"}) == 1
    source.now = [Family("segments_total", "counter", [((name,), 2) for name in "dcba"])]
    assert held.get_sample_value("septet_segments_total", {"carrier": "c"}) == 2
    assert held.get_sample_value("septet_segments_total", {"carrier": "other"}) == 2


@pytest.mark.parametrize(
    "family",
    [
        Family("invented_total", "counter", []),
        Family("segments_total", "gauge", []),
        Family("segments_total", "counter", [((), 1)]),
        Family("segments_total", "counter", [(("north",), Histogram((), (1,), 1.0))]),
        Family("accept_seconds", "histogram", [((), 1.0)]),
        Family("accept_seconds", "histogram", [((), Histogram(BOUNDS, (1,), 1.0))]),
    ],
)
def test_what_the_table_does_not_know_is_an_error(family: Family) -> None:
    with pytest.raises(SeptetError):
        list(registry(Totals(family)).collect())
    ((status, _, _),) = scrape(Totals(family))
    assert status == 500


def test_build_info_and_the_process() -> None:
    found = samples(Totals())
    assert [value for (name, _), value in found.items() if name == "build_info"] == [1]
    assert not math.isnan(found["process_resident_memory_bytes", ()])


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("POST", "/metrics", 405)])
def test_nothing_else_is_served(method: str, path: str, status: int) -> None:
    ((found, _, _),) = scrape(Totals(), method=method, path=path)
    assert found == status
