"""The examples in the documentation run, and there are some in every module."""

import doctest
import importlib
import pkgutil

import pytest

import septet.cli.segments
import septet.codec

MODULES = ["septet.codec", *(m.name for m in pkgutil.iter_modules(septet.codec.__path__, "septet.codec."))]


@pytest.mark.parametrize("name", [*MODULES, "septet.cli.segments"])
def test_examples(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0
    assert tried > 0
