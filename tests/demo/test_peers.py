"""The tour's HTTP clients against a running node and its simulators."""

from __future__ import annotations

from septet.demo.peers import Api, CarrierControl, call
from tests.node.harness import ADMIN_KEY, API_KEY, NUMBER, Node, wait_until
from tests.support import free_ports

PERSON = "46701110001"


def api_of(node: Node) -> Api:
    return Api(node.http, API_KEY, ADMIN_KEY)


def test_readiness(node: Node) -> None:
    assert api_of(node).is_ready()
    assert not Api(free_ports(1)[0], API_KEY, ADMIN_KEY).is_ready()
    wait_until(lambda: api_of(node).bound() == {"north", "south"}, "both carriers to be bound")
    assert Api(node.http, API_KEY, "wrong").bound() == set()


def test_what_is_sent_is_listed_and_reaches_the_phone(node: Node) -> None:
    api = api_of(node)
    status, body = api.send(NUMBER, PERSON, "Hello there")
    assert status == 202
    wait_until(lambda: api.message(body["id"])["status"] == "delivered", "the receipt")
    assert [m["id"] for m in api.messages(to=PERSON, direction="mt")] == [body["id"]]
    phones = [CarrierControl(c.id, c.control).received(PERSON) for c in node.carriers.values()]
    assert [(m["text"], m["parts"]) for found in phones for m in found] == [("Hello there", 1)]


def test_what_a_person_writes_reaches_the_node(node: Node) -> None:
    CarrierControl("north", node.carriers["north"].control).write("46701110002", NUMBER, "Hi")
    api = api_of(node)
    wait_until(lambda: [m["text"] for m in api.messages(**{"from": "46701110002"})] == ["Hi"], "the person's text")


def test_unknown_and_refused_are_no_exceptions(node: Node) -> None:
    assert api_of(node).message("nothing") == {}
    assert Api(node.http, "wrong", ADMIN_KEY).messages(to=PERSON) == []
    status, body = api_of(node).send(NUMBER, "not a number", "Hello")
    assert (status, body["code"]) == (422, "invalid_field")


def test_an_answer_that_is_no_json_has_no_body(node: Node) -> None:
    status, body = call(node.http, "GET", "/docs")
    assert (status, body) == (200, None)
