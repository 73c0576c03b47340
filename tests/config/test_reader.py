"""The reader against any TOML whatever: a configuration or a `ConfigError`, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from septet.config import Config, ConfigError
from septet.config.checks import check
from septet.config.reader import NOT_YET, Reader

_SECTIONS = [field.encode_name for field in msgspec.structs.fields(Config)]
_KEYS = [
    "id",
    "system_id",
    "password",
    "listen",
    "to",
    "carriers",
    "words",
    "number",
    "address",
    "throughput",
    "mo",
]
_SCALARS = st.one_of(st.booleans(), st.integers(), st.floats(), st.text("ab+9", max_size=3))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_KEYS, "other"]), inner, max_size=3),
    max_leaves=8,
)
_TABLES = st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=5)


# A busy machine must not fail it: neither the strategy's time nor the test's is what is asserted.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(_SECTIONS), _TABLES | st.lists(_TABLES, max_size=3) | _VALUES))
def test_any_tables_give_a_configuration_or_problems(raw: dict[str, Any]) -> None:
    reader = Reader(Path("/nowhere"), {})
    root = reader.root(raw)
    check(root, reader)
    if not reader.problems:
        assert isinstance(root.build(), Config)
    assert all(problem.message for problem in reader.problems)


def test_what_is_not_supported_yet_is_named_by_section_and_key() -> None:
    assert all(name.partition(".")[0] in _SECTIONS for name in NOT_YET)


def test_config_error_lists_its_problems_line_by_line() -> None:
    reader = Reader(Path("/nowhere"), {})
    reader.root({"a": 1, "b": 2})
    assert str(ConfigError(reader.problems)).count("\n") == 1
