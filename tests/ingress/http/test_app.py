from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingress.http.conftest import Site
from tests.ingress.http.memory import BROKEN
from tests.support import eventually

HELLO = {"from": "12345", "to": "46701234567", "text": "Hej"}
FIELDS = ["from", "to", "text", "data", "udh", "validity", "send_at", "tags", "messages", "x"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["00", "12345", "2030-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_octets_as_a_body_are_a_problem_of_the_client(site: Site, body: bytes) -> None:
    for path in ("/v1/messages", "/v1/analyze"):
        found = site("POST", path, body)
        assert found.is_problem
        assert found.status in {400, 422}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANYTHING.filter(lambda value: BROKEN not in str(value)))
def test_any_json_is_accepted_or_a_problem_of_the_client(site: Site, value: object) -> None:
    found = site("POST", "/v1/messages", msgspec.json.encode(value))
    assert found.status == 202 or (found.is_problem and 400 <= found.status < 500)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic demo-key", "demo-key", "Bearer \u00e5"])
def test_without_a_known_key_nothing_is_done(site: Site, authorization: str) -> None:
    found = site("POST", "/v1/messages", HELLO, authorization=authorization)
    assert found.is_problem
    assert (found.status, found.json["code"]) == (401, "unauthenticated")
    assert found.headers["www-authenticate"].startswith("Bearer")


def test_the_scheme_is_case_insensitive(site: Site) -> None:
    assert site("GET", "/v1/messages", authorization="bearer demo-key").status == 200


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/message", "/v1/messages/", "/v1/messages/a/b", "/v2/messages", "/%ff", "/a/b/c/d/e/f/g"]
)
def test_an_unknown_path_is_not_found(site: Site, path: str) -> None:
    found = site("GET", path)
    assert found.is_problem
    assert found.status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/messages", "GET, HEAD, POST"),
        ("POST", "/v1/messages/a", "DELETE, GET, HEAD"),
        ("GET", "/v1/analyze", "POST"),
        ("OPTIONS", "/healthz", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(site: Site, method: str, path: str, allow: str) -> None:
    found = site(method, path)
    assert found.is_problem
    assert (found.status, found.headers["allow"]) == (405, allow)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/conversations"),
        ("GET", "/v1/conversations/12345/46701234567"),
        ("POST", "/v1/numbers"),
        ("DELETE", "/v1/optouts/46701234567"),
        ("POST", "/v1/routes/explain"),
        ("POST", "/v1/carriers/north/pause"),
    ],
)
def test_what_a_later_version_does_is_said_to_be_missing(site: Site, method: str, path: str) -> None:
    found = site(method, path, authorization="Bearer demo-admin")
    assert found.is_problem
    assert (found.status, found.json["code"]) == (501, "not_supported_yet")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 202),
        ("Application/JSON; charset=utf-8", 202),
        ("application/vnd.acme+json", 202),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
    ],
)
def test_the_media_type_of_a_body(site: Site, media_type: str, status: int) -> None:
    assert site("POST", "/v1/messages", HELLO, content_type=media_type).status == status


def test_a_compressed_body_is_refused(site: Site) -> None:
    assert site("POST", "/v1/messages", b"x", content_encoding="br").status == 415


def test_head_gives_the_headers_of_get(site: Site) -> None:
    for path in ("/healthz", "/openapi.json"):
        get, head = site("GET", path), site("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


def test_a_body_past_the_limit_is_refused_and_the_node_lives_on(site: Site) -> None:
    assert site("POST", "/v1/messages", b" " * 70_000).json["code"] == "body_too_large"
    assert site("POST", "/v1/messages", HELLO).status == 202


def test_a_stream_is_sent_as_it_comes_and_ends_when_its_reader_leaves(site: Site) -> None:
    async def read_some() -> list[bytes]:
        headers = {"authorization": "Bearer demo-admin"}
        async with site.client.get("/v1/trace?link=north", headers=headers) as answer:
            assert answer.headers["transfer-encoding"] == "chunked"
            lines = [await answer.content.readline() for _ in range(3)]
            assert site.service.watchers == 1
        await eventually(lambda: not site.service.watchers, "the stream to end")
        return lines

    assert site.run(read_some()) == [b"0\n", b"1\n", b"2\n"]


def test_a_stream_that_cannot_begin_is_a_problem(site: Site) -> None:
    assert site("GET", "/v1/trace?link=nobody", authorization="Bearer demo-admin").status == 404
    assert site.service.watchers == 0


def test_head_of_a_stream_has_an_end(site: Site) -> None:
    assert site("HEAD", "/v1/trace?link=north", authorization="Bearer demo-admin").status == 200
    assert site.service.watchers == 0
