"""The checker can fail: nodes built with a fault of ours in them, and the fault test that finds each out."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.faults.preload import Disk
from tests.faults.town import seed, town
from tests.support import on_loop

ROOT = Path(__file__).parents[2]
MUTANTS = Path(__file__).with_name("mutants")


@pytest.mark.parametrize("mutant", [it.stem for it in MUTANTS.glob("*.patch")])
def test_a_mutant_still_applies(mutant: str) -> None:
    """Whoever changes what it changes sees here that the patch has to follow."""
    subprocess.run(["git", "apply", "--check", str(MUTANTS / f"{mutant}.patch")], cwd=ROOT, check=True)


def build(mutant: str) -> Path:
    """The Python folder of a copy of this tree that was patched and built."""
    place = ROOT / "target" / "mutants"
    tree = place / mutant
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / name, tree / name)
    for name in ("rust", "python"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("target", "__pycache__", "_septet*.so"))
    # Within a repository `git apply` looks only at what the repository knows.
    apart = {**os.environ, "GIT_CEILING_DIRECTORIES": str(place)}
    subprocess.run(["git", "apply", str(MUTANTS / f"{mutant}.patch")], cwd=tree, env=apart, check=True)
    # The crates of others are built once for all mutants.
    subprocess.run(
        ["cargo", "build", "--release", "--locked", "--quiet", "--package", "septet-py", "--lib"],
        cwd=tree,
        env={**os.environ, "CARGO_TARGET_DIR": str(place / "build"), "PYO3_PYTHON": sys.executable},
        check=True,
    )
    suffix = "dylib" if sys.platform == "darwin" else "so"
    [library] = (place / "build" / "release").glob(f"lib_septet.{suffix}")
    shutil.copy(library, tree / "python" / "septet" / f"_septet{sysconfig.get_config_var('EXT_SUFFIX')}")
    return tree / "python"


@pytest.mark.whole
@pytest.mark.timeout(3600)
@on_loop
async def test_acknowledgements_before_their_commit_are_caught(tmp_path: Path) -> None:
    """A commit releases what waits for the next one: the smallest step away from the promise."""
    python = build("early_ack")
    async with town(tmp_path, random.Random(seed())) as place:
        # Its disk takes its time: on a quick one a kill seldom comes between the two commits.
        place.env = {**Disk(tmp_path, place.data).env, "PYTHONPATH": str(python)}
        place.load(on=True)
        for _ in range(20):
            place.launch()
            await place.ready()
            await place.until(place.chance.randrange(200, 2000))
            place.kill()
        place.launch()
        await place.ready()
        await place.settle(seconds=5)
        lost = {name: len(tokens) for name, tokens in place.record.lost().items()}
        print(f"{place.kills} kills of a node that acknowledges early: lost {lost}")
        assert lost, place.record.figures()
