"""What holds for the project as a whole: tests beside sources, one version, lock files, nobody's own paths."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import septet

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "python" / "septet"
TESTS = ROOT / "tests"

# Modules without a test file of their own, and why. A name counts in every package, a path for itself.
UNTESTED = {
    "__init__.py": "re-exports only; the names are tested where they are defined",
    "__main__.py": "calls the command line, as every test of a whole node does",
}


def modules() -> list[Path]:
    return sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def has_tests(module: Path) -> bool:
    """`a/b.py` is tested by `tests/a/test_b.py`, or by the tests in the folder `tests/a/b`."""
    beside = TESTS / module.parent / f"test_{module.stem}.py"
    return beside.is_file() or any((TESTS / module.with_suffix("")).glob("test_*.py"))


def tracked_files() -> list[Path]:
    """Every file under version control; outside a clone, every file of the source folders."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        folders = ("python", "rust", "tests", "docs", "deploy")
        paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return [path for path in paths if path.is_file() and path.suffix != ".so"]


@pytest.mark.parametrize("module", modules(), ids=str)
def test_every_module_has_its_tests(module: Path) -> None:
    if module.name in UNTESTED or str(module) in UNTESTED:
        return
    assert has_tests(module), f"write tests/{module.parent / ('test_' + module.name)}"


def test_excuses_are_still_needed() -> None:
    for path in (Path(name) for name in UNTESTED if not name.startswith("__")):
        assert (PACKAGE / path).is_file(), f"{path} is gone"
        assert not has_tests(path), f"{path} has tests now"


def test_one_version() -> None:
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())
    assert cargo["workspace"]["package"]["version"] == septet.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert not released or released[0] == septet.__version__


def test_licence_is_apache_2() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"


def test_lock_files_name_no_addresses() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text, path
        assert not re.search(r"^(-i|--(extra-)?index-url|--find-links)\b", text, re.MULTILINE), path
    crates = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    # Cargo's own name for its public registry; it says which one, not where this machine fetches from.
    assert {crate.get("source") for crate in crates} <= {None, "registry+https://github.com/rust-lang/crates.io-index"}


def test_no_file_names_somebodys_machine() -> None:
    own = "|".join(re.escape(path) for path in (str(ROOT), str(Path.home())) if path != "/")
    pattern = re.compile(rf"(?<![\w./-])(?:{own}|/home/\w+|/Users/\w+)(?![\w-])")
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked_files()
        if (match := pattern.search(path.read_bytes().decode(errors="replace"))) is not None
    }
    assert found == {}
