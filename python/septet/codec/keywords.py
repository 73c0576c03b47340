"""The form in which texts and keywords are compared. `KeywordMatcher` applies it by itself."""

from __future__ import annotations

from septet import _septet


def normalise(text: str) -> str:
    """Lower-case words with one space between them: no accents, no punctuation, nothing invisible.

    >>> normalise("  «Arrêt»…  STRASSE/straße ")
    'arret strasse strasse'
    """
    return _septet.normalise(text)
