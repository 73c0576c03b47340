"""Value types that ingress, delivery and the node share: frozen, decoded and validated by msgspec.

Nothing here knows how a message travels. A text is kept as the sender wrote it; segmentation and
alphabets belong to the codec.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Direction: TypeAlias = Literal["mt", "mo"]

MtStatus: TypeAlias = Literal[
    "scheduled",
    "accepted",
    "queued",
    "submitted",
    "delivered",
    "undeliverable",
    "expired",
    "rejected",
    "failed",
    "cancelled",
    "blocked",
    "unknown",
]
MoStatus: TypeAlias = Literal["received", "handed_over", "dead"]
Status: TypeAlias = Literal[MtStatus, MoStatus]

EventType: TypeAlias = Literal[
    "message.received",
    "message.submitted",
    "message.delivered",
    "message.failed",
    "optout.created",
    "optin.created",
]

EVENT_OF_STATUS: Final[dict[str, EventType]] = {
    "received": "message.received",
    "submitted": "message.submitted",
    "delivered": "message.delivered",
    "undeliverable": "message.failed",
    "expired": "message.failed",
    "rejected": "message.failed",
    "failed": "message.failed",
    "cancelled": "message.failed",
    "blocked": "message.failed",
    "unknown": "message.failed",
}
"""Which event a status raises; a status that is not a key raises none."""

MAX_BINARY: Final = 255 * 134
"""Octets of `data`: 255 parts, the most a concatenation header can count, of 134 octets each."""

MAX_VALIDITY: Final = 63 * 7 * 24 * 3600
"""Seconds: 63 weeks, the longest relative validity period of TS 23.040 9.2.3.12.1."""

# Ends a pattern alike in Python, whose $ lets a line feed by, and in JSON Schema, which has no \\Z.
_END: Final = r"(?![\s\S])"

Address: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^\+?[0-9]{1,20}" + _END,
        description="A number: digits, with or without a leading +.",
        examples=["46701234567"],
    ),
]
Sender: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(\+?[0-9]{1,20}|[ -~]{1,11})" + _END,
        description="A number, or 1 to 11 printable ASCII characters.",
        examples=["12345"],
    ),
]
Hex: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2})*" + _END)]
Tag: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]


class Draft(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A message as its sender asks for it: exactly one of `text` and `data`.

    >>> import msgspec
    >>> draft = msgspec.json.decode(b'{"from": "12345", "to": "46701234567", "text": "Hi"}', type=Draft)
    >>> draft.from_, draft.text, draft.receipt
    ('12345', 'Hi', True)
    """

    from_: Sender
    to: Address
    text: Annotated[str | None, Meta(description="The text, sent as written or refused; never damaged.")] = None
    data: Annotated[Hex | None, Meta(description="Binary content in hexadecimal.")] = None
    udh: Annotated[
        Hex | None,
        Meta(description="User data header of `data`, hexadecimal, with its length octet."),
    ] = None
    encoding: Annotated[
        Literal["auto", "gsm7", "ucs2", "latin1"],
        Meta(description="auto: the GSM 7-bit alphabet if the text fits, else UCS-2."),
    ] = "auto"
    transliterate: Annotated[bool, Meta(description="Replace what the encoding lacks with its nearest characters.")] = (
        False
    )
    validity: (
        Annotated[
            int,
            Meta(ge=1, le=MAX_VALIDITY, description="Seconds after which it is no longer delivered."),
        ]
        | None
    ) = None
    send_at: (
        Annotated[
            datetime,
            Meta(tz=True, description="Not before this time (RFC 3339, with an offset)."),
        ]
        | None
    ) = None
    receipt: Annotated[bool, Meta(description="Ask the carrier for a delivery receipt.")] = True
    priority: Annotated[int, Meta(ge=0, le=3, description="0 (lowest) to 3.")] = 0
    flash: Annotated[bool, Meta(description="Class 0: shown at once, not stored.")] = False
    client_ref: Annotated[
        Annotated[str, Meta(max_length=128)] | None,
        Meta(description="Your own reference, returned with the message."),
    ] = None
    tags: Annotated[
        Annotated[tuple[Tag, ...], Meta(max_length=16)],
        Meta(description="Labels a route can match."),
    ] = ()
    params: Annotated[
        dict[str, Annotated[str, Meta(max_length=255)]],
        Meta(
            max_length=16, description="Values for TLVs of the carrier's own, by the name the configuration gives them."
        ),
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.text is None) == (self.data is None):
            raise ValueError("`text` or `data` is needed, and only one of them")
        if self.data is None:
            if self.udh is not None:
                raise ValueError("`udh` needs `data` beside it")
            return
        if len(self.data) > 2 * MAX_BINARY:
            raise ValueError(f"`data` has more than {MAX_BINARY} octets")
        if self.udh:
            header = bytes.fromhex(self.udh)
            if header[0] != len(header) - 1:
                raise ValueError("`udh` does not begin with its own length octet")
            if len(header) + len(self.data) // 2 > 140:
                raise ValueError("`udh` and `data` together have more than 140 octets")

    @property
    def body(self) -> bytes | None:
        """`data` as octets.

        >>> Draft("12345", "46701234567", data="00ff").body
        b'\\x00\\xff'
        """
        return None if self.data is None else bytes.fromhex(self.data)

    @property
    def due_ms(self) -> int:
        """`send_at` in milliseconds since 1970; 0 = at once."""
        return 0 if self.send_at is None else int(self.send_at.timestamp() * 1000)

    @property
    def joined_tags(self) -> str:
        """The tags as one string, joined by U+001F."""
        return "\x1f".join(self.tags)

    @property
    def param_items(self) -> tuple[tuple[str, str], ...]:
        """`params` as pairs."""
        return tuple(self.params.items())

    @property
    def header(self) -> bytes:
        """`udh` as octets, empty where there is none."""
        return bytes.fromhex(self.udh) if self.udh else b""


class Accepted(Struct, frozen=True):
    """What the sender of a message that is durable gets."""

    id: Annotated[str, Meta(max_length=20, description="The same in SMPP, HTTP and receipts.")]
    encoding: Annotated[str, Meta(description="gsm7, ucs2, latin1 or binary.")]
    segments: Annotated[int, Meta(ge=1)]


class Cause(Struct, frozen=True):
    """Why a message was not delivered, in the carrier's own terms and in those of the configuration."""

    err: Annotated[str | UnsetType, Meta(description="The receipt's err, as the carrier wrote it.")] = UNSET
    network_error_code: Annotated[int | UnsetType, Meta(description="The number of the receipt's TLV.")] = UNSET
    network: Annotated[str | UnsetType, Meta(description="ansi-136, is-95, gsm, or its number.")] = UNSET
    name: Annotated[str | UnsetType, Meta(description="What the configuration calls it.")] = UNSET
    text: Annotated[str | UnsetType, Meta(description="What the configuration says about it.")] = UNSET


class MessageEvent(Struct, frozen=True):
    """One step in the life of a message."""

    at: Annotated[str, Meta(description="RFC 3339, UTC.")]
    event: str
    detail: str | UnsetType = UNSET


class MessageView(Struct, frozen=True, rename={"from_": "from"}):
    """A message as `GET /v1/messages/{id}` and webhook events show it."""

    id: str
    direction: Direction
    account: str
    from_: str
    to: str
    status: Status
    created_at: Annotated[str, Meta(description="RFC 3339, UTC.")]
    updated_at: Annotated[str, Meta(description="RFC 3339, UTC.")]
    text: str | UnsetType = UNSET
    data: Hex | UnsetType = UNSET
    udh: Hex | UnsetType = UNSET
    encoding: str | UnsetType = UNSET
    segments: int | UnsetType = UNSET
    carrier: str | UnsetType = UNSET
    error: Annotated[str | UnsetType, Meta(description="What the carrier gave as the cause.")] = UNSET
    cause: Annotated[Cause | UnsetType, Meta(description="The same, taken apart and explained.")] = UNSET
    client_ref: str | UnsetType = UNSET
    params: Annotated[dict[str, str] | UnsetType, Meta(description="TLVs of the carrier's own.")] = UNSET
    tags: list[str] | UnsetType = UNSET
    keyword: Annotated[str | UnsetType, Meta(description="The rule that an inbound message set off.")] = UNSET
    incomplete: Annotated[bool | UnsetType, Meta(description="Parts of an inbound message never came.")] = UNSET
    events: Annotated[list[MessageEvent] | UnsetType, Meta(description="Oldest first; absent from lists.")] = UNSET


class Event(Struct, frozen=True):
    """Something to tell an account. `token` names it towards the outbox only; `id` goes out.

    `timestamp` is in seconds since 1970.
    """

    token: int
    id: str
    type: str
    timestamp: float
    data: dict[str, Any]
