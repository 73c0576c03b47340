"""Quirks that contradict each other: the checks run whatever else is wrong in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from septet import config
from septet.errors import ConfigError


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse(
            '[[carrier]]\nid = "n"\nhost = "h"\nsystem_id = "s"\n[carrier.quirks]\npermanent_statuses = [1, 1]\n'
            'dest_format = "national"\n[[account]]\nid = "a"\n[account.quirks]\naddress_format = "national"\n'
            "packed = 1",
            Path(),
        )
    assert {problem.path for problem in caught.value.problems} == {
        "carrier.n.password",
        "carrier.n.quirks.dest_format",
        "carrier.n.quirks.permanent_statuses[1]",
        "account.a.quirks.address_format",
        "account.a.quirks.packed",
    }
