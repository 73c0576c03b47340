from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from septet.ingress.http.problems import Problem, Refused, problem
from septet.ingress.http.submission import none_accepted, parse
from septet.message import Accepted, Draft

GOOD = {"from": "1", "to": "2", "text": "x"}
BAD = {"from": "1", "to": "two", "text": "x"}
OK = Accepted("m1", "gsm7", 1)


@given(st.lists(st.sampled_from([GOOD, BAD, 7, None, {"messages": []}]), min_size=1, max_size=20))
def test_each_message_of_a_batch_is_judged_alone_and_in_place(items: list[Any]) -> None:
    parsed = parse(msgspec.json.encode({"messages": items}))
    assert isinstance(parsed, list)
    for index, (item, found) in enumerate(zip(items, parsed, strict=True)):
        assert isinstance(found, Draft) == (item is GOOD)
        if isinstance(found, Problem):
            assert isinstance(found.errors, list)
            assert found.errors[0].path.startswith(f"messages[{index}]")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"messages": 7}', "messages"),
        (b'{"messages": [{}], "x": 1}', "x"),
        (b'{"messages": []}', "messages"),
        (b"[]", ""),
        (b'"messages"', ""),
        (b'{"x": "messages"}', "x"),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_whole(body: bytes, path: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(body)
    assert isinstance(refused.value.problem.errors, list)
    assert refused.value.problem.errors[0].path == path


def test_a_batch_with_an_acceptance_has_no_problem_of_its_own() -> None:
    assert none_accepted([problem("over_rate"), OK]) is None


def test_a_refused_batch_waits_as_long_as_its_longest() -> None:
    whole = none_accepted([problem("over_rate", retry_after=2), problem("over_rate", retry_after=9)])
    assert whole is not None
    assert (whole.status, whole.retry_after) == (429, 9)
