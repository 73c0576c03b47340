"""The routing table: order, senders, accounts, and why a rule matched."""

from __future__ import annotations

from septet import config
from septet.routing import RouteTable, compile_routes

BASE = """
account = [{ id = "acme" }, { id = "bolt" }]
carrier = [
  { id = "north", host = "h", system_id = "s", password = "p" },
  { id = "south", host = "h", system_id = "s", password = "p" },
  { id = "ears", host = "h", system_id = "s", password = "p", bind = "receiver" },
]
number = [
  { address = "12345", account = "acme", carrier = "south" },
  { address = "222", carrier = "north" },
  { address = "333", carrier = "ears" },
]
"""


def table(routes: str) -> RouteTable:
    return compile_routes(config.parse(BASE + routes, "."))


def test_rules_are_plain_tuples_of_indexes_in_the_order_of_the_file() -> None:
    found = table("""
        [[route]]
        to = ["+46", "47"]
        from = "+12345"
        account = "bolt"
        carriers = [{ id = "south", weight = 80 }, { id = "north" }]
        failover = ["north"]
    """)
    assert found.routes[0] == (1, "12345", ["46", "47"], [(1, 80), (0, 1)], [0])
    assert found.names == ("route[0]", "number.12345", "number.222")
    assert (found.accounts, found.carriers) == (
        ("acme", "bolt"),
        ("north", "south", "ears"),
    )


def test_the_first_rule_that_matches_wins_even_over_a_longer_prefix() -> None:
    found = table("""
        route = [
          { to = ["46"], carriers = [{ id = "north" }] },
          { to = ["4670"], carriers = [{ id = "south" }] },
        ]
    """).explain("acme", "Septet", "+46701")
    assert found.rule == "route[0]" and found.carriers == (("north", 1),)
    assert [step.matched for step in found.steps] == [True]


def test_an_explanation_says_why_each_rule_did_not_match() -> None:
    found = table("""
        route = [
          { account = "bolt", carriers = [{ id = "north" }] },
          { from = "999", carriers = [{ id = "north" }] },
          { to = ["47", "45"], carriers = [{ id = "north" }] },
          { to = ["46"], carriers = [{ id = "south", weight = 3 }], failover = ["north"] },
        ]
    """).explain("acme", "+12345", "46701")
    assert [step.reason for step in found.steps] == [
        "account is bolt, not acme",
        "from is 999, not 12345",
        "46701 starts with none of 47, 45",
        "46701 starts with 46",
    ]
    assert (found.rule, found.carriers, found.failover) == (
        "route[3]",
        (("south", 3),),
        ("north",),
    )
    assert found.refusal is None


def test_without_a_rule_a_message_is_refused() -> None:
    found = table("").explain("acme", "Septet", "46701")
    assert (found.rule, found.carriers, found.refusal) == (None, (), "no_route")


def test_a_number_of_ours_needs_no_route() -> None:
    assert table("").explain("acme", "12345", "46701").rule == "number.12345"
    assert table("").explain("bolt", "222", "46701").carriers == (("north", 1),)


def test_a_number_is_no_way_out_for_another_account_or_over_a_receiver() -> None:
    assert table("").explain("bolt", "12345", "46701").refusal == "no_route"
    assert table("").explain("acme", "333", "46701").refusal == "no_route"


def test_a_route_comes_before_the_number() -> None:
    found = table('[[route]]\ncarriers = [{ id = "north" }]').explain("acme", "12345", "46701")
    assert found.rule == "route[0]"
    assert found.steps[0].reason == "takes every destination"
