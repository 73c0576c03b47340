"""The examples of the documentation and of the docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

import septet

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
PAGES += sorted((ROOT / "docs").glob("**/*.md"))
SOURCES = ("python", "rust", "tests", "docs", "examples", "deploy", "requirements", "bench")
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = ("segments ", "pdu ", "version")  # commands that need neither a node nor a network


def blocks(language: str) -> list[ParameterSet]:
    """The code blocks of that language in all pages, named by page and line."""
    return [
        pytest.param(match[2], id=f"{page.name}:{text.count(chr(10), 0, match.start()) + 1}")
        for page in PAGES
        for text in [page.read_text()]
        for match in BLOCK.finditer(text)
        if match[1] == language
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page: Path) -> None:
    text = page.read_text()
    here = {str(path.relative_to(ROOT)) for top in SOURCES for path in (ROOT / top).rglob("*.*")}
    named = set(re.findall(r"`([\w./-]+/[\w-]+\.(?:rs|py|toml|md))`", text))
    assert {name for name in named if not any(path.endswith(name) for path in here)} == set()
    linked = set(re.findall(r"\]\((?!\w+:|#)([^)#]+)", text))
    assert {link for link in linked if not (page.parent / link).exists()} == set()


def module_names() -> list[str]:
    found = (module.name for module in pkgutil.walk_packages(septet.__path__, "septet."))
    return ["septet", *(name for name in found if not name.endswith("__main__"))]


@pytest.mark.parametrize("name", module_names())
def test_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS).failed == 0


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks(code: str) -> None:
    if ">>>" in code:
        test = doctest.DocTestParser().get_doctest(code, {}, "example", None, 0)
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
    else:
        exec(compile(code, "example", "exec"), {"__name__": "example"})  # noqa: S102  # our own documentation


@pytest.mark.parametrize("session", blocks("console"))
def test_console_blocks(session: str) -> None:
    for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, expected = step.partition("\n")
        if not command.startswith(tuple(f"septet {name}" for name in RUNNABLE)):
            continue
        arguments = shlex.split(command)[1:]
        done = subprocess.run([sys.executable, "-m", "septet", *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert _trimmed(done.stdout) == _trimmed(expected)


def _trimmed(text: str) -> list[str]:
    """Lines without the blanks that neither a reader nor a page sees."""
    return [line.rstrip() for line in text.strip().splitlines()]
