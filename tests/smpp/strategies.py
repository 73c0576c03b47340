"""Every operation's layout as the specification has it, written down a second time, and PDUs drawn from it."""

from typing import Any

from hypothesis import strategies as st

from septet import smpp

INT1 = st.integers(0, 255)


def text(limit: int) -> st.SearchStrategy[str]:
    """A C-octet string of at most `limit` octets with its NUL."""
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=limit - 1)


def addr(prefix: str, name: str, limit: int = 21) -> dict[str, Any]:
    return {f"{prefix}_ton": INT1, f"{prefix}_npi": INT1, name: text(limit)}


SOURCE = addr("source_addr", "source_addr")
DEST = addr("dest_addr", "destination_addr")
TIMES = {"schedule_delivery_time": text(17), "validity_period": text(17)}
BODY = {"sm_default_msg_id": INT1, "short_message": st.binary(max_size=254)}
FLAGS = {"esm_class": INT1, "protocol_id": INT1, "priority_flag": INT1}
MESSAGE = {
    "service_type": text(6),
    **SOURCE,
    **DEST,
    **FLAGS,
    **TIMES,
    "registered_delivery": INT1,
    "replace_if_present_flag": INT1,
    "data_coding": INT1,
    **BODY,
}
BIND = {
    "system_id": text(16),
    "password": text(9),
    "system_type": text(13),
    "interface_version": INT1,
    "addr_ton": INT1,
    "addr_npi": INT1,
    "address_range": text(41),
}
ID = {"message_id": text(65)}
SME = st.fixed_dictionaries({"dest_flag": st.just(1), **DEST})
LIST = st.fixed_dictionaries({"dest_flag": st.just(2), "dl_name": text(21)})
FAILURE = st.fixed_dictionaries({**DEST, "error_status_code": st.integers(0, 2**32 - 1)})

LAYOUTS: dict[str, dict[str, Any]] = {
    "generic_nack": {},
    **{f"bind_{mode}": BIND for mode in ("receiver", "transmitter", "transceiver")},
    **{f"bind_{mode}_resp": {"system_id": text(16)} for mode in ("receiver", "transmitter", "transceiver")},
    "outbind": {"system_id": text(16), "password": text(9)},
    "unbind": {},
    "unbind_resp": {},
    "submit_sm": MESSAGE,
    "submit_sm_resp": ID,
    "deliver_sm": MESSAGE,
    "deliver_sm_resp": ID,
    "data_sm": {
        "service_type": text(6),
        **addr("source_addr", "source_addr", 65),
        **addr("dest_addr", "destination_addr", 65),
        "esm_class": INT1,
        "registered_delivery": INT1,
        "data_coding": INT1,
    },
    "data_sm_resp": ID,
    "query_sm": {**ID, **SOURCE},
    "query_sm_resp": {**ID, "final_date": text(17), "message_state": INT1, "error_code": INT1},
    "cancel_sm": {"service_type": text(6), **ID, **SOURCE, **DEST},
    "cancel_sm_resp": {},
    "replace_sm": {**ID, **SOURCE, **TIMES, "registered_delivery": INT1, **BODY},
    "replace_sm_resp": {},
    "submit_multi": {
        "service_type": text(6),
        **SOURCE,
        "dest_address": st.lists(SME | LIST, max_size=4),
        **FLAGS,
        **TIMES,
        "registered_delivery": INT1,
        "replace_if_present_flag": INT1,
        "data_coding": INT1,
        **BODY,
    },
    "submit_multi_resp": {**ID, "unsuccess_sme": st.lists(FAILURE, max_size=4)},
    "enquire_link": {},
    "enquire_link_resp": {},
    "alert_notification": {**addr("source_addr", "source_addr", 65), **addr("esme_addr", "esme_addr", 65)},
    "broadcast_sm": {
        "service_type": text(6),
        **SOURCE,
        **ID,
        "priority_flag": INT1,
        **TIMES,
        "replace_if_present_flag": INT1,
        "data_coding": INT1,
        "sm_default_msg_id": INT1,
    },
    "broadcast_sm_resp": ID,
    "query_broadcast_sm": {**ID, **SOURCE},
    "query_broadcast_sm_resp": ID,
    "cancel_broadcast_sm": {"service_type": text(6), **ID, **SOURCE},
    "cancel_broadcast_sm_resp": {},
}

TLVS = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=30)), max_size=4)


@st.composite
def given_fields(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation and a value for each of its fields, counts left out."""
    command = draw(st.sampled_from(sorted(LAYOUTS)))
    return command, draw(st.fixed_dictionaries(LAYOUTS[command]))


@st.composite
def pdus(draw: st.DrawFn) -> smpp.Pdu:
    command, fields = draw(given_fields())
    number = st.integers(0, 2**32 - 1)
    return smpp.Pdu(command, sequence=draw(number), status=draw(number), fields=fields, tlvs=draw(TLVS))
