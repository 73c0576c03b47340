"""Who has opted out by which word, and what is answered. No clock, no I/O."""

from septet.config.model import HELP_REPLY, OPTIN_REPLY, OPTOUT_REPLY
from septet.consent.words import PACKS, Pack, Verb, verb, words

__all__ = [
    "HELP_REPLY",
    "OPTIN_REPLY",
    "OPTOUT_REPLY",
    "PACKS",
    "Pack",
    "Verb",
    "verb",
    "words",
]
