"""Texts a second with 1,000 and 100,000 keywords, beside an Aho-Corasick automaton of the registry.

The peer finds octets, not words, and gets texts that need no normalisation, which it does not do; septet gets the same
texts and normalises them all the same. Each is asked one text at a time, septet also in one call. "correct" holds the
answer to a plain search with the same meaning: for septet the leftmost-longest keyword as whole words, for the peer the
leftmost-longest keyword as octets. The corpus and the fresh objects are those of `speed_text`.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import ahocorasick_rs as peer
import pytest

from bench.micro.corpus import KINDS, corpus, fresh
from bench.micro.table import Row, rows
from septet import KeywordMatcher
from septet.codec import normalise

SIZES = (1_000, 100_000)
LETTERS = "eariotnslcudpmhg"
TEXTS = [normalise(text) for kind in KINDS if kind != "10 segments" for text in corpus()[kind]]


@cache
def keywords(size: int) -> list[str]:
    """Different phrases of one or two words, among them a few that the texts hold."""
    chance = random.Random(size)
    out = {"table for two", "parcel", "reply stop", "спасибо"}
    while len(out) < size:
        words = ("".join(chance.choices(LETTERS, k=chance.randint(4, 9))) for _ in range(chance.choice((1, 1, 2))))
        out.add(" ".join(words))
    return sorted(out)


def _septet(size: int) -> KeywordMatcher:
    return KeywordMatcher(keywords(size), mode="anywhere")


def _peer(kind: Any) -> Callable[[int], peer.AhoCorasick]:
    def build(size: int) -> peer.AhoCorasick:
        return peer.AhoCorasick(keywords(size), matchkind=peer.MatchKind.LeftmostLongest, implementation=kind)

    return build


Build = Callable[[int], Any]
BUILDS: dict[str, Build] = {
    "septet": _septet,
    "ahocorasick_rs, its DFA": _peer(peer.Implementation.DFA),
    "ahocorasick_rs, its choice": _peer(None),
}
built = cache(lambda name, size: BUILDS[name](size))


def one_by_one(name: str, size: int) -> Callable[[list[str]], list[Any]]:
    find = built(name, size).match if name == "septet" else built(name, size).find_matches_as_indexes
    return lambda texts: [find(text) for text in texts]


def first(answer: Any) -> int | None:
    if isinstance(answer, list):
        return answer[0][0] if answer else None
    return answer


def slow(texts: list[str], size: int, edge: str) -> list[int | None]:
    """The leftmost-longest keyword of each text; with a space for `edge`, as whole words."""
    number = {edge + word + edge: at for at, word in enumerate(keywords(size))}
    lengths = sorted({len(word) for word in number}, reverse=True)
    out = []
    for text in texts:
        padded = edge + text + edge
        hits = (number.get(padded[at : at + n]) for at in range(len(padded)) for n in lengths if at + n <= len(padded))
        out.append(next((hit for hit in hits if hit is not None), None))
    return out


def resident(name: str, size: int) -> float:
    """Megabytes that a process of its own grows by when it builds; what building freed is not counted."""
    code = (
        "import ctypes, gc\n"
        "from bench.micro import speed_keywords as s\n"
        "def now():\n"
        "    gc.collect(); ctypes.CDLL(None).malloc_trim(0)\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        f"s.keywords({size}); before = now(); kept = s.BUILDS[{name!r}]({size}); print(now() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1e6


def measure(benchmark: Any, run: Callable[[list[str]], Any], rounds: int = 30) -> float:
    benchmark.pedantic(run, setup=lambda: ((fresh(TEXTS),), {}), rounds=rounds, warmup_rounds=3)
    return len(TEXTS) / float(benchmark.stats.stats.min)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", BUILDS)
def test_one_text_at_a_time(benchmark: Any, name: str, size: int) -> None:
    run = one_by_one(name, size)
    right = [first(a) for a in run(TEXTS)] == slow(TEXTS, size, " " if name == "septet" else "")
    read = "first hit, normalised" if name == "septet" else "all hits, not normalised"
    rows.append(Row(f"keywords {size:,}", name, read, measure(benchmark, run), "yes" if right else "no"))


@pytest.mark.parametrize("size", SIZES)
def test_many_texts(benchmark: Any, size: int) -> None:
    run = built("septet", size).match_many
    right = run(TEXTS) == slow(TEXTS, size, " ")
    read = "match_many, normalised"
    rows.append(Row(f"keywords {size:,}", "septet", read, measure(benchmark, run), "yes" if right else "no"))


@pytest.mark.parametrize("name", BUILDS)
def test_build(benchmark: Any, name: str) -> None:
    size = SIZES[-1]
    benchmark.pedantic(BUILDS[name], args=(size,), rounds=3)
    read = f"builds a second; {resident(name, size):.1f} MB held" if sys.platform == "linux" else "builds a second"
    rows.append(Row(f"build of {size:,} keywords", name, read, 1 / benchmark.stats.stats.min, "yes"))
