"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings
from structlog.testing import capture_logs

from tests.certificates import Issuer
from tests.node.harness import HOST, Node, running_node

# A shared or slow machine is no failure: what takes too long meets the time-out of the test.
# `make fuzz` runs every property with more examples than a plain run's 100.
settings.register_profile("septet", deadline=None, max_examples=int(os.environ.get("SEPTET_FUZZ_EXAMPLES", "100")))
settings.load_profile("septet")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One running node for the tests of a module; each uses recipients and texts of its own."""
    with running_node(tmp_path_factory.mktemp("node"), "--dlr-delay", "0.1") as node:
        yield node


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where every peer must be present, as in CI, a skip is a failure with the same reason."""
    report = yield
    if os.environ.get("SEPTET_REQUIRE_PEERS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although SEPTET_REQUIRE_PEERS is set: {report.longreprtext}"
    return report


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """An authority, and a certificate of its for the loopback addresses in `127.0.0.1.pem`."""
    made = Issuer.make(tmp_path)
    made.issue(HOST, "::1")
    return made


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """Every event that is logged."""
    structlog.reset_defaults()
    with capture_logs() as lines:
        yield lines
