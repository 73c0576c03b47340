"""Texts a second with 1,000 and 100,000 keywords, beside the Aho-Corasick automata of the registry.

The peer finds octets, not words, and gets texts that need no normalisation, which it does not do; septet gets the same
texts and normalises them all the same. Like is asked beside like: the hits that do not overlap beside the peer's
leftmost-longest, all hits beside the peer's overlapping ones (a kind of automaton of its own). `match` stands beside
the former, because the peer has no call for one hit. "correct" holds each answer to a plain search with the same
meaning: as whole words for septet, as octets for the peer. The corpus and the fresh objects are those of `speed_text`.
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
from septet import Hit, KeywordMatcher
from septet.codec import normalise

SIZES = (1_000, 100_000)
LETTERS = "eariotnslcudpmhg"
LONG = "10 segments"
CORPUS = corpus()
TEXTS = {
    "short texts": [normalise(text) for kind in KINDS if kind != LONG for text in CORPUS[kind]],
    LONG: [normalise(text) for text in CORPUS[LONG]],
}
ROUNDS = {"short texts": 60, LONG: 30}
Hits = list[tuple[int, int, int]]


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


def _peer(implementation: Any, kind: peer.MatchKind = peer.MatchKind.LeftmostLongest) -> Callable[[int], Any]:
    return lambda size: peer.AhoCorasick(keywords(size), matchkind=kind, implementation=implementation)


DFA, CHOICE = "ahocorasick_rs, its DFA", "ahocorasick_rs, its choice"
STANDARD = peer.MatchKind.Standard
Build = Callable[[int], Any]
BUILDS: dict[str, Build] = {"septet": _septet, DFA: _peer(peer.Implementation.DFA), CHOICE: _peer(None)}
OVERLAPPING: dict[str, Build] = {
    "septet": _septet,
    DFA: _peer(peer.Implementation.DFA, STANDARD),
    CHOICE: _peer(None, STANDARD),
}


@cache
def slow(kind: str, size: int, edge: str) -> list[Hits]:
    """Every keyword in each text, by start and then by end; with a space for `edge`, as whole words."""
    number = {edge + word + edge: at for at, word in enumerate(keywords(size))}
    lengths = sorted({len(word) for word in number})
    out = []
    for text in TEXTS[kind]:
        padded = edge + text + edge
        at = ((number.get(padded[at : at + n]), at, n) for at in range(len(padded)) for n in lengths)
        out.append(
            [(i, start, start + n - 2 * len(edge)) for i, start, n in at if i is not None and start + n <= len(padded)]
        )
    return out


def apart(hits: Hits) -> Hits:
    """Of hits by start and then by end the leftmost-longest, none overlapping another."""
    out: Hits = []
    for hit in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
        if not out or hit[1] >= out[-1][2]:
            out.append(hit)
    return out


def plain(answer: Any) -> Any:
    """An answer without our types, in one order."""
    if not isinstance(answer, list):
        return answer
    return sorted(((h.id, h.start, h.end) if isinstance(h, Hit) else h for h in answer), key=lambda h: h[1:])


def record(benchmark: Any, what: tuple[str, str, int], row: tuple[str, str], run: Any, want: list[Any]) -> None:
    """Measures `run` over the texts, each round in fresh objects, and adds a row: the best round counts."""
    operation, kind, size = what
    name, read = row
    texts = TEXTS[kind]
    right = [plain(answer) for answer in run(texts)] == want
    benchmark.pedantic(run, setup=lambda: ((fresh(texts),), {}), rounds=ROUNDS[kind], warmup_rounds=3)
    rate = len(texts) / float(benchmark.stats.stats.min)
    rows.append(Row(f"{operation}, {size:,} keywords, {kind}", name, read, rate, "yes" if right else "no"))


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


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "many"), [("septet", False), ("septet", True), (DFA, False), (CHOICE, False)])
def test_leftmost_longest(benchmark: Any, name: str, many: bool, size: int, kind: str) -> None:
    edge = " " if name == "septet" else ""
    want: list[Any] = [apart(hits) for hits in slow(kind, size, edge)]
    if edge:
        matcher, read = _septet(size), "match_many: one hit, normalised" if many else "one hit, normalised"
        want = [hits[0][0] if hits else None for hits in want]
        match = matcher.match
        run: Any = matcher.match_many if many else lambda texts: [match(text) for text in texts]
    else:
        find, read = BUILDS[name](size).find_matches_as_indexes, "hits that do not overlap"
        run = lambda texts: [find(text) for text in texts]  # noqa: E731
    record(benchmark, ("match", kind, size), (name, read), run, want)


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", BUILDS)
def test_hits_that_do_not_overlap(benchmark: Any, name: str, size: int, kind: str) -> None:
    edge, read = (" ", "all, normalised") if name == "septet" else ("", "all")
    built = BUILDS[name](size)
    if edge:
        find = built.find_all
        run: Any = lambda texts: [find(text, overlapping=False) for text in texts]  # noqa: E731
    else:
        find = built.find_matches_as_indexes
        run = lambda texts: [find(text) for text in texts]  # noqa: E731
    want = [apart(hits) for hits in slow(kind, size, edge)]
    record(benchmark, ("find_all(overlapping=False)", kind, size), (name, read), run, want)


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", OVERLAPPING)
def test_all_hits(benchmark: Any, name: str, size: int, kind: str) -> None:
    edge, read = (" ", "all, overlapping too, normalised") if name == "septet" else ("", "all, overlapping too")
    built = OVERLAPPING[name](size)
    if edge:
        find = built.find_all
        run: Any = lambda texts: [find(text) for text in texts]  # noqa: E731
    else:
        find = built.find_matches_as_indexes
        run = lambda texts: [find(text, overlapping=True) for text in texts]  # noqa: E731
    record(benchmark, ("find_all", kind, size), (name, read), run, slow(kind, size, edge))


@pytest.mark.parametrize("name", BUILDS)
def test_build(benchmark: Any, name: str) -> None:
    size = SIZES[-1]
    benchmark.pedantic(BUILDS[name], args=(size,), rounds=3)
    read = f"builds a second; {resident(name, size):.1f} MB held" if sys.platform == "linux" else "builds a second"
    rows.append(Row(f"build of {size:,} keywords", name, read, 1 / benchmark.stats.stats.min, "yes"))
