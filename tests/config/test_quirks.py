"""The quirks of carriers and accounts: read, and the example of the documentation among them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from septet import config
from septet.config.kinds import choices, split
from septet.config.quirks import AccountQuirks, CarrierQuirks, State
from septet.errors import ConfigError
from septet.store import open_engine

CARRIER = '[[carrier]]\nid = "north"\nhost = "h"\nsystem_id = "s"\npassword = "p"\n'
ACCOUNT = '[[account]]\nid = "acme"\napi_key = "k"\n'
PAGE = Path(__file__).parents[2] / "docs" / "carriers.md"


def of_carrier(keys: str, before: str = "") -> CarrierQuirks:
    return config.parse(f"{CARRIER}{before}[carrier.quirks]\n{keys}", Path()).carrier[0].quirks


def of_account(keys: str) -> AccountQuirks:
    return config.parse(f"{ACCOUNT}[account.quirks]\n{keys}", Path()).account[0].quirks


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, Path())
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_without_quirks_a_carrier_keeps_to_the_specification() -> None:
    assert config.parse(CARRIER, Path()).carrier[0].quirks == CarrierQuirks()
    assert config.parse(ACCOUNT, Path()).account[0].quirks == AccountQuirks()


@pytest.mark.parametrize(
    ("keys", "name", "value"),
    [
        ('message_id = "hex_to_decimal"', "message_id", "hex_to_decimal"),
        ("throttle_statuses = [0x08, 1025]", "throttle_statuses", (8, 1025)),
        ("packed = true", "packed", True),
        ('submit_with = "data_sm"', "submit_with", "data_sm"),
        ("submit_multi = 254", "submit_multi", 254),
        ('long_text = "sar"', "long_text", "sar"),
        ('dest_format = "national"\ncountry_code = "46"', "dest_format", "national"),
        ("address_ton = 1\naddress_npi = 1", "address_npi", 1),
    ],
)
def test_a_key_is_read(keys: str, name: str, value: Any) -> None:
    assert getattr(of_carrier(keys), name) == value


def test_tables_in_quirks_are_read() -> None:
    quirks = of_carrier(
        'receipt_words = [{ word = "FAILED", state = "rejected" }]\n'
        'error_codes = [{ code = "27", in = "network_error_code", name = "absent" }]\n'
        'tlvs = [{ name = "billing", tag = 0x1401, type = "int16", value = "7" }]'
    )
    assert (quirks.receipt_words[0].word, quirks.receipt_words[0].state) == ("FAILED", "rejected")
    assert (quirks.error_codes[0].in_, quirks.error_codes[0].text) == ("network_error_code", "")
    assert (quirks.tlvs[0].tag, quirks.tlvs[0].value) == (0x1401, "7")
    account = of_account('receipt_states = ["delivered"]\nreceipt_dates = "seconds"')
    assert (account.receipt_states, account.receipt_dates) == (("delivered",), "seconds")


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ('message_id = "hexadecimal"', "message_id"),
        ('message_ids = "as_is"', "message_ids"),
        ("throttle_statuses = [0]", "throttle_statuses[0]"),
        ("throttle_statuses = [8]\nretry_statuses = [8]", "retry_statuses[0]"),
        ("throttle_statuses = [8, 8]", "throttle_statuses[1]"),
        ('source_format = "national"', "source_format"),
        ('dest_format = "national"', "dest_format"),
        ('country_code = "046"', "country_code"),
        ('receipt_words = [{ word = "A", state = "gone" }]', "receipt_words[0].state"),
        (
            'receipt_words = [{ word = "a", state = "deleted" }, { word = "A", state = "expired" }]',
            "receipt_words[1].word",
        ),
        ('error_codes = [{ code = "27", name = "Absent" }]', "error_codes[0].name"),
        ('error_codes = [{ code = "27", name = "a" }, { code = "027", name = "b" }]', "error_codes[1].code"),
        ('tlvs = [{ name = "a", tag = 0x0424 }]', "tlvs[0].tag"),
        ('tlvs = [{ name = "a", tag = 0 }]', "tlvs[0].tag"),
        ('tlvs = [{ name = "a", tag = 0x1401 }, { name = "b", tag = 0x1401 }]', "tlvs[1].tag"),
        ('tlvs = [{ name = "a", tag = 0x1401 }, { name = "a", tag = 0x1402 }]', "tlvs[1].name"),
        ('tlvs = [{ name = "a", tag = 0x1401, type = "int8", value = "256" }]', "tlvs[0].value"),
        ('tlvs = [{ name = "a", tag = 0x1401, type = "hex", value = "0" }]', "tlvs[0].value"),
    ],
)
def test_a_wrong_value_is_told_with_its_key_path(keys: str, path: str) -> None:
    found = problems(f"{CARRIER}[carrier.quirks]\n{keys}")
    assert [where for where, _ in found] == [f"carrier.north.quirks.{path}"]


def test_only_the_gsm_alphabet_is_packed() -> None:
    found = problems(f'{CARRIER}default_alphabet = "latin1"\n[carrier.quirks]\npacked = true')
    assert found[0][0] == "carrier.north.quirks.packed"
    found = problems(f'{ACCOUNT}[account.quirks]\ndefault_alphabet = "ascii"\npacked = true')
    assert found[0][0] == "account.acme.quirks.packed"


def test_an_accounts_national_form_needs_a_country() -> None:
    found = problems(f'{ACCOUNT}[account.quirks]\naddress_format = "national"')
    assert found[0][0] == "account.acme.quirks.address_format"


def examples() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", examples(), ids=lambda text: text.splitlines()[0])
def test_the_examples_of_the_documentation_are_valid(example: str) -> None:
    opens(example)


def choices_of(table: Any) -> list[tuple[str, str]]:
    """Each key that is a choice, with each of its values."""
    kinds = {found.name: choices(split(found.type)[0]) for found in msgspec.structs.fields(table)}
    return [(name, option) for name, options in kinds.items() for option in options]


@pytest.mark.parametrize(("name", "option"), choices_of(CarrierQuirks))
def test_the_engine_knows_every_choice_of_a_carrier(name: str, option: str) -> None:
    opens(f'{CARRIER}[carrier.quirks]\n{name} = "{option}"\ncountry_code = "46"')


@pytest.mark.parametrize(("name", "option"), choices_of(AccountQuirks))
def test_the_engine_knows_every_choice_of_an_account(name: str, option: str) -> None:
    opens(f'{ACCOUNT}[account.quirks]\n{name} = "{option}"\ncountry_code = "46"')


@pytest.mark.parametrize("state", get_args(State))
def test_the_engine_knows_every_state(state: str) -> None:
    opens(f'{CARRIER}[carrier.quirks]\nreceipt_words = [{{ word = "X", state = "{state}" }}]')


@pytest.mark.parametrize(
    ("kind", "value"),
    [("string", "a"), ("cstring", "a"), ("int8", "255"), ("int16", "65535"), ("int32", "4294967295"), ("hex", "00fF")],
)
def test_the_engine_knows_every_type_of_tlv(kind: str, value: str) -> None:
    tlv = f'{{ name = "a", tag = 0x1401, type = "{kind}", value = "{value}" }}'
    opens(f"{CARRIER}[carrier.quirks]\ntlvs = [{tlv}]")


def opens(text: str) -> None:
    """The engine takes the tables of this file."""
    open_engine(config.parse(f'[store]\nengine = "memory"\n{text}', Path())).close()


@pytest.mark.parametrize("table", [CarrierQuirks, AccountQuirks], ids=lambda table: table.__name__)
def test_the_documentation_names_every_key(table: Any) -> None:
    text = PAGE.read_text("utf-8")
    assert [name for name in table.__struct_fields__ if not re.search(rf"`{name}\b", text)] == []
