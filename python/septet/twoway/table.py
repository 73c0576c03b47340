"""The inbound table: whose a text is and what it sets off, compiled from the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from septet.config import Config

Mode = Literal["first_word", "whole_text", "anywhere"]

_PRECEDENCE: tuple[Mode, ...] = ("whole_text", "first_word", "anywhere")


class Inbox(NamedTuple):
    """A number of ours, a plain tuple to the engine: accounts and carriers are indexes into the configuration's."""

    address: str
    account: int | None
    """Whose it is; `None`: shared, so the keyword decides."""
    carrier: int | None
    """Where its inbound messages come from; `None` = any."""
    optout: Literal["node", "account"]
    stop_reply: str
    """The confirmation of an opt-out; "" = none. So for the next two."""
    start_reply: str
    help_reply: str


class Trigger(NamedTuple):
    """One word of a keyword, a plain tuple to the engine."""

    number: int
    """Index into `InboundTable.numbers`."""
    word: str
    mode: Mode
    account: int
    """Who gets the message."""
    reply: str | None
    rule: str
    """The keyword's id, as in metrics."""


@dataclass(frozen=True, slots=True)
class InboundTable:
    """Numbers and the words that are matched on them.

    Of the words that match, the first in `keywords` wins: those for the whole text come before those for its first
    word, then those anywhere in it; within a mode, the order of the file. Opt-out and opt-in words come before all.
    """

    numbers: tuple[Inbox, ...]
    keywords: tuple[Trigger, ...]


def compile_inbound(config: Config) -> InboundTable:
    """The table for a configuration.

    >>> from septet import config
    >>> compile_inbound(config.parse('[[number]]\\naddress = "+46701"', ".")).numbers[0].address
    '46701'
    """
    accounts = [account.id for account in config.account]
    carriers = [carrier.id for carrier in config.carrier]
    numbers = tuple(
        Inbox(
            number.address,
            None if number.account is None else accounts.index(number.account),
            None if number.carrier is None else carriers.index(number.carrier),
            number.optout,
            number.optout_reply,
            number.optin_reply,
            number.help,
        )
        for number in config.number
    )
    places = {number.address: index for index, number in enumerate(numbers)}
    triggers = []
    for keyword in config.keyword:
        place = places[keyword.number]
        # A shared number's keyword names its account: the configuration is refused otherwise.
        owner = accounts.index(keyword.account or config.number[place].account or "")
        triggers += [Trigger(place, word, keyword.mode, owner, keyword.reply, keyword.id) for word in keyword.words]
    triggers.sort(key=lambda trigger: _PRECEDENCE.index(trigger.mode))
    return InboundTable(numbers, tuple(triggers))
