"""What values of fields, TLVs and header elements mean (SMPP 3.4 §5.2 and §5.3, 5.0 §4.7, 3GPP TS 23.040 §9.2.3.24).

Values that have no row have no meaning that the specification gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from septet.smpp import tlv_name

_TON: Final = {
    0: "unknown",
    1: "international",
    2: "national",
    3: "network specific",
    4: "subscriber number",
    5: "alphanumeric",
    6: "abbreviated",
}
_NPI: Final = {
    0: "unknown",
    1: "ISDN (E.164)",
    3: "data (X.121)",
    4: "telex (F.69)",
    6: "land mobile (E.212)",
    8: "national",
    9: "private",
    10: "ERMES",
    14: "internet (IP)",
    18: "WAP client id",
}
_STATE: Final = {
    0: "SCHEDULED",
    1: "ENROUTE",
    2: "DELIVERED",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIVERABLE",
    6: "ACCEPTED",
    7: "UNKNOWN",
    8: "REJECTED",
    9: "SKIPPED",
}
_NETWORK: Final = dict(enumerate(("unknown", "GSM", "ANSI-136", "IS-95", "PDC", "PHS", "iDEN", "AMPS", "paging")))
_BEARER: Final = dict(
    enumerate(("unknown", "SMS", "CSD", "packet data", "USSD", "CDPD", "DataTAC", "FLEX/ReFLEX", "cell broadcast"))
)
_SUBUNIT: Final = dict(enumerate(("unknown", "display", "mobile equipment", "smart card 1", "external unit 1")))

VALUES: Final[Mapping[str, Mapping[int, str]]] = {
    "source_addr_ton": _TON,
    "dest_addr_ton": _TON,
    "esme_addr_ton": _TON,
    "addr_ton": _TON,
    "source_addr_npi": _NPI,
    "dest_addr_npi": _NPI,
    "esme_addr_npi": _NPI,
    "addr_npi": _NPI,
    "message_state": _STATE,
    "dest_flag": {1: "address", 2: "distribution list"},
    "replace_if_present_flag": {0: "no", 1: "replace"},
    "priority_flag": {0: "normal", 1: "priority", 2: "urgent", 3: "emergency"},
    "dest_network_type": _NETWORK,
    "source_network_type": _NETWORK,
    "dest_bearer_type": _BEARER,
    "source_bearer_type": _BEARER,
    "dest_addr_subunit": _SUBUNIT,
    "source_addr_subunit": _SUBUNIT,
    "payload_type": {0: "default", 1: "WCMP"},
    "privacy_indicator": dict(enumerate(("not restricted", "restricted", "confidential", "secret"))),
    "language_indicator": dict(enumerate(("unspecified", "English", "French", "Spanish", "German", "Portuguese"))),
    "ms_availability_status": dict(enumerate(("available", "denied", "unavailable"))),
    "delivery_failure_reason": dict(
        enumerate(
            (
                "destination unavailable",
                "destination address invalid",
                "permanent network error",
                "temporary network error",
            )
        )
    ),
    "dpf_result": {0: "not set", 1: "set"},
    "set_dpf": {0: "not requested", 1: "requested"},
    "more_messages_to_send": {0: "no", 1: "yes"},
    "display_time": dict(enumerate(("temporary", "default", "invoke"))),
}

_MODE: Final = dict(enumerate(("default mode", "datagram", "forward", "store and forward")))
# By whether it goes to the message centre.
_TYPE: Final[Mapping[bool, Mapping[int, str]]] = {
    True: {0x08: "delivery acknowledgement", 0x10: "user acknowledgement"},
    False: {
        0x04: "delivery receipt",
        0x08: "delivery acknowledgement",
        0x10: "user acknowledgement",
        0x18: "conversation abort",
        0x20: "intermediate notification",
    },
}
_RECEIPT: Final = dict(enumerate(("", "receipt", "receipt on failure", "receipt on success")))


def esm_class(value: int, command: str) -> str:
    """The bits of `esm_class` (5.2.12).

    >>> esm_class(0x44, "deliver_sm"), esm_class(0x03, "submit_sm"), esm_class(0, "submit_sm")
    ('default mode, delivery receipt, user data header', 'store and forward', 'default mode')
    """
    told = [_MODE[value & 3]]
    if kind := value & 0x3C:
        told.append(_TYPE[command.startswith("submit")].get(kind, f"reserved type {kind:#04x}"))
    told += [name for bit, name in ((0x40, "user data header"), (0x80, "reply path")) if value & bit]
    return ", ".join(told)


def registered_delivery(value: int) -> str:
    """The bits of `registered_delivery` (5.2.17).

    >>> registered_delivery(0x11), registered_delivery(0)
    ('receipt, intermediate notification', 'none')
    """
    bits = ((4, "delivery acknowledgement"), (8, "user acknowledgement"), (16, "intermediate notification"))
    told = [_RECEIPT[value & 3], *(name for bit, name in bits if value & bit)]
    if value & 0xE0:
        told.append(f"reserved bits {value & 0xE0:#04x}")
    return ", ".join(filter(None, told)) or "none"


def interface_version(value: int) -> str:
    """Which version of SMPP.

    >>> interface_version(0x34), interface_version(0x50), interface_version(0)
    ('3.4', '5.0', '3.3 or earlier')
    """
    return f"{value >> 4}.{value & 15}" if value > 0x33 else "3.3 or earlier"


def protocol_id(value: int) -> str:
    """TP-PID, as far as it is about short messages (3GPP TS 23.040 §9.2.3.9).

    >>> protocol_id(0x41), protocol_id(0)
    ('replaces type 1', '')
    """
    if 0x41 <= value <= 0x47:
        return f"replaces type {value - 0x40}"
    return {0x40: "type 0 (not shown)", 0x7F: "SIM data download"}.get(value, "")


class TlvKind(NamedTuple):
    """How a TLV's value is written: `int` of so many octets, `text` with a NUL, or `octets`."""

    form: str
    size: int = 0


_TEXTS: Final = (
    "additional_status_info_text",
    "receipted_message_id",
    "source_network_id",
    "dest_network_id",
    "broadcast_end_time",
)
_ONE: Final = (
    "dest_addr_subunit",
    "dest_network_type",
    "dest_bearer_type",
    "source_addr_subunit",
    "source_network_type",
    "source_bearer_type",
    "source_telematics_id",
    "payload_type",
    "ms_msg_wait_facilities",
    "privacy_indicator",
    "user_response_code",
    "language_indicator",
    "sar_total_segments",
    "sar_segment_seqnum",
    "sc_interface_version",
    "callback_num_pres_ind",
    "number_of_messages",
    "dpf_result",
    "set_dpf",
    "ms_availability_status",
    "delivery_failure_reason",
    "more_messages_to_send",
    "message_state",
    "congestion_state",
    "ussd_service_op",
    "broadcast_channel_indicator",
    "broadcast_message_class",
    "broadcast_area_success",
    "dest_addr_np_resolution",
    "display_time",
    "ms_validity",
    "its_reply_type",
)
_TWO: Final = (
    "dest_telematics_id",
    "user_message_reference",
    "source_port",
    "destination_port",
    "sar_msg_ref_num",
    "broadcast_rep_num",
    "sms_signal",
)
_FOUR: Final = ("qos_time_to_live", "broadcast_error_status")

TLVS: Final[Mapping[str, TlvKind]] = {
    **dict.fromkeys(_TEXTS, TlvKind("text")),
    **dict.fromkeys(_ONE, TlvKind("int", 1)),
    **dict.fromkeys(_TWO, TlvKind("int", 2)),
    **dict.fromkeys(_FOUR, TlvKind("int", 4)),
}
"""Those that are not plain octets."""


@cache
def tlv_tags() -> Mapping[str, int]:
    """The tag of each name that the codec knows."""
    return {name: tag for tag in range(0x10000) if (name := tlv_name(tag)) is not None}


LANGUAGES: Final = dict(
    enumerate(("tr", "es", "pt", "bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur"), start=1)
)
ELEMENTS: Final[Mapping[int, str]] = {
    0x00: "concatenation",
    0x01: "message waiting",
    0x04: "ports (8 bit)",
    0x05: "ports",
    0x06: "service centre control",
    0x07: "source indicator",
    0x08: "concatenation (16 bit)",
    0x09: "WCMP",
    0x0A: "text formatting",
    0x20: "e-mail header",
    0x22: "reply address",
    0x23: "enhanced voice mail",
    0x24: "single shift table",
    0x25: "locking shift table",
}
"""Information elements of a user data header."""


def element(identifier: int, data: bytes) -> str:
    """One information element in words.

    >>> element(0, bytes((7, 2, 1))), element(5, bytes.fromhex("0b840000")), element(0x24, b"\\x01")
    ('concatenation: reference 7, part 1 of 2', 'ports: 2948 from 0', 'single shift table: tr')
    """
    name = ELEMENTS.get(identifier, f"element {identifier:#04x}")
    told = data.hex(" ") or "empty"
    if identifier in (0x00, 0x08) and len(data) == (3 if identifier == 0 else 4):
        told = f"reference {int.from_bytes(data[:-2])}, part {data[-1]} of {data[-2]}"
    elif identifier in (0x04, 0x05) and len(data) == (2 if identifier == 4 else 4):
        half = len(data) // 2
        told = f"{int.from_bytes(data[:half])} from {int.from_bytes(data[half:])}"
    elif identifier in (0x24, 0x25) and len(data) == 1:
        told = LANGUAGES.get(data[0], f"language {data[0]}")
    return f"{name}: {told}"


def moment(text: str) -> str:
    """A time of SMPP in words (7.1.1); nothing for what is none.

    >>> moment("260131120000004+"), moment("000000010000000R"), moment("soon")
    ('2026-01-31 12:00:00 UTC+01:00', 'in 1 h', '')
    """
    if len(text) != 16 or not text[:15].isdecimal() or not text.isascii():
        return ""
    year, month, day, hour, minute, second = (text[at : at + 2] for at in range(0, 12, 2))
    if text[15] == "R":
        units = zip((year, month, day, hour, minute, second), ("years", "months", "days", "h", "min", "s"), strict=True)
        return "in " + (" ".join(f"{int(count)} {unit}" for count, unit in units if int(count)) or "no time")
    if text[15] not in "+-":
        return ""
    quarters = int(text[13:15])
    zone = f"{text[15]}{quarters // 4:02}:{quarters % 4 * 15:02}"
    return f"20{year}-{month}-{day} {hour}:{minute}:{second} UTC{zone}"
