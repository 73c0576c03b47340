"""Which words opt out, opt in and ask for help: data, with where each was read.

A word counts only as the whole message, compared as `fold` writes it: "Stop!" opts out, "Stop by at six" does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from septet.codec import normalise

Verb = Literal["stop", "start", "start_if_out", "help"]
"""stop: opt out · start: opt in · start_if_out: opt in who is opted out, else an ordinary text · help: explain.
Keywords of the number come after stop and start, and before help."""


class Pack(NamedTuple):
    """Words of one kind that were read in one place."""

    verb: Verb
    words: tuple[str, ...]
    source: str


PACKS: Final = (
    Pack(
        "stop",
        ("STOP", "QUIT", "END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE"),
        "47 CFR 64.1200(a)(10), in force since 11 April 2025: each revokes consent by itself",
    ),
    Pack("stop", ("STOPALL", "OPTOUT"), "default opt-out words of Twilio, 2025"),
    Pack("stop", ("STOP ALL",), "default opt-out words of Telnyx"),
    Pack("stop", ("REMOVE",), "opt-out words of several US aggregators"),
    Pack(
        "stop",
        ("ARRET", "ARRETE"),
        "French, as handled in Canada; accents are folded away",
    ),
    Pack(
        "start",
        ("START", "UNSTOP"),
        "default opt-in words of Twilio and Telnyx, and of US toll-free numbers",
    ),
    Pack(
        "start_if_out",
        ("YES",),
        "default opt-in word of Twilio; also the commonest answer to a question",
    ),
    Pack(
        "help",
        ("HELP", "INFO"),
        "default help words of Twilio; HELP is asked for by CTIA",
    ),
)

_VERBS: Final[Mapping[str, Verb]] = {normalise(word): pack.verb for pack in PACKS for word in pack.words}


def words() -> list[tuple[str, Verb]]:
    """Every word with what it does, for the engine's table."""
    return [(word, pack.verb) for pack in PACKS for word in pack.words]


def verb(text: str) -> Verb | None:
    """What a whole message asks for, or `None`.

    >>> verb(" Stop! "), verb("opt-out"), verb("Arrêt"), verb("Stop by at six")
    ('stop', 'stop', 'stop', None)
    """
    return _VERBS.get(normalise(text))
