"""The configuration as the engine takes it: policy as data, accounts and carriers by index."""

from __future__ import annotations

from typing import Any

from septet.config import Account, Carrier, Config
from septet.config.quirks import AccountQuirks, CarrierQuirks
from septet.consent import words
from septet.routing import compile_routes
from septet.twoway import compile_inbound


def tables(config: Config) -> dict[str, Any]:
    """Everything that `Engine` must know.

    >>> from septet import config
    >>> sorted(tables(config.parse('[[account]]\\nid = "a"', ".")))
    ['accounts', 'carriers', 'keywords', 'limits', 'numbers', 'routes', 'smpp', 'words']
    """
    inbound = compile_inbound(config)
    node, smpp = config.node, config.smpp
    return {
        "accounts": [_account(account, smpp.optout_status) for account in config.account],
        "carriers": [_carrier(carrier, _centre(carrier, config)) for carrier in config.carrier],
        "numbers": [tuple(number) for number in inbound.numbers],
        "keywords": [tuple(keyword) for keyword in inbound.keywords],
        "routes": [tuple(rule) for rule in compile_routes(config).routes],
        "words": list(words()),
        "limits": {
            "messages": node.max_messages,
            "queue_in_memory": node.queue_in_memory,
            "validity": node.validity,
            "validity_max": node.validity_max,
            "unknown_grace": node.unknown_grace,
            "reassembly_ttl": node.reassembly_ttl,
            "reassembly_parts": node.reassembly_capacity,
            "unmatched_receipt_ttl": node.unmatched_receipt_ttl,
            "delivery_ttl": node.delivery_ttl,
        },
        "smpp": {
            "system_id": smpp.system_id,
            "session_init": smpp.session_init,
            "enquire_link": smpp.enquire_link,
            "inactivity": smpp.inactivity,
            "response_timeout": smpp.response_timeout,
        },
    }


def _account(account: Account, optout_status: int) -> dict[str, Any]:
    return {
        "id": account.id,
        "window": account.window,
        "deliver_window": account.deliver_window,
        "webhook": account.webhook is not None,
        "mo": account.mo,
        "optout_status": optout_status,
        "quirks": _account_quirks(account.quirks),
    }


def _account_quirks(quirks: AccountQuirks) -> dict[str, Any]:
    return {
        "default_alphabet": quirks.default_alphabet,
        "packed": quirks.packed,
        "country_code": quirks.country_code,
        "trunk_prefix": quirks.trunk_prefix,
        "address_format": quirks.address_format,
        "strip_nul": quirks.strip_nul,
        "append_nul": quirks.append_nul,
        "message_id": quirks.message_id,
        "receipt_states": list(quirks.receipt_states),
        "receipt_seconds": quirks.receipt_dates == "seconds",
        "send_tlvs": quirks.send_tlvs,
    }


def _carrier_quirks(quirks: CarrierQuirks) -> dict[str, Any]:
    classes = (
        ("throttle", quirks.throttle_statuses),
        ("retry", quirks.retry_statuses),
        ("permanent", quirks.permanent_statuses),
    )
    return {
        "message_id": quirks.message_id,
        "strip_zeros": quirks.message_id_zeros == "strip",
        "fold_case": quirks.message_id_case == "fold",
        "receipt_from": quirks.receipt_from,
        "receipt_unmarked": quirks.receipt_unmarked,
        "receipt_words": [(word.word, word.state) for word in quirks.receipt_words],
        "statuses": [(code, name) for name, codes in classes for code in codes],
        "packed": quirks.packed,
        "data_sm": quirks.submit_with == "data_sm",
        "destinations": quirks.submit_multi,
        "long_text": quirks.long_text,
        "source_format": quirks.source_format,
        "dest_format": quirks.dest_format,
        "country_code": quirks.country_code,
        "trunk_prefix": quirks.trunk_prefix,
        "address": (quirks.address_ton, quirks.address_npi),
        "strip_nul": quirks.strip_nul,
        "append_nul": quirks.append_nul,
        "tlvs": [(tlv.name, tlv.tag, tlv.type, tlv.value) for tlv in quirks.tlvs],
        "send_tlvs": quirks.send_tlvs,
    }


def _centre(carrier: Carrier, config: Config) -> int:
    """The first carrier at the same message centre, where a transmitter's receipts come over a receiver."""
    at = [(other.host, other.port, other.system_id) for other in config.carrier]
    return at.index((carrier.host, carrier.port, carrier.system_id))


def _carrier(carrier: Carrier, centre: int) -> dict[str, Any]:
    return {
        "id": carrier.id,
        "bind": carrier.bind,
        "binds": carrier.binds,
        "centre": centre,
        "window": carrier.window,
        "system_id": carrier.system_id,
        "password": carrier.password.reveal(),
        "system_type": carrier.system_type,
        "address_range": carrier.address_range,
        "service_type": carrier.service_type,
        "enquire_link": carrier.enquire_link,
        "response_timeout": carrier.response_timeout,
        "default_alphabet": carrier.default_alphabet,
        "source_ton": carrier.source_ton,
        "source_npi": carrier.source_npi,
        "dest_ton": carrier.dest_ton,
        "dest_npi": carrier.dest_npi,
        "retry_attempts": carrier.retry_attempts,
        "retry_base": carrier.retry_base,
        "retry_max": carrier.retry_max,
        "interface_version": carrier.version,
        "hold": carrier.on_unknown == "hold",
        "query_after": carrier.query_after,
        "cancels": "cancel" in carrier.operations,
        "replaces": "replace" in carrier.operations,
        "outbind": None if (asks := carrier.outbind) is None else (asks.system_id, asks.password.reveal()),
        "quirks": _carrier_quirks(carrier.quirks),
    }
