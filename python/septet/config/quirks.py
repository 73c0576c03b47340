"""What a carrier or an account does differently, as data. `docs/carriers.md` tells the symptom that each key cures.

The docstrings are part of the reference, as in `septet.config.model`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Alphabet = Literal["gsm7", "latin1", "ascii"]
Format = Literal["as_is", "digits", "plus", "00", "national"]
SendTlvs = Literal["by_version", "always", "never"]
State = Literal["enroute", "delivered", "expired", "deleted", "undeliverable", "accepted", "unknown", "rejected"]
FinalState = Literal["delivered", "expired", "deleted", "undeliverable", "unknown", "rejected"]
FINAL_STATES: tuple[FinalState, ...] = ("delivered", "expired", "deleted", "undeliverable", "unknown", "rejected")

CommandStatus = Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
CountryCode = Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,2})?\Z", description="1 to 3 digits")]
TrunkPrefix = Annotated[str, Meta(pattern=r"^[0-9]{0,3}\Z", description="up to 3 digits")]
Label = Annotated[
    str,
    Meta(pattern=r"^[a-z][a-z0-9_]{0,63}\Z", description="1 to 64 small letters, digits or _, a letter first"),
]


class ReceiptWord(Struct, frozen=True, kw_only=True):
    """What a word in a carrier's `stat:` means.

    word: the word, in any case
    state: what it means; enroute and accepted are not the end
    """

    word: Annotated[str, Meta(pattern=r"^[!-~]{1,32}\Z", description="1 to 32 ASCII characters without blanks")]
    state: State


class ErrorCode(Struct, frozen=True, kw_only=True):
    """What one of a carrier's error codes means, told in the API and by webhook.

    code: the code as the carrier writes it; zeros before it and case do not count
    in: where it stands: the receipt's err, its network_error_code (the number alone), or a command_status
    name: a stable name for programs
    text: an explanation for people
    """

    code: Annotated[str, Meta(pattern=r"^[!-~]{1,32}\Z", description="1 to 32 ASCII characters without blanks")]
    in_: Literal["err", "network_error_code", "command_status"] = field(name="in", default="err")
    name: Label
    text: Annotated[str, Meta(max_length=200)] = ""


class Tlv(Struct, frozen=True, kw_only=True):
    """A TLV of a carrier's own: sent with each submit_sm, and told in webhooks where it comes with an inbound message.

    name: its name in `params` of `POST /v1/messages`, and in webhooks
    tag: its tag
    type: how its value is written: text, text with a NUL, an integer of so many bits, or octets in hexadecimal
    value: what is sent where the sender of the message gives nothing else; leave out for nothing
    """

    name: Label
    tag: Annotated[int, Meta(ge=1, le=0xFFFF)]
    type: Literal["string", "cstring", "int8", "int16", "int32", "hex"] = "string"
    value: Annotated[str, Meta(max_length=255)] | None = None


class CarrierQuirks(Struct, frozen=True, kw_only=True):
    """What a carrier does differently; [carriers.md](carriers.md) tells the symptom that each key cures.

    message_id: how the id in a receipt differs from that in the submit_sm_resp, as in hex_to_decimal
    message_id_zeros: strip: zeros at the beginning of an id do not count
    message_id_case: fold: capital and small letters in an id are the same
    receipt_from: where the id and the state of a receipt are read; both: the TLVs win
    receipt_unmarked: whether a message of esm_class 0 may be a receipt: with id, state and date; loose: without a date
    receipt_words: words of its own in `stat:`
    error_codes: what its error codes mean
    throttle_statuses: command_statuses that mean: slower, and the same message again
    retry_statuses: command_statuses that mean: this message again, later or over another carrier
    permanent_statuses: command_statuses that mean: never
    packed: text in the default alphabet is packed, eight characters in seven octets, both ways
    submit_with: the operation that messages go with; data_sm only where its version has TLVs
    submit_multi: messages in a row that differ by their destination alone go as one submit_multi, so many at most
    long_text: how parts belong together: a header with an 8- or 16-bit reference, SAR TLVs, or one message_payload
    source_format: how it wants senders that are numbers; plus: +46…; 00: 0046…; national: 070…
    dest_format: how it wants recipients
    country_code: the country of numbers that it writes in the national form; "" = it writes none
    trunk_prefix: what stands before a national number
    address_ton: addr_ton of its binds
    address_npi: addr_npi of its binds
    strip_nul: its short messages end in a NUL that is no part of the text
    append_nul: it wants a NUL after each short message
    tlvs: TLVs of its own
    send_tlvs: by_version: TLVs are sent if its bind response names a version that has them
    """

    message_id: Literal["as_is", "hex_to_decimal", "decimal_to_hex"] = "as_is"
    message_id_zeros: Literal["keep", "strip"] = "keep"
    message_id_case: Literal["keep", "fold"] = "keep"
    receipt_from: Literal["both", "tlvs", "text"] = "both"
    receipt_unmarked: Literal["strict", "loose", "never"] = "strict"
    receipt_words: tuple[ReceiptWord, ...] = ()
    error_codes: tuple[ErrorCode, ...] = ()
    throttle_statuses: tuple[CommandStatus, ...] = ()
    retry_statuses: tuple[CommandStatus, ...] = ()
    permanent_statuses: tuple[CommandStatus, ...] = ()
    packed: bool = False
    submit_with: Literal["submit_sm", "data_sm"] = "submit_sm"
    submit_multi: Annotated[int, Meta(ge=1, le=254)] = 1
    long_text: Literal["udh8", "udh16", "sar", "payload"] = "udh8"
    source_format: Format = "as_is"
    dest_format: Format = "as_is"
    country_code: CountryCode = ""
    trunk_prefix: TrunkPrefix = "0"
    address_ton: Annotated[int, Meta(ge=0, le=7)] = 0
    address_npi: Annotated[int, Meta(ge=0, le=18)] = 0
    strip_nul: bool = False
    append_nul: bool = False
    tlvs: tuple[Tlv, ...] = ()
    send_tlvs: SendTlvs = "by_version"


class AccountQuirks(Struct, frozen=True, kw_only=True):
    """What an account does differently; [carriers.md](carriers.md) tells the symptom that each key cures.

    default_alphabet: what data_coding 0 means to it, both ways
    packed: text in the default alphabet is packed, eight characters in seven octets, both ways
    country_code: the country of numbers that it writes in the national form; "" = it writes none
    trunk_prefix: what stands before a national number
    address_format: how it wants the numbers in receipts and inbound messages over SMPP
    strip_nul: its short messages end in a NUL that is no part of the text
    append_nul: it wants a NUL after each short message
    message_id: how ids are told to it over SMPP: as they are, in hexadecimal or decimal digits, or in both as named
    receipt_states: the final states that it hears of, over SMPP and by webhook; default: all
    receipt_dates: minutes: dates of ten digits in the text of a receipt; seconds: of twelve
    send_tlvs: by_version: TLVs are sent if it bound with a version that has them
    """

    default_alphabet: Alphabet = "gsm7"
    packed: bool = False
    country_code: CountryCode = ""
    trunk_prefix: TrunkPrefix = "0"
    address_format: Format = "as_is"
    strip_nul: bool = False
    append_nul: bool = False
    message_id: Literal["as_is", "hex", "decimal", "hex_to_decimal", "decimal_to_hex"] = "as_is"
    receipt_states: tuple[FinalState, ...] = FINAL_STATES
    receipt_dates: Literal["minutes", "seconds"] = "minutes"
    send_tlvs: SendTlvs = "by_version"
