"""The configuration as typed, frozen structures: one per table of the TOML file.

The docstrings are the reference: `key: meaning [unit]`, a line or more for each key. `septet.config.reference`
renders them, and a test holds that none is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from septet.config.quirks import AccountQuirks, Alphabet, CarrierQuirks
from septet.config.tls import CarrierTls, HttpTls, SmppTls
from septet.config.values import Listen, Network, Secret, SecretHash

OPTOUT_REPLY = "You are opted out and will get no more messages. Reply START to opt in again."
OPTIN_REPLY = "You are opted in again. Reply STOP to opt out, HELP for help."
HELP_REPLY = "Reply STOP to opt out, START to opt in again. Message and data rates may apply."

_DAY = 86_400
_YEAR = 365 * _DAY

Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}\Z",
        description="1 to 64 letters, digits, or . _ -",
    ),
]
SystemId = Annotated[
    str,
    Meta(pattern=r"^[!-~]{1,15}\Z", description="1 to 15 printable ASCII characters"),
]
Address = Annotated[
    str,
    Meta(
        pattern=r"^(\+?[0-9]{1,20}|[ -~]{1,11})\Z",
        description="up to 20 digits, or up to 11 ASCII characters",
    ),
]
Country = Annotated[
    str,
    Meta(pattern=r"^([A-Z]{2})?\Z", description="two capital letters, as in ISO 3166"),
]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=10_000)]
Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://(\[[0-9A-Fa-f:.]+\]|[^/\s:@?#\[\]]+)(:[0-9]+)?([/?]\S*)?\Z",
        description="an http:// or https:// URL",
    ),
]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Seconds = Annotated[float, Meta(ge=0, le=_YEAR)]
Interval = Annotated[float, Meta(ge=0.001, le=_YEAR)]
Rate = Annotated[int, Meta(ge=0, le=1_000_000)]
Ton = Annotated[int, Meta(ge=0, le=7)]
Npi = Annotated[int, Meta(ge=0, le=18)]
Window = Annotated[int, Meta(ge=1, le=65_535)]
# What Linux takes.
Keepalive = Annotated[int, Meta(ge=0, le=32_767)]


class Node(Struct, frozen=True, kw_only=True):
    """The node itself.

    name: its name in logs and metrics
    data_dir: where the store keeps its files; relative to the configuration file
    max_messages: messages held that have no final state yet; beyond it a sender gets ESME_RMSGQFUL or 429 [messages]
    queue_in_memory: messages that wait for one carrier with one priority and are held in memory; what waits behind
        them stays in the store until its turn comes [messages]
    validity: how long a message without a validity of its own may wait for delivery [s]
    validity_max: the longest validity that a sender may ask for; a longer one is cut to it [s]
    unknown_grace: how long after its validity a message still waits for a receipt before its state is `unknown` [s]
    reassembly_ttl: how long the parts of an inbound message wait for the missing ones [s]
    reassembly_capacity: parts of inbound messages held at once [parts]
    unmatched_receipt_ttl: how long a receipt waits for the response it belongs to [s]
    delivery_ttl: how long a receipt or an inbound message waits for its account before it is given up [s]
    shutdown_grace: how long a stopping node waits for open windows to empty [s]
    """

    name: Name = "septet"
    data_dir: Path = Path("data")
    max_messages: Annotated[int, Meta(ge=1, le=100_000_000)] = 1_000_000
    queue_in_memory: Annotated[int, Meta(ge=1, le=100_000_000)] = 50_000
    validity: Annotated[int, Meta(ge=1, le=_YEAR)] = _DAY
    validity_max: Annotated[int, Meta(ge=1, le=_YEAR)] = 7 * _DAY
    unknown_grace: Seconds = 3600.0
    reassembly_ttl: Interval = 3600.0
    reassembly_capacity: Annotated[int, Meta(ge=1, le=10_000_000)] = 100_000
    unmatched_receipt_ttl: Interval = float(_DAY)
    delivery_ttl: Interval = 3.0 * _DAY
    shutdown_grace: Seconds = 10.0


class Store(Struct, frozen=True, kw_only=True):
    """Where messages are kept.

    engine: sqlite is embedded in the node; memory is for benchmarks and loses everything when the node stops
    durability: full: what is acknowledged is on disk; os: it survives a killed process, not a power cut
    retention: how long ended messages are kept, beside today; 0 = for ever [days]
    reserve: space set apart, so that receipts and opt-outs still get in when the disk is full; 0 = none [MiB]
    """

    engine: Literal["sqlite", "memory"] = "sqlite"
    durability: Literal["full", "os"] = "full"
    retention: Annotated[int, Meta(ge=0, le=36_500)] = 90
    reserve: Annotated[int, Meta(ge=0, le=1_048_576)] = 16


class Smpp(Struct, frozen=True, kw_only=True):
    """The SMPP server, where ESMEs bind.

    listen: addresses to listen on; an empty list turns the server off
    tls: the same with TLS, on other addresses
    system_id: the name that the node gives itself in bind responses
    max_sessions: connections at once, bound or not [connections]
    session_init: how long a new connection may take to bind [s]
    enquire_link: silence after which the node asks whether the ESME is alive; 0 = never [s]
    inactivity: time without a message after which the node unbinds; 0 = never [s]
    response_timeout: how long the node waits for the response to a deliver_sm or an enquire_link [s]
    tcp_keepalive: silence after which TCP asks whether the other end is there; 0 = never [s]
    optout_status: command_status of the submit_sm_resp for a recipient who has opted out
    """

    listen: tuple[Listen, ...] = (Listen("127.0.0.1", 2775),)
    tls: SmppTls | None = None
    system_id: SystemId = "septet"
    max_sessions: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    session_init: Interval = 10.0
    enquire_link: Seconds = 30.0
    inactivity: Seconds = 0.0
    response_timeout: Interval = 60.0
    tcp_keepalive: Keepalive = 60
    optout_status: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)] = 0x400


class Http(Struct, frozen=True, kw_only=True):
    """The HTTP API.

    listen: address to listen on
    tls: HTTPS there, instead of HTTP
    admin_key: the key of the calls that change the node; without one they are refused
    max_body: the longest request body [octets]
    """

    listen: Listen = Listen("127.0.0.1", 8080)
    tls: HttpTls | None = None
    admin_key: Secret | None = None
    max_body: Annotated[int, Meta(ge=1024, le=256 * 1024 * 1024)] = 4 * 1024 * 1024


class Metrics(Struct, frozen=True, kw_only=True):
    """The Prometheus listener, `GET /metrics`.

    listen: address to listen on
    max_label_values: distinct values of one label; further ones are counted as `other`
    """

    listen: Listen = Listen("127.0.0.1", 9464)
    max_label_values: Annotated[int, Meta(ge=1, le=100_000)] = 1000


class Webhook(Struct, frozen=True, kw_only=True):
    """Where an account's events are posted, signed as Standard Webhooks asks.

    url: the address to post to
    secret: what signs the events: `whsec_` and base64, or any other string
    """

    url: Url
    secret: Secret


class OutbindTo(Struct, frozen=True, kw_only=True):
    """Where an ESME waits for the node to connect and say outbind; without TLS.

    host: its host name or address
    port: its TCP port
    system_id: the node's name in the outbind; default: smpp.system_id
    password: the node's password in the outbind; default: none
    pause: before it is tried again; it doubles each time up to eight times that, with jitter [s]
    """

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    port: Port
    system_id: SystemId | None = None
    password: Secret | None = None
    pause: Interval = 5.0


class Account(Struct, frozen=True, kw_only=True):
    """A customer: an ESME, an HTTP user, or both.

    id: its name in routes, numbers, logs and metrics
    system_id: the name it binds with; leave out if it only uses HTTP
    password: the password it binds with
    password_hash: the same as a hash, as `septet hash-password` prints it
    api_key: its key for the HTTP API
    api_key_hash: the same as a hash, as `septet hash-password --api-key` prints it
    max_binds: binds at once [binds]
    window: unanswered submit_sm per bind [PDUs]
    deliver_window: unanswered deliver_sm per bind [PDUs]
    throughput: segments a second over all its binds and HTTP; 0 = unlimited [segments/s]
    burst: segments let through at once after a pause; default: the throughput [segments]
    over_rate: pace: read no faster than the rate; reject: answer ESME_RTHROTTLED or 429
    allow_from: networks it may connect from; empty = any
    tls_required: whether it may bind over TLS only
    tls_subject: common name or alternative name of the client certificate it must show when it binds
    webhook: where its events are posted
    outbind: where its ESME waits for the node to connect and say outbind; leave out if it connects itself
    mo: how it gets inbound messages; default: webhook if there is one, else smpp
    quirks: what it does differently from the specification
    """

    id: Name
    system_id: SystemId | None = None
    password: Secret | None = None
    password_hash: SecretHash | None = None
    api_key: Secret | None = None
    api_key_hash: SecretHash | None = None
    max_binds: Annotated[int, Meta(ge=1, le=10_000)] = 4
    window: Window = 1000
    deliver_window: Window = 100
    throughput: Rate = 0
    burst: Rate = 0
    over_rate: Literal["pace", "reject"] = "pace"
    allow_from: tuple[Network, ...] = ()
    tls_required: bool = False
    tls_subject: Annotated[str, Meta(min_length=1, max_length=253)] | None = None
    webhook: Webhook | None = None
    outbind: OutbindTo | None = None
    mo: Literal["webhook", "smpp", "both"] = "smpp"
    quirks: AccountQuirks = AccountQuirks()

    def admits(self, host: str) -> bool:
        """Whether a peer at this IP address may use the account."""
        return not self.allow_from or any(host in network for network in self.allow_from)

    def knows_password(self, candidate: str) -> bool:
        """Whether this is the bind password. With a hash it takes tens of milliseconds: not on the event loop."""
        secret = self.password or self.password_hash
        return secret is not None and secret.matches(candidate)

    def knows_key(self, candidate: str) -> bool:
        """Whether this is the API key."""
        secret = self.api_key or self.api_key_hash
        return secret is not None and secret.matches(candidate)


class Outbind(Struct, frozen=True, kw_only=True):
    """How a carrier that connects to the node says who it is.

    system_id: the name in its outbind
    password: the password in its outbind
    """

    system_id: SystemId
    password: Secret


class Carrier(Struct, frozen=True, kw_only=True):
    """Whom the node binds to.

    id: its name in routes, numbers, logs and metrics
    type: the protocol it speaks
    host: its host name or address; with `outbind` an IP address is the only one that it may connect from
    port: its TCP port
    alternates: where else it is, as HOST:PORT; tried in this order where the one before cannot be bound to
    tls: speak TLS
    connect_timeout: how long an address may take to answer before the next is tried [s]
    tcp_keepalive: silence after which TCP asks whether the other end is there; 0 = never [s]
    system_id: the name to bind with
    password: the password to bind with; SMPP allows 8 octets
    system_type: the system_type to bind with
    address_range: the address_range to bind with
    bind: transmitter sends; receiver receives, for a transmitter at its host, port and system_id too; transceiver both
    interface_version: the newest version of SMPP to speak with it; it may answer with an older one
    outbind: it connects to `smpp.listen` and says outbind, and the node binds on that connection instead of connecting
    binds: connections to hold open [binds]
    window: unanswered submit_sm per bind [PDUs]
    throughput: hard ceiling over all its binds in any sliding second, counted at the socket; 0 = none [segments/s]
    on_unknown: resend or hold a submit_sm whose response never came: a duplicate, or a loss, is risked
    query_after: silence after which the carrier is asked by query_sm about a message without its receipt; 0 = never [s]
    operations: what it is asked to do, when an ESME asks, with a message that it has taken: cancel_sm, replace_sm
    enquire_link: silence after which the node asks whether the carrier is alive; 0 = never [s]
    response_timeout: how long a response may take [s]
    reconnect_min: first pause before binding again; it doubles each time, with jitter [s]
    reconnect_max: the longest such pause [s]
    service_type: the service_type of each submit_sm
    source_ton: type of number of the sender; default: from the form of the address
    source_npi: numbering plan of the sender; default: from the form of the address
    dest_ton: type of number of the recipient; default: from the form of the address
    dest_npi: numbering plan of the recipient; default: from the form of the address
    default_alphabet: what data_coding 0 means to it, both ways
    throttle_pause: how long nothing is sent after it has answered that it is throttled [s]
    retry_attempts: how often a message is sent again after a temporary refusal [attempts]
    retry_base: pause before that; it doubles each time [s]
    retry_max: the longest such pause [s]
    quirks: what it does differently from the specification
    """

    id: Name
    type: Literal["smpp"] = "smpp"
    host: Annotated[
        str,
        Meta(pattern=r"^[^\s/]{1,253}\Z", description="a host name or an IP address"),
    ]
    port: Port = 2775
    alternates: Annotated[tuple[Listen, ...], Meta(max_length=15)] = ()
    tls: CarrierTls | None = None
    connect_timeout: Interval = 10.0
    tcp_keepalive: Keepalive = 60
    system_id: SystemId
    password: Secret
    system_type: Annotated[str, Meta(pattern=r"^[ -~]{0,12}\Z", description="up to 12 ASCII characters")] = ""
    address_range: Annotated[str, Meta(pattern=r"^[ -~]{0,40}\Z", description="up to 40 ASCII characters")] = ""
    bind: Literal["transceiver", "transmitter", "receiver"] = "transceiver"
    interface_version: Literal["3.3", "3.4", "5.0"] = "3.4"
    outbind: Outbind | None = None
    binds: Annotated[int, Meta(ge=1, le=1000)] = 1
    window: Window = 100
    throughput: Rate = 0
    on_unknown: Literal["resend", "hold"] = "resend"
    query_after: Seconds = 0.0
    operations: tuple[Literal["cancel", "replace"], ...] = ()
    enquire_link: Seconds = 30.0
    response_timeout: Interval = 60.0
    reconnect_min: Interval = 0.5
    reconnect_max: Interval = 60.0
    service_type: Annotated[str, Meta(pattern=r"^[ -~]{0,5}\Z", description="up to 5 ASCII characters")] = ""
    source_ton: Ton | None = None
    source_npi: Npi | None = None
    dest_ton: Ton | None = None
    dest_npi: Npi | None = None
    default_alphabet: Alphabet = "gsm7"
    throttle_pause: Seconds = 1.0
    retry_attempts: Annotated[int, Meta(ge=0, le=254)] = 5
    retry_base: Interval = 1.0
    retry_max: Interval = 300.0
    quirks: CarrierQuirks = CarrierQuirks()

    @property
    def version(self) -> int:
        """The interface_version as SMPP writes it."""
        major, minor = self.interface_version.split(".")
        return int(major) << 4 | int(minor)


class Number(Struct, frozen=True, kw_only=True):
    """An address that we own.

    address: its digits (a leading + is dropped), or a name of up to 11 characters
    kind: what sort of address it is
    country: its country, as in ISO 3166
    account: whose it is; leave out for a shared number, then its keywords decide
    carrier: where its inbound messages come from, and its outbound ones go to if no route matches
    optout: node: the node answers STOP, START and HELP; account: the customer does
    optout_reply: the one confirmation of an opt-out; "" = none
    optin_reply: the confirmation of an opt-in; "" = none
    help: the answer to HELP; "" = none
    """

    address: Address
    kind: Literal["short_code", "long_number", "toll_free", "alphanumeric"] = "long_number"
    country: Country = ""
    account: str | None = None
    carrier: str | None = None
    optout: Literal["node", "account"] = "node"
    optout_reply: Text = OPTOUT_REPLY
    optin_reply: Text = OPTIN_REPLY
    help: Text = HELP_REPLY


class Share(Struct, frozen=True, kw_only=True):
    """A carrier's share of a route.

    id: the carrier
    weight: its share of the destinations, relative to the others
    """

    id: str
    weight: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


class Route(Struct, frozen=True, kw_only=True):
    """Where outbound messages go. Routes are tried in order; the first that matches wins.

    to: prefixes of the destination's digits (a leading + is dropped); "" = all
    from: the sender that it is for; default: any
    account: the account that it is for; default: any
    carriers: who carries, and in what shares; a destination keeps its carrier while that is healthy
    failover: who carries, in this order, while none of those can
    """

    to: tuple[str, ...] = ("",)
    from_: Address | None = msgspec.field(name="from", default=None)
    account: str | None = None
    carriers: tuple[Share, ...]
    failover: tuple[str, ...] = ()


class Keyword(Struct, frozen=True, kw_only=True):
    """What an inbound text sets off. Opt-out and opt-in words come first, HELP words last.

    id: the rule's name in metrics; default: the number and the first word, as in `12345/INFO`
    number: the number that the text was sent to
    words: the words, written in any case
    mode: first_word of the text, its whole_text, or anywhere in it
    account: who gets the message; default: the number's account
    reply: the text to answer with; leave out for none
    """

    id: Annotated[str, Meta(min_length=1, max_length=130)] = ""
    number: str
    words: tuple[Word, ...]
    mode: Literal["first_word", "whole_text", "anywhere"] = "first_word"
    account: str | None = None
    reply: Annotated[str, Meta(min_length=1, max_length=10_000)] | None = None


class Config(Struct, frozen=True, kw_only=True):
    """The whole file.

    node: the node itself
    store: where messages are kept
    smpp: the SMPP server
    http: the HTTP API
    metrics: the Prometheus listener
    account: the customers
    carrier: whom the node binds to
    number: the addresses that we own
    route: where outbound messages go
    keyword: what inbound texts set off
    """

    node: Node = Node()
    store: Store = Store()
    smpp: Smpp = Smpp()
    http: Http = Http()
    metrics: Metrics = Metrics()
    account: tuple[Account, ...] = ()
    carrier: tuple[Carrier, ...] = ()
    number: tuple[Number, ...] = ()
    route: tuple[Route, ...] = ()
    keyword: tuple[Keyword, ...] = ()
