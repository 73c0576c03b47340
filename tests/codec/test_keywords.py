"""`KeywordMatcher` and the form in which it compares."""

import json
import re
import sys
from pathlib import Path
from typing import Any
from unicodedata import category, combining
from unicodedata import normalize as unicode_form

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet import KeywordMatcher, SeptetError
from septet.codec import normalise
from tests.codec.vectors import load

WORDS = st.lists(st.text("ab ", min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=8)


@pytest.mark.parametrize("vector", load("keywords"), ids=lambda v: v["clause"])
def test_vectors(vector: Any) -> None:
    matcher = KeywordMatcher(vector["keywords"], mode=vector["mode"])
    assert matcher.match(vector["text"]) == vector["id"]
    assert matcher.match_many([vector["text"]] * 2) == [vector["id"]] * 2


def slow(words: list[str], mode: str, text: str) -> list[tuple[int, int, int]]:
    """Every start in order, longest keyword first, first of equal ones."""
    padded, keys = f" {normalise(text)} ", [f" {normalise(word)} " for word in words]
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(padded) and (mode == "anywhere" or at == 0):
        fits = [key for key in keys if padded.startswith(key, at) and (mode != "whole_text" or key == padded)]
        if fits:
            key = max(fits, key=len)
            found.append((keys.index(key), at, at + len(key) - 2))
            at += len(key) - 1
        else:
            at += 1
    return found


@given(WORDS, st.sampled_from(["first_word", "whole_text", "anywhere"]), st.text("ab !", max_size=30))
def test_matching_agrees_with_trying_everything(words: list[str], mode: Any, text: str) -> None:
    matcher = KeywordMatcher(words, mode=mode)
    want = slow(words, mode, text)
    assert [(hit.id, hit.start, hit.end) for hit in matcher.find_all(text, overlapping=False)] == want
    assert matcher.match(text) == (want[0][0] if want else None)
    assert matcher.match_many([text, text]) == [matcher.match(text)] * 2


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once == once.strip()
    assert "  " not in once


@given(st.text(st.sampled_from("aé ß!ΣΩдЖ"), max_size=40))
def test_case_makes_no_difference(text: str) -> None:
    assert normalise(text) == normalise(text.upper()) == normalise(text.lower())


def every_place(words: list[str], mode: str, text: str) -> list[tuple[int, int, int]]:
    """Every keyword at every word's start, shortest first; of equal keywords the first."""
    padded, keys = f" {normalise(text)} ", [f" {normalise(word)} " for word in words]
    return [
        (keys.index(key), at, at + len(key) - 2)
        for at in range(len(padded) if mode == "anywhere" else 1)
        for key in sorted(set(keys), key=len)
        if padded.startswith(key, at) and (mode != "whole_text" or key == padded)
    ]


@given(WORDS, st.sampled_from(["first_word", "whole_text", "anywhere"]), st.text("ab é!", max_size=30))
def test_all_hits_agree_with_trying_everything(words: list[str], mode: Any, text: str) -> None:
    hits = KeywordMatcher(words, mode=mode).find_all(text)
    assert [(hit.id, hit.start, hit.end) for hit in hits] == every_place(words, mode, text)


def test_positions_are_characters() -> None:
    assert KeywordMatcher(["стоп"], mode="anywhere").find_all("Да, СТОП!") == KeywordMatcher(
        ["stop"], mode="anywhere"
    ).find_all("da, stop")
    [inner, outer] = KeywordMatcher(["б", "а б"], mode="anywhere").find_all("а б")[::-1]
    assert (inner.start, inner.end, outer.start, outer.end) == (2, 3, 0, 3)


PAGE = (Path(__file__).parents[2] / "docs" / "keywords.md").read_text(encoding="utf-8")


def step(number: int) -> str:
    """A step of the documented normal form, as the page words it."""
    found = re.search(rf"^{number}\. (.*?)(?=^\d\. |^$)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"step {number} is not in the page"
    return found[1]


def characters(text: str) -> frozenset[str]:
    """The characters that a text names as U+X or U+X to U+Y."""
    found = re.findall(r"U\+([0-9A-F]+)(?:\s+to\s+U\+([0-9A-F]+))?", text)
    assert found
    return frozenset(chr(c) for first, last in found for c in range(int(first, 16), int(last or first, 16) + 1))


INVISIBLE, LETTERS, PICTOGRAPHS = characters(step(2)), characters(step(4)), characters(step(5))
SPELLING = {int(n) for n in re.findall(r"\d+", step(2)[step(2).index("class") :])}


def documented(text: str) -> str:
    """The normal form by the page's own steps, with Python's Unicode tables."""

    def resolved(text: str) -> str:
        marks = (c for c in unicode_form("NFKD", text) if c not in INVISIBLE)
        return "".join(c for c in marks if category(c)[0] != "M" or combining(c) in SPELLING)

    folded = resolved("".join(c.lower().upper().lower() for c in resolved(text)))
    words = "".join(c if category(c)[0] in "LMN" or c in LETTERS else " " for c in folded).split()
    return " ".join(words or [c for c in text if c in PICTOGRAPHS - INVISIBLE and category(c)[0] not in "LN"])


def test_every_character_has_the_documented_form() -> None:
    """All that this Python's Unicode tables know; those of the extension may be newer."""
    known = [c for c in map(chr, range(sys.maxunicode + 1)) if category(c) not in {"Cn", "Cs"}]
    assert len(known) > 250_000
    wrong = [f"U+{ord(c):04X}" for c in known if not normalise(c) == documented(c) == normalise(c.casefold())]
    assert not wrong


@given(st.text(st.characters(exclude_categories=["Cn", "Cs"]), max_size=30))
def test_any_text_has_the_documented_form(text: str) -> None:
    assert normalise(text) == documented(text)


def test_the_documents_examples_hold() -> None:
    examples = re.findall(r'^\| `(".*?")` \| `(".*?")` \|', PAGE, re.MULTILINE)
    assert len(examples) > 20
    for text, form in examples:
        assert normalise(json.loads(text)) == json.loads(form) == documented(json.loads(text)), text


@pytest.mark.parametrize("text", ["", "a" * 200_000, "stop " * 50_000, "\u0345\u05b0" * 10_000])
def test_texts_of_any_length(text: str) -> None:
    matcher = KeywordMatcher(["stop", "stop stop"], mode="anywhere")
    want = 1 if "stop" in text else None
    assert matcher.match(text) == want
    assert matcher.match_many([text, "stop", text]) == [want, 0, want]


@pytest.mark.parametrize(("words", "mode"), [([""], "first_word"), (["ok", "?!"], "anywhere"), (["ok"], "regex")])
def test_what_cannot_match_is_refused(words: list[str], mode: Any) -> None:
    with pytest.raises(SeptetError) as caught:
        KeywordMatcher(words, mode=mode)
    assert caught.value.code == "keywords.bad_pattern"


def test_a_single_str_is_no_list_of_keywords() -> None:
    with pytest.raises(TypeError, match="put it in a list"):
        KeywordMatcher("stop")
    assert KeywordMatcher([]).match("stop") is None
    assert len(KeywordMatcher(["a", "b"])) == 2
