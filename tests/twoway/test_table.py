"""The inbound table: numbers, and the order of words."""

from __future__ import annotations

from septet import config, consent
from septet.twoway import compile_inbound

TEXT = """
account = [{ id = "acme" }, { id = "bolt" }]
carrier = [
  { id = "north", host = "h", system_id = "s", password = "p" },
  { id = "south", host = "h", system_id = "s", password = "p" },
]
number = [
  { address = "+12345", account = "bolt", carrier = "south", help = "Call 100." },
  { address = "222", optout = "account", optout_reply = "", optin_reply = "" },
]
keyword = [
  { number = "12345", words = ["ANY"], mode = "anywhere" },
  { number = "+12345", words = ["INFO", "DETAILS"], reply = "Open." },
  { id = "vote", number = "222", words = ["VOTE"], mode = "whole_text", account = "acme" },
]
"""


def test_numbers_are_plain_tuples_with_their_texts() -> None:
    numbers = compile_inbound(config.parse(TEXT, ".")).numbers
    assert numbers[0] == (
        "12345",
        1,
        1,
        "node",
        consent.OPTOUT_REPLY,
        consent.OPTIN_REPLY,
        "Call 100.",
    )
    assert numbers[1] == ("222", None, None, "account", "", "", consent.HELP_REPLY)


def test_words_stand_in_the_order_in_which_they_win() -> None:
    keywords = compile_inbound(config.parse(TEXT, ".")).keywords
    assert keywords == (
        (1, "VOTE", "whole_text", 0, None, "vote"),
        (0, "INFO", "first_word", 1, "Open.", "12345/INFO"),
        (0, "DETAILS", "first_word", 1, "Open.", "12345/INFO"),
        (0, "ANY", "anywhere", 1, None, "12345/ANY"),
    )


def test_an_empty_configuration_has_an_empty_table() -> None:
    found = compile_inbound(config.parse("", "."))
    assert (found.numbers, found.keywords) == ((), ())
