"""The routing table: what the engine looks up for each message, compiled from the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from septet.config import Config
from septet.config.words import digits


class Rule(NamedTuple):
    """One rule, a plain tuple to the engine: carriers and accounts are indexes into the configuration's."""

    account: int | None
    """Index of the account that it is for; `None` = any."""
    sender: str | None
    """The sender that it is for, as `digits` writes it; `None` = any."""
    prefixes: list[str]
    """Prefixes of the destination's digits; "" = all."""
    carriers: list[tuple[int, int]]
    """(carrier, weight): each destination hashes to one of them, in proportion to the weights."""
    failover: list[int]
    """Carriers to take, in this order, while none of those can."""


class Step(NamedTuple):
    """One rule that was looked at, and why it did or did not match."""

    rule: str
    matched: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which rule a message takes and why; `rule` is `None` where it is refused with `refusal`."""

    rule: str | None
    carriers: tuple[tuple[str, int], ...]
    failover: tuple[str, ...]
    steps: tuple[Step, ...]
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Rules in the order in which they are tried; the first that matches wins, and without one: `no_route`.

    After the file's own routes comes one rule for each number with a carrier: what is sent from that
    number (by its account, if it has one) goes to the number's carrier when no route says otherwise.
    """

    routes: tuple[Rule, ...]
    names: tuple[str, ...]
    """What each rule is called in the configuration: `route[0]`, `number.12345`."""
    accounts: tuple[str, ...]
    carriers: tuple[str, ...]

    def explain(self, account: str | None, sender: str, to: str) -> Explanation:
        """Look a message up and say why; nothing is sent.

        >>> from septet import config
        >>> text = 'carrier = [{ id = "a", host = "h", system_id = "s", password = "p" }]'
        >>> text += '\\n[[route]]\\nto = ["46"]\\ncarriers = [{ id = "a" }]'
        >>> table = compile_routes(config.parse(text, "."))
        >>> table.explain(None, "12345", "+46701234567").carriers
        (('a', 1),)
        >>> table.explain(None, "12345", "4917012345").refusal
        'no_route'
        """
        steps = []
        for name, rule in zip(self.names, self.routes, strict=True):
            step = self._try(name, rule, account, digits(sender), digits(to))
            steps.append(step)
            if step.matched:
                shares = tuple((self.carriers[index], weight) for index, weight in rule.carriers)
                return Explanation(
                    name,
                    shares,
                    tuple(self.carriers[i] for i in rule.failover),
                    tuple(steps),
                )
        return Explanation(None, (), (), tuple(steps), "no_route")

    def _try(self, name: str, rule: Rule, account: str | None, sender: str, to: str) -> Step:
        if rule.account is not None and self.accounts[rule.account] != account:
            return Step(name, False, f"account is {self.accounts[rule.account]}, not {account}")
        if rule.sender is not None and rule.sender != sender:
            return Step(name, False, f"from is {rule.sender}, not {sender}")
        longest = max(
            (prefix for prefix in rule.prefixes if to.startswith(prefix)),
            key=len,
            default=None,
        )
        if longest is None:
            return Step(name, False, f"{to} starts with none of {', '.join(rule.prefixes)}")
        return Step(
            name,
            True,
            f"{to} starts with {longest}" if longest else "takes every destination",
        )


def compile_routes(config: Config) -> RouteTable:
    """The table for a configuration."""
    accounts = tuple(account.id for account in config.account)
    carriers = tuple(carrier.id for carrier in config.carrier)
    named = [
        *_routes(config, accounts, carriers),
        *_numbers(config, accounts, carriers),
    ]
    return RouteTable(
        tuple(rule for _, rule in named),
        tuple(name for name, _ in named),
        accounts,
        carriers,
    )


def _routes(config: Config, accounts: tuple[str, ...], carriers: tuple[str, ...]) -> Iterator[tuple[str, Rule]]:
    for index, route in enumerate(config.route):
        account = None if route.account is None else accounts.index(route.account)
        shares = [(carriers.index(share.id), share.weight) for share in route.carriers]
        failover = [carriers.index(name) for name in route.failover]
        yield (
            f"route[{index}]",
            Rule(account, route.from_, list(route.to), shares, failover),
        )


def _numbers(config: Config, accounts: tuple[str, ...], carriers: tuple[str, ...]) -> Iterator[tuple[str, Rule]]:
    receivers = {carrier.id for carrier in config.carrier if carrier.bind == "receiver"}
    for number in config.number:
        if number.carrier is not None and number.carrier not in receivers:
            account = None if number.account is None else accounts.index(number.account)
            rule = Rule(account, number.address, [""], [(carriers.index(number.carrier), 1)], [])
            yield f"number.{number.address}", rule
