"""Request and answer bodies that only the HTTP API knows; those of messages are in `septet.message`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from septet.ingress.http.problems import Problem
from septet.message import Accepted, Draft, MessageView

MAX_BATCH: Final = 1000


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1,000 messages in one request."""

    messages: Annotated[list[Draft], Meta(description="1 to 1,000 messages.")]


class BatchAnswer(Struct, frozen=True):
    """One answer per message, in the order of the request: an acceptance or a problem."""

    # msgspec knows no union of untagged types; nothing decodes this one.
    messages: Annotated[
        list[Any],
        Meta(
            extra_json_schema={
                "items": {"oneOf": [{"$ref": f"#/components/schemas/{one.__name__}"} for one in (Accepted, Problem)]}
            }
        ),
    ]


class MessageList(Struct, frozen=True):
    """A page of messages; `cursor` gives the next one, null on the last."""

    messages: list[MessageView]
    cursor: str | None


class Cancelled(Struct, frozen=True):
    """A message that will not be sent."""

    id: str
    status: str = "cancelled"


class Replay(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1,000 dead letters to be queued again."""

    ids: Annotated[list[Annotated[str, Meta(max_length=20)]], Meta(min_length=1, max_length=MAX_BATCH)]


class Replayed(Struct, frozen=True):
    """A dead letter that is on its way again."""

    id: str
    status: str = "queued"


class ReplayAnswer(Struct, frozen=True):
    """One answer per id, in the order of the request."""

    messages: Annotated[
        list[Any],
        Meta(
            extra_json_schema={
                "items": {"oneOf": [{"$ref": f"#/components/schemas/{one.__name__}"} for one in (Replayed, Problem)]}
            }
        ),
    ]


class LinkView(Struct, frozen=True):
    """One bind to a carrier."""

    id: Annotated[str, Meta(description="Its number among the carrier's binds, from 0.")]
    state: Annotated[str, Meta(description="down, connected or bound.")]
    address: Annotated[str | None, Meta(description="HOST:PORT it is connected to; null while it is down.")]
    tls: Annotated[str | None, Meta(description="Version of TLS; null without.")]


class CarrierView(Struct, frozen=True):
    """A carrier as it is now."""

    id: str
    type: str
    up: bool
    links: list[LinkView]
    queue_depth: Annotated[int, Meta(description="Messages that wait or have no response yet.")]
    window: Annotated[int, Meta(description="Unanswered submit_sm allowed, over all links.")]
    window_used: int
    throughput: Annotated[int, Meta(description="Segments a second; 0 = unlimited.")]


class Carriers(Struct, frozen=True):
    """All carriers."""

    carriers: list[CarrierView]


class AnalyzeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to look at."""

    text: str
    languages: Annotated[
        tuple[str, ...],
        Meta(max_length=16, description="National language tables that may be used."),
    ] = ()
    reference_bits: Annotated[int, Meta(description="Of the concatenation reference: 8 or 16.")] = 8
    transliterate: bool = False

    def __post_init__(self) -> None:
        if self.reference_bits not in (8, 16):
            raise ValueError("`reference_bits` must be 8 or 16")


class AnalysisView(Struct, frozen=True):
    """How a text would be sent."""

    encoding: Annotated[str, Meta(description="gsm7 or ucs2.")]
    language: str | None
    units: Annotated[int, Meta(description="Septets or UTF-16 units, over all segments.")]
    segments: int
    segment_units: list[int]
    forced_by: Annotated[list[str], Meta(description="Characters that force UCS-2.")]


class State(Struct, frozen=True):
    """That it is well."""

    status: str
