"""Which messages opt out, opt in and ask for help."""

from __future__ import annotations

import pytest

from septet import consent


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "STOPALL",
        "STOP ALL",
        "UNSUBSCRIBE",
        "CANCEL",
        "END",
        "QUIT",
        "REVOKE",
        "OPTOUT",
        "OPT OUT",
        "REMOVE",
        "ARRET",
        "ARRETE",
        "stop",
        "Stop.",
        " stop ",
        "“Stop”",
        "opt-out",
        "Arrêt",
        "ARRÊTE",
        "stop\xa0all",
        "ＳＴＯＰ",
    ],
)
def test_these_opt_out(text: str) -> None:
    assert consent.verb(text) == "stop"


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("START", "start"),
        ("Unstop!", "start"),
        ("yes", "start_if_out"),
        ("HELP", "help"),
        ("info?", "help"),
    ],
)
def test_these_do_something_else(text: str, verb: str) -> None:
    assert consent.verb(text) == verb


@pytest.mark.parametrize(
    "text",
    ["", "?", "stop by at six", "end of month?", "please stop", "yes please", "stops"],
)
def test_only_the_whole_message_counts(text: str) -> None:
    assert consent.verb(text) is None


def test_words_are_pairs_for_the_engine_and_each_does_one_thing() -> None:
    pairs = consent.words()
    assert ("STOP", "stop") in pairs and ("YES", "start_if_out") in pairs
    assert len({word for word, _ in pairs}) == len(pairs)
    assert all(consent.verb(word) == verb for word, verb in pairs)


def test_every_pack_names_its_source() -> None:
    assert all(pack.source and pack.words for pack in consent.PACKS)


def test_the_confirmations_tell_the_way_back() -> None:
    assert "START" in consent.OPTOUT_REPLY
    assert "STOP" in consent.OPTIN_REPLY and "STOP" in consent.HELP_REPLY
    assert all(len(text) <= 160 for text in (consent.OPTOUT_REPLY, consent.OPTIN_REPLY, consent.HELP_REPLY))
