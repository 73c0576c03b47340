"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import settings

from tests.node.harness import Node, running_node

# A shared or slow machine is no failure: what takes too long meets the time-out of the test.
settings.register_profile("septet", deadline=None)
settings.load_profile("septet")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """One running node for the tests of a module; each uses recipients and texts of its own."""
    with running_node(tmp_path_factory.mktemp("node"), "--dlr-delay", "0.1") as node:
        yield node


def peer_missing(reason: str) -> NoReturn:
    """Skips by name and with the reason; where all peers must be present, as in CI, fails instead."""
    if os.environ.get("SEPTET_REQUIRE_PEERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)  # a foreign program that is not installed here
