from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet.ingress.http.operations import Operations
from septet.ingress.http.problems import CODES
from septet.ingress.http.routes import RESERVED, ROUTES, Route, Router

ROUTER = Router(ROUTES + RESERVED)


@pytest.mark.parametrize("route", ROUTES + RESERVED, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_finds_itself(route: Route) -> None:
    operations, _ = ROUTER.find(route.path.replace("{", "a").replace("}", "z"))
    assert operations[route.method] is route


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.handler)
def test_every_route_has_its_operation_and_known_problems(route: Route) -> None:
    assert route.handler is not None
    assert callable(getattr(Operations, route.handler))
    assert set(route.problems) <= CODES.keys()


def test_an_exact_path_wins_over_a_template() -> None:
    operations, parameters = ROUTER.find("/v1/routes/explain")
    assert (set(operations), parameters) == ({"POST"}, {})


def test_a_parameter_is_never_empty() -> None:
    assert ROUTER.find("/v1/messages/") == ({}, {})


@given(st.text())
def test_any_path_is_known_or_not(path: str) -> None:
    operations, parameters = ROUTER.find(path)
    assert operations or not parameters
